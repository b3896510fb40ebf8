import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Limit } from '../../src/limits/limit.ts'
import type { CountedClient } from '../support/counted-client.ts'
import { longestWaitMs } from './bounds.ts'
import {
  clientAfterTrace,
  costOf,
  endMsOf,
  gapMsOf,
  playTrace,
  type Trace,
  traceOf,
  withoutState,
} from './traces.ts'

/** A charge of a group that is made in one millisecond. */
interface GroupedCharge {
  readonly cost: number
  readonly isKept: boolean
  /** The position of its refund among the refunds of the group. */
  readonly turn: number
}

/**
 * Several charges are made in one millisecond. Some of them are refunded in the same millisecond, in any
 * order. From then on, the client gets the same results as a client that made only the other charges.
 */
export function immediateRefundUndoesCharge(limit: Limit): void {
  const charges = fc.array(fc.record({ cost: costOf(limit), isKept: fc.boolean(), turn: fc.nat() }), {
    minLength: 1,
    maxLength: 4,
  })
  fc.assert(
    fc.property(traceOf(limit, { withRefunds: true }), charges, traceOf(limit), (before, group, after) => {
      const { client, nowMs } = clientAfterTrace(limit, before)
      const other = client.copy()
      const takenCharges = group.flatMap((charge) => {
        const { allowed } = client.charge(nowMs, charge.cost)
        const taken = client.takenCharges.at(-1)
        return allowed && taken !== undefined ? [{ ...charge, taken }] : []
      })
      for (const { cost, isKept } of takenCharges) if (isKept) other.charge(nowMs, cost)
      for (const { isKept, taken } of takenCharges.toSorted((one, next) => one.turn - next.turn)) {
        if (!isKept) client.refund(nowMs, taken)
      }
      const rest = { startMs: nowMs, steps: after.steps }
      assert.deepEqual(
        playTrace(limit, rest, [client]).map(({ result }) => withoutState(result)),
        playTrace(limit, rest, [other]).map(({ result }) => withoutState(result)),
      )
    }),
    { numRuns: 300, examples: [REOPENED_WINDOW] },
  )
}

/** The only charge of a window is refunded. The next charge, one millisecond later, opens its own window. */
const REOPENED_WINDOW: [Trace, GroupedCharge[], Trace] = [
  { startMs: 0, steps: [] },
  [{ cost: 1, isKept: false, turn: 0 }],
  { startMs: 0, steps: [{ kind: 'charge', gapMs: 1, client: 0, cost: 1 }] },
]

/**
 * A charge is refunded some time after it was made, with other charges in between. The client never has more
 * units left than a client that did not make this charge, and otherwise made the same charges.
 */
export function refundNeverExceedsCharge(limit: Limit): void {
  fc.assert(
    fc.property(
      traceOf(limit),
      costOf(limit),
      traceOf(limit),
      gapMsOf(limit),
      traceOf(limit),
      (before, cost, meanwhile, gapMs, after) => {
        const { client, nowMs } = clientAfterTrace(limit, before)
        const other = client.copy()
        if (!client.charge(nowMs, cost).allowed) return
        const [taken] = client.takenCharges.slice(-1)
        const refundMs = chargeBoth(client, other, nowMs, meanwhile.steps) + gapMs
        if (taken !== undefined) client.refund(refundMs, taken)
        chargeBoth(client, other, refundMs, after.steps)
      },
    ),
    { numRuns: 300 },
  )
}

/**
 * Charges `other` whatever `client` is allowed, and compares the units that both have left after each step.
 */
function chargeBoth(
  client: CountedClient,
  other: CountedClient,
  startMs: number,
  steps: readonly { gapMs: number; cost?: number }[],
): number {
  let nowMs = startMs
  for (const { gapMs, cost = 0 } of steps) {
    nowMs += gapMs
    if (client.charge(nowMs, cost).allowed)
      assert.ok(other.charge(nowMs, cost).allowed, `a charge of ${cost} at ${nowMs} ms`)
    assert.ok(client.peek(nowMs, 0).remaining <= other.peek(nowMs, 0).remaining, `units left at ${nowMs} ms`)
  }
  return nowMs
}

/** A charge is refunded after its units have come back by themselves. The refund changes nothing. */
export function lateRefundDoesNothing(limit: Limit): void {
  fc.assert(
    fc.property(traceOf(limit), costOf(limit), traceOf(limit), (before, cost, after) => {
      const { client, nowMs } = clientAfterTrace(limit, before)
      const { allowed } = client.charge(nowMs, cost)
      const [taken] = client.takenCharges.slice(-1)
      if (!allowed || taken === undefined) return
      const laterMs = nowMs + longestWaitMs(limit)
      const rest = { startMs: laterMs, steps: after.steps }
      playTrace(limit, rest, [client])
      const endMs = endMsOf(rest)
      const expected = withoutState(client.peek(endMs, 0))
      client.refund(endMs, taken)
      assert.deepEqual(withoutState(client.peek(endMs, 0)), expected)
    }),
    { numRuns: 200 },
  )
}
