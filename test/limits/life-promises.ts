import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type AlgorithmState, algorithmOf } from '../../src/limits/algorithms.ts'
import type { Limit } from '../../src/limits/limit.ts'
import { CountedClient } from '../support/counted-client.ts'
import { NumberList, NumberListReader } from './number-list.ts'
import { play, type Trace, told, traceOf } from './traces.ts'

/**
 * What every algorithm promises a store that keeps states as numbers, and forgets clients that come back, by the
 * end of a sentence that begins with the limit.
 */
export const LIFE_PROMISES: Readonly<Record<string, (limit: Limit) => void>> = {
  'tells a newcomer of any id what an unknown client is told': newcomersAreUnknown,
  'keeps of a newcomer of id 0 what it keeps of an unknown client': zeroIsUnknown,
  'gives nothing back for a receipt of another life': livesAreApart,
  'gives back in its own life what was taken in it, whatever its ids': ownReceiptsCount,
  'reads every state from the numbers that it wrote': statesAreNumbers,
}

const LARGEST_ID = 2 ** 32 - 1

/** More than one trace gives out. */
const MOST_IDS = 1000

/** Any id, and often one from which ids go round within a trace. */
const SOME_ID: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: 0, max: LARGEST_ID }),
  fc.integer({ min: LARGEST_ID - 12, max: LARGEST_ID }),
  fc.integer({ min: 0, max: 3 }),
)

function newcomer(limit: Limit, id: number): CountedClient {
  return new CountedClient(limit, algorithmOf(limit).initialState(id))
}

function newcomersAreUnknown(limit: Limit): void {
  fc.assert(
    fc.property(traceOf(limit, { refunds: true, setsBack: true }), SOME_ID, (trace, id) => {
      assert.deepEqual(
        play(limit, trace, [newcomer(limit, id)]).map(({ outcome }) => told(outcome)),
        play(limit, trace).map(({ outcome }) => told(outcome)),
      )
    }),
    { numRuns: 300 },
  )
}

function zeroIsUnknown(limit: Limit): void {
  fc.assert(
    fc.property(traceOf(limit, { refunds: true, setsBack: true }), (trace) => {
      assert.deepEqual(
        play(limit, trace, [newcomer(limit, 0)]).map(({ outcome }) => outcome),
        play(limit, trace).map(({ outcome }) => outcome),
      )
    }),
    { numRuns: 100 },
  )
}

/** The same charges at the same instants, and yet nothing of one life counts in the other. */
function livesAreApart(limit: Limit): void {
  const apart = fc.integer({ min: MOST_IDS, max: LARGEST_ID - MOST_IDS })
  const traces = fc.oneof(
    traceOf(limit).map((trace): [Trace, Trace] => [trace, trace]),
    fc.tuple(traceOf(limit), traceOf(limit)),
  )
  fc.assert(
    fc.property(traces, SOME_ID, apart, ([before, after], id, step) => {
      const first = newcomer(limit, id)
      play(limit, before, [first])
      const second = newcomer(limit, (id + step) >>> 0)
      const nowMs = play(limit, after, [second]).at(-1)?.nowMs ?? after.startMs
      const state = stateOf(second)
      for (const { state: taken, cost } of first.receipts) {
        assert.equal(algorithmOf(limit).refund(state, taken, nowMs, limit, cost), state)
      }
    }),
    { numRuns: 300 },
  )
}

function ownReceiptsCount(limit: Limit): void {
  fc.assert(
    fc.property(traceOf(limit), SOME_ID, fc.integer({ min: 1, max: limit.burst }), (trace, id, cost) => {
      const client = newcomer(limit, id)
      const nowMs = play(limit, trace, [client]).at(-1)?.nowMs ?? trace.startMs
      const { remaining } = client.peek(nowMs, 0)
      const { allowed } = client.charge(nowMs, cost)
      const taken = client.receipts.at(-1)
      if (!allowed || taken === undefined) return
      assert.equal(client.peek(nowMs, 0).remaining, remaining - cost)
      client.refund(nowMs, taken)
      assert.equal(client.peek(nowMs, 0).remaining, remaining)
    }),
    { numRuns: 300 },
  )
}

function statesAreNumbers(limit: Limit): void {
  fc.assert(
    fc.property(traceOf(limit, { refunds: true, setsBack: true }), SOME_ID, (trace, id) => {
      const client = newcomer(limit, id)
      assertSurvives(limit, stateOf(client))
      play(limit, trace, [client])
      assertSurvives(limit, stateOf(client))
      for (const { state } of client.receipts) assertSurvives(limit, state)
    }),
    { numRuns: 300 },
  )
}

/** A state is what its numbers say, and they are such as a store can keep. */
function assertSurvives(limit: Limit, state: AlgorithmState): void {
  const algorithm = algorithmOf(limit)
  const list = new NumberList()
  algorithm.write(state, list)
  const reader = new NumberListReader(list)
  assert.deepEqual(algorithm.read(reader), state)
  assert.equal(reader.left, 0)
  for (const { kind, value } of list.noted) {
    // A bucket that was never used has been full since the beginning of time.
    const isNever = kind === 'instant' && value === Number.NEGATIVE_INFINITY
    assert.ok(isNever || Number.isSafeInteger(value), `${kind} ${value}`)
    assert.ok(kind === 'instant' || value >= 0, `${kind} ${value}`)
  }
}

function stateOf({ state }: CountedClient): AlgorithmState {
  assert.ok(state !== undefined)
  return state
}
