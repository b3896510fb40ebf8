import fc from 'fast-check'
import { describe, it } from 'vitest'
import { fixedWindowLimit } from '../support/limits-by-algorithm.ts'
import { ALGORITHM_PROPERTIES } from './algorithm-properties.ts'
import { assertSameResults } from './reference-model.ts'
import { immediateRefundUndoesCharge, lateRefundDoesNothing } from './refund-properties.ts'
import { SETTLEMENT_PROPERTIES } from './settlement-properties.ts'
import { STORED_STATE_PROPERTIES } from './stored-state-properties.ts'
import { type Trace, traceOf } from './traces.ts'
import { WindowList } from './window-list.ts'

const LIMITS = [
  fixedWindowLimit(7, 1000),
  fixedWindowLimit(1, 1),
  fixedWindowLimit(1, 50),
  fixedWindowLimit(4, 9),
]

/** Failed once: a window stayed open after all its charges were refunded. */
const REOPENED_WINDOW: Trace = {
  startMs: 0,
  steps: [
    { kind: 'charge', gapMs: 0, client: 0, cost: 1 },
    { kind: 'refund', gapMs: 1, client: 0, chargeIndex: 0 },
    { kind: 'charge', gapMs: 1, client: 0, cost: 1 },
  ],
}

describe.each(LIMITS)('a fixed window of $limit units in $windowMs ms, on random traces,', (limit) => {
  it('gives the same results as a list of all charges', () => {
    fc.assert(
      fc.property(
        traceOf(limit, { clients: 3, withRefunds: true, withSettlements: true, maxLength: 60 }),
        (trace) => {
          assertSameResults(limit, trace, (own) => new WindowList(own))
        },
      ),
      { numRuns: 300, examples: [[REOPENED_WINDOW]] },
    )
  })

  it.each(Object.entries({ ...ALGORITHM_PROPERTIES, ...STORED_STATE_PROPERTIES, ...SETTLEMENT_PROPERTIES }))(
    '%s',
    (_property, check) => check(limit),
  )

  it('gives the same results after an immediate refund as if the charge had not been made', () =>
    immediateRefundUndoesCharge(limit))

  it('refunds no units that have come back by themselves', () => lateRefundDoesNothing(limit))
})
