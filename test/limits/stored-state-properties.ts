import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type AlgorithmState, algorithmOf } from '../../src/limits/algorithms.ts'
import type { Limit } from '../../src/limits/limit.ts'
import { CountedClient } from '../support/counted-client.ts'
import { refundedState } from '../support/refunded-state.ts'
import { NumberList, NumberListReader } from './number-list.ts'
import { playTrace, type Trace, traceOf, withoutState } from './traces.ts'

/**
 * What every algorithm guarantees to a store that keeps states as numbers, and that forgets clients which can
 * return. Each key continues a test title that begins with the limit.
 */
export const STORED_STATE_PROPERTIES: Readonly<Record<string, (limit: Limit) => void>> = {
  'gives the initial state of any id the same results as no state': initialStateActsAsNoState,
  'keeps the same for the initial state of id 0 as for no state': initialStateOfZeroIsNoState,
  'refunds no charge from before the client was forgotten': oldReceiptsAreIgnored,
  'refunds a charge since the client was forgotten, whatever its ids': newReceiptsCount,
  'reads every state from the numbers that it wrote': statesSurviveAsNumbers,
}

const LARGEST_ID = 2 ** 32 - 1

/** More ids than one trace uses. */
const IDS_PER_TRACE = 1000

/** Any id. Often one from which the ids of a trace pass 2^32 - 1 and continue with 0. */
const SOME_ID: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: 0, max: LARGEST_ID }),
  fc.integer({ min: LARGEST_ID - 12, max: LARGEST_ID }),
  fc.integer({ min: 0, max: 3 }),
)

function newClient(limit: Limit, id: number): CountedClient {
  return new CountedClient(limit, algorithmOf(limit).initialState(id))
}

function initialStateActsAsNoState(limit: Limit): void {
  fc.assert(
    fc.property(traceOf(limit, { withRefunds: true, withClockSetBack: true }), SOME_ID, (trace, id) => {
      assert.deepEqual(
        playTrace(limit, trace, [newClient(limit, id)]).map(({ result }) => withoutState(result)),
        playTrace(limit, trace).map(({ result }) => withoutState(result)),
      )
    }),
    { numRuns: 300 },
  )
}

function initialStateOfZeroIsNoState(limit: Limit): void {
  fc.assert(
    fc.property(traceOf(limit, { withRefunds: true, withClockSetBack: true }), (trace) => {
      assert.deepEqual(
        playTrace(limit, trace, [newClient(limit, 0)]).map(({ result }) => result),
        playTrace(limit, trace).map(({ result }) => result),
      )
    }),
    { numRuns: 100 },
  )
}

/**
 * A client is forgotten and returns. Even if its charges are the same at the same times, old receipts do
 * nothing.
 */
function oldReceiptsAreIgnored(limit: Limit): void {
  const idDistance = fc.integer({ min: IDS_PER_TRACE, max: LARGEST_ID - IDS_PER_TRACE })
  const traces = fc.oneof(
    traceOf(limit).map((trace): [Trace, Trace] => [trace, trace]),
    fc.tuple(traceOf(limit), traceOf(limit)),
  )
  fc.assert(
    fc.property(traces, SOME_ID, idDistance, ([before, after], id, distance) => {
      const forgotten = newClient(limit, id)
      playTrace(limit, before, [forgotten])
      const returned = newClient(limit, (id + distance) >>> 0)
      const nowMs = playTrace(limit, after, [returned]).at(-1)?.nowMs ?? after.startMs
      const state = stateOf(returned)
      for (const { state: chargedState, cost } of forgotten.takenCharges) {
        assert.equal(refundedState(algorithmOf(limit), state, chargedState, nowMs, limit, cost), state)
      }
    }),
    { numRuns: 300 },
  )
}

function newReceiptsCount(limit: Limit): void {
  fc.assert(
    fc.property(traceOf(limit), SOME_ID, fc.integer({ min: 1, max: limit.burst }), (trace, id, cost) => {
      const client = newClient(limit, id)
      const nowMs = playTrace(limit, trace, [client]).at(-1)?.nowMs ?? trace.startMs
      const { remaining } = client.peek(nowMs, 0)
      const { allowed } = client.charge(nowMs, cost)
      const taken = client.takenCharges.at(-1)
      if (!allowed || taken === undefined) return
      assert.equal(client.peek(nowMs, 0).remaining, remaining - cost)
      client.refund(nowMs, taken)
      assert.equal(client.peek(nowMs, 0).remaining, remaining)
    }),
    { numRuns: 300 },
  )
}

function statesSurviveAsNumbers(limit: Limit): void {
  fc.assert(
    fc.property(traceOf(limit, { withRefunds: true, withClockSetBack: true }), SOME_ID, (trace, id) => {
      const client = newClient(limit, id)
      assertSurvivesAsNumbers(limit, stateOf(client))
      playTrace(limit, trace, [client])
      assertSurvivesAsNumbers(limit, stateOf(client))
      for (const { state } of client.takenCharges) assertSurvivesAsNumbers(limit, state)
    }),
    { numRuns: 300 },
  )
}

/** The numbers of a state are all that it contains, and a store can keep each of them. */
function assertSurvivesAsNumbers(limit: Limit, state: AlgorithmState): void {
  const algorithm = algorithmOf(limit)
  const list = new NumberList()
  algorithm.write(state, list)
  const reader = new NumberListReader(list)
  assert.deepEqual(algorithm.read(reader), state)
  assert.equal(reader.unreadCount, 0)
  for (const { kind, value } of list.recorded) {
    // A bucket that was never used has been full since -Infinity.
    const isNeverUsed = kind === 'instant' && value === Number.NEGATIVE_INFINITY
    assert.ok(isNeverUsed || Number.isSafeInteger(value), `${kind} ${value}`)
    assert.ok(kind === 'instant' || value >= 0, `${kind} ${value}`)
  }
}

function stateOf({ state }: CountedClient): AlgorithmState {
  assert.ok(state !== undefined)
  return state
}
