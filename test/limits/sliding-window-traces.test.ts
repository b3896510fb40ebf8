import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Limit } from '../../src/limits/limit.ts'
import { SLICES_PER_WINDOW } from '../../src/limits/slices.ts'
import { CountedClient } from '../support/counted-client.ts'
import { slidingWindowLimit } from '../support/limits-by-algorithm.ts'
import { ALGORITHM_PROPERTIES } from './algorithm-properties.ts'
import { ChargeLog } from './charge-log.ts'
import { assertSameResults } from './reference-model.ts'
import {
  immediateRefundUndoesCharge,
  lateRefundDoesNothing,
  refundNeverExceedsCharge,
} from './refund-properties.ts'
import { SETTLEMENT_PROPERTIES } from './settlement-properties.ts'
import { STORED_STATE_PROPERTIES } from './stored-state-properties.ts'
import { clientAfterTrace, costOf, endMsOf, playTrace, type Trace, traceOf } from './traces.ts'

const LIMITS = [
  slidingWindowLimit(7, 800),
  // Windows whose length is not a multiple of 8 ms.
  slidingWindowLimit(5, 1001),
  slidingWindowLimit(3, 10),
  slidingWindowLimit(1, 50),
]

/** Windows with slices of one millisecond, so that nothing is rounded. */
const EXACT_LIMITS = [slidingWindowLimit(4, 8), slidingWindowLimit(3, 5), slidingWindowLimit(2, 1)]

/** How much later a unit can come back than in a log of all charges. */
const maxDelayMs = ({ windowMs }: Limit): number => Math.ceil(windowMs / SLICES_PER_WINDOW) - 1

/** The log of the charges that the algorithm allowed, without the refunded charges. */
function logOf(limit: Limit, trace: Trace, client: CountedClient): ChargeLog {
  const log = new ChargeLog(limit)
  for (const { nowMs, cost, result, taken } of playTrace(limit, trace, [client])) {
    if (taken === undefined) continue
    if (result === undefined) log.refund(nowMs, client.takenCharges.indexOf(taken))
    else {
      assert.ok(log.allows(nowMs, cost), `the log refuses ${cost} at ${nowMs} ms`)
      log.record(nowMs, cost)
    }
  }
  return log
}

describe.each(LIMITS)('a sliding window of $limit units in $windowMs ms, on random traces,', (limit) => {
  it('allows no charge that a log of all charges refuses', () => {
    fc.assert(
      fc.property(traceOf(limit, { withRefunds: true, maxLength: 60 }), (trace) => {
        logOf(limit, trace, new CountedClient(limit))
      }),
      { numRuns: 300 },
    )
  })

  it('allows a charge that the log allows, less than an eighth of the window later', () => {
    fc.assert(
      fc.property(traceOf(limit, { withRefunds: true, maxLength: 60 }), costOf(limit), (trace, cost) => {
        const client = new CountedClient(limit)
        const log = logOf(limit, trace, client)
        const endMs = endMsOf(trace)
        for (let nowMs = endMs; nowMs <= endMs + limit.windowMs; nowMs++) {
          if (!log.allows(nowMs, cost)) continue
          assert.ok(client.peek(nowMs + maxDelayMs(limit), cost).allowed, `the log allows it at ${nowMs} ms`)
        }
      }),
      { numRuns: 100 },
    )
  })

  it('allows a client that asks all the time a whole limit in any nine eighths of the window', () => {
    fc.assert(
      fc.property(traceOf(limit, { withRefunds: true }), (trace) => {
        const { client, nowMs } = clientAfterTrace(limit, trace)
        const endMs = nowMs + limit.windowMs + maxDelayMs(limit)
        let allowedUnits = 0
        // By then, all earlier charges have come back. Only the charges of this loop can still count.
        for (let askMs = nowMs + 1; askMs <= endMs; askMs++) {
          while (client.charge(askMs, 1).allowed) allowedUnits++
        }
        assert.ok(allowedUnits >= limit.limit, `${allowedUnits} units in ${endMs - nowMs} ms`)
      }),
      { numRuns: 50 },
    )
  })

  it.each(Object.entries({ ...ALGORITHM_PROPERTIES, ...STORED_STATE_PROPERTIES, ...SETTLEMENT_PROPERTIES }))(
    '%s',
    (_property, check) => check(limit),
  )

  it('never refunds more units than the charge took', () => refundNeverExceedsCharge(limit))

  it('refunds no units that have come back by themselves', () => lateRefundDoesNothing(limit))

  // The results are not equal to the millisecond, because the refunded charge can have extended its slice.
  it('undoes a charge that is refunded at once, except for a delay of other charges in its slice', () => {
    fc.assert(
      fc.property(traceOf(limit, { withRefunds: true }), costOf(limit), (trace, cost) => {
        const { client, nowMs } = clientAfterTrace(limit, trace)
        const other = client.copy()
        const [taken] = client.charge(nowMs, cost).allowed ? client.takenCharges.slice(-1) : []
        if (taken !== undefined) client.refund(nowMs, taken)
        for (let laterMs = nowMs; laterMs <= nowMs + limit.windowMs; laterMs++) {
          const { remaining } = other.peek(laterMs, 0)
          assert.ok(client.peek(laterMs, 0).remaining <= remaining)
          assert.ok(client.peek(laterMs + maxDelayMs(limit), 0).remaining >= remaining)
        }
      }),
      { numRuns: 100 },
    )
  })
})

describe.each(EXACT_LIMITS)(
  'a sliding window of $limit units in $windowMs ms, on random traces,',
  (limit) => {
    it('gives the same results as a log of all charges', () => {
      fc.assert(
        fc.property(
          traceOf(limit, { clients: 3, withRefunds: true, withSettlements: true, maxLength: 60 }),
          (trace) => {
            assertSameResults(limit, trace, (own) => new ChargeLog(own))
          },
        ),
        { numRuns: 300 },
      )
    })

    it.each(Object.entries(ALGORITHM_PROPERTIES))('%s', (_property, check) => check(limit))

    it('gives the same results after an immediate refund as if the charge had not been made', () =>
      immediateRefundUndoesCharge(limit))
  },
)

describe('the largest delay with which units of a sliding window come back', () => {
  it.each(LIMITS.filter(({ limit }) => limit > 1))(
    'is reached with $limit units in $windowMs ms',
    (limit) => {
      const client = new CountedClient(limit)
      const log = new ChargeLog(limit)
      const sliceMs = maxDelayMs(limit) + 1
      // All units except one are taken at the start of a slice, and the last one at its end.
      for (const [nowMs, cost] of [
        [sliceMs, limit.limit - 1],
        [2 * sliceMs - 1, 1],
      ] as const) {
        expect(client.charge(nowMs, cost).allowed).toBe(true)
        log.record(nowMs, cost)
      }
      const backMs = sliceMs + limit.windowMs
      expect([log.allows(backMs - 1, 1), log.allows(backMs, 1)]).toEqual([false, true])
      expect(client.peek(backMs + maxDelayMs(limit) - 1, 1).allowed).toBe(false)
      expect(client.peek(backMs + maxDelayMs(limit), 1).allowed).toBe(true)
    },
  )
})
