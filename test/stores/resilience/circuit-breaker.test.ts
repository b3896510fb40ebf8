import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CircuitState } from '../../../src/stores/resilience/circuit-breaker.ts'
import { failure, TurnedCircuit } from './turned-circuit.ts'

/** Just below 1: the longest pause that can be drawn. */
const HIGHEST_LOT = 1 - 2 ** -53

/** A circuit that has just opened, for 100 ms. */
function opened(): TurnedCircuit {
  const circuit = new TurnedCircuit()
  circuit.lot = HIGHEST_LOT
  circuit.fail(5)
  expect(circuit.breaker.state).toBe('open')
  return circuit
}

/** A circuit that has been open for its pause, and whose one call has begun. */
function halfOpen(): { circuit: TurnedCircuit; probe: number } {
  const circuit = opened()
  circuit.nowMs += 100
  const probe = circuit.begin()
  expect(circuit.breaker.state).toBe('half-open')
  return { circuit, probe }
}

describe('a closed circuit', () => {
  it('lets every call through, however many are on their way', () => {
    const circuit = new TurnedCircuit()
    expect(circuit.breaker.state).toBe('closed')
    for (let call = 0; call < 100; call++) expect(circuit.letsThrough()).toBe(true)
    expect(circuit.changes).toEqual([])
  })

  it('stays closed after four failures in a row, and opens at the fifth with the error of that one', () => {
    const circuit = new TurnedCircuit()
    for (const number of [1, 2, 3, 4]) circuit.fail(1, failure(number))
    expect(circuit.breaker.state).toBe('closed')
    const fifth = failure(5)
    circuit.fail(1, fifth)
    expect(circuit.breaker.state).toBe('open')
    expect(circuit.changes).toEqual([{ state: 'open', error: fifth }])
    expect(circuit.letsThrough()).toBe(false)
  })

  it('counts failures in a row: a success begins them anew', () => {
    const circuit = new TurnedCircuit()
    for (let turn = 0; turn < 10; turn++) {
      circuit.fail(4)
      circuit.breaker.succeeded(circuit.begin())
    }
    expect(circuit.breaker.state).toBe('closed')
    expect(circuit.changes).toEqual([])
    circuit.fail(5)
    expect(circuit.breaker.state).toBe('open')
  })

  it('counts calls that were on their way at the same time', () => {
    const circuit = new TurnedCircuit()
    const calls = Array.from({ length: 8 }, () => circuit.begin())
    for (const call of calls) circuit.breaker.failed(call, failure())
    // The last three ended when it was open already.
    expect(circuit.changes.map(({ state }) => state)).toEqual(['open'])
  })
})

describe('an open circuit', () => {
  it('lets no call through until its pause is over, and then a single one', () => {
    const circuit = opened()
    circuit.nowMs += 99
    expect(circuit.letsThrough()).toBe(false)
    expect(circuit.breaker.state).toBe('open')
    circuit.nowMs += 1
    expect(circuit.letsThrough()).toBe(true)
    expect(circuit.breaker.state).toBe('half-open')
    for (let call = 0; call < 10; call++) expect(circuit.letsThrough()).toBe(false)
    expect(circuit.changes.map(({ state, error }) => [state, error === undefined])).toEqual([
      ['open', false],
      ['half-open', true],
    ])
  })

  it('has no timer: it stays open where nobody calls', () => {
    const circuit = opened()
    circuit.nowMs += 3_600_000
    expect(circuit.breaker.state).toBe('open')
  })

  it('draws its pause by lot, from half of it to all of it', () => {
    for (const [lot, pauseMs] of [
      [0, 50],
      [0.5, 75],
      [HIGHEST_LOT, 100],
    ] as const) {
      const circuit = new TurnedCircuit()
      circuit.lot = lot
      circuit.fail(5)
      expect(circuit.nextProbe().afterMs).toBe(pauseMs)
    }
  })

  it('pauses twice as long each time that the one call fails, and never longer than a second', () => {
    const pausesFor = (lot: number): number[] => {
      const circuit = new TurnedCircuit()
      circuit.lot = lot
      circuit.fail(5)
      return Array.from({ length: 8 }, () => {
        const { afterMs, probe } = circuit.nextProbe()
        circuit.breaker.failed(probe, failure())
        return afterMs
      })
    }
    expect(pausesFor(HIGHEST_LOT)).toEqual([100, 200, 400, 800, 1000, 1000, 1000, 1000])
    expect(pausesFor(0)).toEqual([50, 100, 200, 400, 500, 500, 500, 500])
  })

  it('still pauses for a second after an outage of two thousand calls', () => {
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

describe('the one call of a half-open circuit', () => {
  it('closes it when it succeeds: all calls go to the store, and pauses are short again', () => {
    const { circuit, probe } = halfOpen()
    circuit.breaker.failed(probe, failure())
    circuit.nowMs += 200
    circuit.breaker.succeeded(circuit.begin())
    expect(circuit.breaker.state).toBe('closed')
    expect(circuit.changes.at(-1)).toEqual({ state: 'closed', error: undefined })
    for (let call = 0; call < 10; call++) expect(circuit.letsThrough()).toBe(true)
    circuit.fail(4)
    expect(circuit.breaker.state).toBe('closed')
    circuit.fail(1)
    expect(circuit.nextProbe().afterMs).toBe(100)
  })

  it('opens it again at its first failure', () => {
    const { circuit, probe } = halfOpen()
    const error = failure(6)
    circuit.breaker.failed(probe, error)
    expect(circuit.breaker.state).toBe('open')
    expect(circuit.changes.at(-1)).toEqual({ state: 'open', error })
    expect(circuit.letsThrough()).toBe(false)
  })

  it('keeps others from the store however long it takes', () => {
    const { circuit } = halfOpen()
    circuit.nowMs += 3_600_000
    expect(circuit.letsThrough()).toBe(false)
    expect(circuit.breaker.state).toBe('half-open')
  })

  it('leaves the matter to the next one where the store was not asked', () => {
    const { circuit, probe } = halfOpen()
    circuit.breaker.notCalled(probe)
    expect(circuit.breaker.state).toBe('open')
    // The pause is over as it was: the next call finds out, at once, and alone.
    const next = circuit.begin()
    expect(circuit.breaker.state).toBe('half-open')
    expect(circuit.letsThrough()).toBe(false)
    circuit.breaker.succeeded(next)
    expect(circuit.breaker.state).toBe('closed')
  })

  it('lengthens no pause where the store was not asked', () => {
    const { circuit, probe } = halfOpen()
    circuit.breaker.notCalled(probe)
    circuit.breaker.failed(circuit.begin(), failure())
    expect(circuit.nextProbe().afterMs).toBe(200)
  })
})

describe('a call that ends', () => {
  it('says whether it was of now', () => {
    const { circuit, probe } = halfOpen()
    expect(circuit.breaker.succeeded(probe - 1)).toBe(false)
    expect(circuit.breaker.succeeded(probe)).toBe(true)
    expect(circuit.breaker.succeeded(probe)).toBe(false)
  })

  it('changes nothing in a closed circuit where the store was not asked', () => {
    const circuit = new TurnedCircuit()
    circuit.fail(4)
    circuit.breaker.notCalled(circuit.begin())
    expect(circuit.changes).toEqual([])
    // Nor was it a success between two failures.
    circuit.fail(1)
    expect(circuit.breaker.state).toBe('open')
  })

  it('changes nothing when it began before the circuit opened, whatever came of it', () => {
    const circuit = new TurnedCircuit()
    circuit.lot = HIGHEST_LOT
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
    // Had a success of before counted, these were not five in a row.
    circuit.fail(1)
    expect(circuit.breaker.state).toBe('open')
  })
})

/** The state as somebody would keep it who has only read what is promised. */
class ReferenceCircuit {
  state: CircuitState = 'closed'
  /** The numbers of the calls whose outcome matters. */
  #heeded = new Set<number>()
  #failuresInARow = 0
  #nextPauseMs = 100
  #untilMs = 0

  begin(call: number, nowMs: number): boolean {
    if (this.state === 'open' && nowMs >= this.#untilMs) this.state = 'half-open'
    else if (this.state !== 'closed') return false
    this.#heeded.add(call)
    return true
  }

  end(call: number, outcome: Outcome, nowMs: number, lot: number): void {
    if (!this.#heeded.delete(call)) return
    if (outcome === 'notCalled') {
      if (this.state === 'half-open') this.#turn('open')
    } else if (outcome === 'succeeded') {
      this.#failuresInARow = 0
      if (this.state === 'half-open') this.#turn('closed')
      if (this.state === 'closed') this.#nextPauseMs = 100
    } else {
      this.#failuresInARow++
      if (this.state === 'closed' && this.#failuresInARow < 5) return
      this.#untilMs = nowMs + this.#nextPauseMs / 2 + (this.#nextPauseMs / 2) * lot
      this.#nextPauseMs = Math.min(1000, 2 * this.#nextPauseMs)
      this.#failuresInARow = 0
      this.#turn('open')
    }
  }

  #turn(state: CircuitState): void {
    this.state = state
    this.#heeded.clear()
  }
}

type Outcome = 'succeeded' | 'failed' | 'notCalled'

describe('any calls that end in any order, at any time', () => {
  type Step =
    | { readonly kind: 'begin' }
    | { readonly kind: 'turn'; readonly ms: number }
    | { readonly kind: 'end'; readonly which: number; readonly outcome: Outcome; readonly lot: number }

  const failing = fc.constantFrom<Outcome>('failed', 'failed', 'failed', 'failed', 'succeeded', 'notCalled')
  const lot = fc.constantFrom(0, 0.25, 0.5, 0.75)
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('begin' as const) }) },
    {
      weight: 4,
      // Which of the calls on their way, from the newest: mostly that.
      arbitrary: fc.record({
        kind: fc.constant('end' as const),
        which: fc.oneof(fc.constant(0), fc.nat(5)),
        outcome: failing,
        lot,
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

  it('find the circuit as the promises say', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
        const circuit = new TurnedCircuit()
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
            circuit.lot = next.lot
            circuit.breaker[next.outcome](call.generation, failure())
            reference.end(call.number, next.outcome, circuit.nowMs, next.lot)
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
