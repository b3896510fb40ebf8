import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CircuitState } from '../../../src/stores/resilience/circuit-breaker.ts'
import { CircuitOnTestClock, failure } from './circuit-on-test-clock.ts'

/** Just below 1. It makes the longest pause. */
const HIGHEST_RANDOM_NUMBER = 1 - 2 ** -53

/** A circuit that has just opened for 100 ms. */
function opened(): CircuitOnTestClock {
  const circuit = new CircuitOnTestClock()
  circuit.randomNumber = HIGHEST_RANDOM_NUMBER
  circuit.fail(5)
  expect(circuit.breaker.state).toBe('open')
  return circuit
}

/** A circuit after its pause, whose probe has begun. */
function halfOpen(): { circuit: CircuitOnTestClock; probe: number } {
  const circuit = opened()
  circuit.nowMs += 100
  const probe = circuit.begin()
  expect(circuit.breaker.state).toBe('half-open')
  return { circuit, probe }
}

describe('a closed circuit', () => {
  it('allows all calls, however many run at the same time', () => {
    const circuit = new CircuitOnTestClock()
    expect(circuit.breaker.state).toBe('closed')
    for (let call = 0; call < 100; call++) expect(circuit.allowsCall()).toBe(true)
    expect(circuit.changes).toEqual([])
  })

  it('stays closed after four failures in a row, and opens with the error of the fifth', () => {
    const circuit = new CircuitOnTestClock()
    for (const number of [1, 2, 3, 4]) circuit.fail(1, failure(number))
    expect(circuit.breaker.state).toBe('closed')
    const fifth = failure(5)
    circuit.fail(1, fifth)
    expect(circuit.breaker.state).toBe('open')
    expect(circuit.changes).toEqual([{ state: 'open', error: fifth }])
    expect(circuit.allowsCall()).toBe(false)
  })

  it('counts failures in a row, and starts again after a success', () => {
    const circuit = new CircuitOnTestClock()
    for (let turn = 0; turn < 10; turn++) {
      circuit.fail(4)
      circuit.breaker.succeeded(circuit.begin())
    }
    expect(circuit.breaker.state).toBe('closed')
    expect(circuit.changes).toEqual([])
    circuit.fail(5)
    expect(circuit.breaker.state).toBe('open')
  })

  it('counts failures of calls that ran at the same time', () => {
    const circuit = new CircuitOnTestClock()
    const calls = Array.from({ length: 8 }, () => circuit.begin())
    for (const call of calls) circuit.breaker.failed(call, failure())
    // The last three calls ended when it was already open.
    expect(circuit.changes.map(({ state }) => state)).toEqual(['open'])
  })
})

describe('an open circuit', () => {
  it('allows no call until its pause is over, and then one call', () => {
    const circuit = opened()
    circuit.nowMs += 99
    expect(circuit.allowsCall()).toBe(false)
    expect(circuit.breaker.state).toBe('open')
    circuit.nowMs += 1
    expect(circuit.allowsCall()).toBe(true)
    expect(circuit.breaker.state).toBe('half-open')
    for (let call = 0; call < 10; call++) expect(circuit.allowsCall()).toBe(false)
    expect(circuit.changes.map(({ state, error }) => [state, error === undefined])).toEqual([
      ['open', false],
      ['half-open', true],
    ])
  })

  it('has no timer, and stays open until the next call', () => {
    const circuit = opened()
    circuit.nowMs += 3_600_000
    expect(circuit.breaker.state).toBe('open')
  })

  it('has a random pause, from half of the pause to all of it', () => {
    for (const [randomNumber, pauseMs] of [
      [0, 50],
      [0.5, 75],
      [HIGHEST_RANDOM_NUMBER, 100],
    ] as const) {
      const circuit = new CircuitOnTestClock()
      circuit.randomNumber = randomNumber
      circuit.fail(5)
      expect(circuit.nextProbe().afterMs).toBe(pauseMs)
    }
  })

  it('doubles its pause after each failed probe, up to a second', () => {
    const pausesFor = (randomNumber: number): number[] => {
      const circuit = new CircuitOnTestClock()
      circuit.randomNumber = randomNumber
      circuit.fail(5)
      return Array.from({ length: 8 }, () => {
        const { afterMs, probe } = circuit.nextProbe()
        circuit.breaker.failed(probe, failure())
        return afterMs
      })
    }
    expect(pausesFor(HIGHEST_RANDOM_NUMBER)).toEqual([100, 200, 400, 800, 1000, 1000, 1000, 1000])
    expect(pausesFor(0)).toEqual([50, 100, 200, 400, 500, 500, 500, 500])
  })

  it('still has a pause of a second after two thousand failed probes', () => {
    const { circuit, probe } = halfOpen()
    let generation = probe
    for (let turn = 0; turn < 2000; turn++) {
      circuit.breaker.failed(generation, failure())
      circuit.nowMs += 1000
      generation = circuit.begin()
    }
    circuit.breaker.failed(generation, failure())
    expect(circuit.nextProbe().afterMs).toBe(1000)
  })
})

describe('the probe of a half-open circuit', () => {
  it('closes the circuit if it succeeds, and the next pause is short again', () => {
    const { circuit, probe } = halfOpen()
    circuit.breaker.failed(probe, failure())
    circuit.nowMs += 200
    circuit.breaker.succeeded(circuit.begin())
    expect(circuit.breaker.state).toBe('closed')
    expect(circuit.changes.at(-1)).toEqual({ state: 'closed', error: undefined })
    for (let call = 0; call < 10; call++) expect(circuit.allowsCall()).toBe(true)
    circuit.fail(4)
    expect(circuit.breaker.state).toBe('closed')
    circuit.fail(1)
    expect(circuit.nextProbe().afterMs).toBe(100)
  })

  it('opens the circuit again if it fails', () => {
    const { circuit, probe } = halfOpen()
    const error = failure(6)
    circuit.breaker.failed(probe, error)
    expect(circuit.breaker.state).toBe('open')
    expect(circuit.changes.at(-1)).toEqual({ state: 'open', error })
    expect(circuit.allowsCall()).toBe(false)
  })

  it('keeps other calls from the store, however long it takes', () => {
    const { circuit } = halfOpen()
    circuit.nowMs += 3_600_000
    expect(circuit.allowsCall()).toBe(false)
    expect(circuit.breaker.state).toBe('half-open')
  })

  it('is replaced by the next call if it did not reach the store', () => {
    const { circuit, probe } = halfOpen()
    circuit.breaker.notCalled(probe)
    expect(circuit.breaker.state).toBe('open')
    // The pause is still over. The next call is the only probe.
    const next = circuit.begin()
    expect(circuit.breaker.state).toBe('half-open')
    expect(circuit.allowsCall()).toBe(false)
    circuit.breaker.succeeded(next)
    expect(circuit.breaker.state).toBe('closed')
  })

  it('does not double the pause if it did not reach the store', () => {
    const { circuit, probe } = halfOpen()
    circuit.breaker.notCalled(probe)
    circuit.breaker.failed(circuit.begin(), failure())
    expect(circuit.nextProbe().afterMs).toBe(200)
  })
})

describe('the end of a call', () => {
  it('answers whether the call began after the last change', () => {
    const { circuit, probe } = halfOpen()
    expect(circuit.breaker.succeeded(probe - 1)).toBe(false)
    expect(circuit.breaker.succeeded(probe)).toBe(true)
    expect(circuit.breaker.succeeded(probe)).toBe(false)
  })

  it('does not change a closed circuit if the call did not reach the store', () => {
    const circuit = new CircuitOnTestClock()
    circuit.fail(4)
    circuit.breaker.notCalled(circuit.begin())
    expect(circuit.changes).toEqual([])
    // It is also no success between two failures.
    circuit.fail(1)
    expect(circuit.breaker.state).toBe('open')
  })

  it('does not change the circuit if the call began before the circuit opened', () => {
    const circuit = new CircuitOnTestClock()
    circuit.randomNumber = HIGHEST_RANDOM_NUMBER
    const early = [circuit.begin(), circuit.begin(), circuit.begin()] as const
    circuit.fail(5)
    const endThem = (): void => {
      circuit.breaker.succeeded(early[0])
      circuit.breaker.failed(early[1], failure())
      circuit.breaker.notCalled(early[2])
    }
    endThem()
    expect(circuit.breaker.state).toBe('open')
    circuit.nowMs += 100
    const probe = circuit.begin()
    endThem()
    expect(circuit.breaker.state).toBe('half-open')
    circuit.breaker.succeeded(probe)
    circuit.fail(4)
    endThem()
    expect(circuit.breaker.state).toBe('closed')
    // If the earlier success counted, these would not be five failures in a row.
    circuit.fail(1)
    expect(circuit.breaker.state).toBe('open')
  })
})

/** A model of the state, written from the documentation of the circuit breaker. */
class ReferenceCircuit {
  state: CircuitState = 'closed'
  /** The numbers of the calls whose result counts. */
  #currentCalls = new Set<number>()
  #failuresInARow = 0
  #nextPauseMs = 100
  #untilMs = 0

  begin(call: number, nowMs: number): boolean {
    if (this.state === 'open' && nowMs >= this.#untilMs) this.state = 'half-open'
    else if (this.state !== 'closed') return false
    this.#currentCalls.add(call)
    return true
  }

  end(call: number, result: CallResult, nowMs: number, randomNumber: number): void {
    if (!this.#currentCalls.delete(call)) return
    if (result === 'notCalled') {
      if (this.state === 'half-open') this.#change('open')
    } else if (result === 'succeeded') {
      this.#failuresInARow = 0
      if (this.state === 'half-open') this.#change('closed')
      if (this.state === 'closed') this.#nextPauseMs = 100
    } else {
      this.#failuresInARow++
      if (this.state === 'closed' && this.#failuresInARow < 5) return
      this.#untilMs = nowMs + this.#nextPauseMs / 2 + (this.#nextPauseMs / 2) * randomNumber
      this.#nextPauseMs = Math.min(1000, 2 * this.#nextPauseMs)
      this.#failuresInARow = 0
      this.#change('open')
    }
  }

  #change(state: CircuitState): void {
    this.state = state
    this.#currentCalls.clear()
  }
}

type CallResult = 'succeeded' | 'failed' | 'notCalled'

describe('any sequence of calls', () => {
  type Step =
    | { readonly kind: 'begin' }
    | { readonly kind: 'turn'; readonly ms: number }
    | {
        readonly kind: 'end'
        readonly which: number
        readonly result: CallResult
        readonly randomNumber: number
      }

  const result = fc.constantFrom<CallResult>('failed', 'failed', 'failed', 'failed', 'succeeded', 'notCalled')
  const randomNumber = fc.constantFrom(0, 0.25, 0.5, 0.75)
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('begin' as const) }) },
    {
      weight: 4,
      // `which` counts the running calls from the newest. Mostly it is the newest.
      arbitrary: fc.record({
        kind: fc.constant('end' as const),
        which: fc.oneof(fc.constant(0), fc.nat(5)),
        result,
        randomNumber,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('turn' as const),
        ms: fc.oneof(fc.constantFrom(50, 75, 100, 200, 1000), fc.nat(1100)),
      }),
    },
  )

  it('leads to the state of the model', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
        const circuit = new CircuitOnTestClock()
        const reference = new ReferenceCircuit()
        const calls: { readonly number: number; readonly generation: number }[] = []
        for (const [number, next] of steps.entries()) {
          if (next.kind === 'turn') circuit.nowMs += next.ms
          else if (next.kind === 'begin') {
            const generation = circuit.breaker.begin()
            expect(generation !== undefined).toBe(reference.begin(number, circuit.nowMs))
            if (generation !== undefined) calls.push({ number, generation })
          } else {
            const [call] = calls.splice(-1 - (next.which % (calls.length || 1)), 1)
            if (call === undefined) continue
            circuit.randomNumber = next.randomNumber
            circuit.breaker[next.result](call.generation, failure())
            reference.end(call.number, next.result, circuit.nowMs, next.randomNumber)
          }
          expect(circuit.breaker.state).toBe(reference.state)
          seen.add(circuit.breaker.state)
        }
      }),
      { numRuns: 1500 },
    )
    expect([...seen].sort()).toEqual(['closed', 'half-open', 'open'])
  })
})
