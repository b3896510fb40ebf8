import fc from 'fast-check'
import { describe, it } from 'vitest'
import { calendarLimit } from '../support/limits-by-algorithm.ts'
import { ALGORITHM_PROPERTIES } from './algorithm-properties.ts'
import { CalendarList } from './calendar-list.ts'
import { assertSameResults } from './reference-model.ts'
import { immediateRefundUndoesCharge, lateRefundDoesNothing } from './refund-properties.ts'
import { SETTLEMENT_PROPERTIES } from './settlement-properties.ts'
import { STORED_STATE_PROPERTIES } from './stored-state-properties.ts'
import { traceOf } from './traces.ts'

const LIMITS = [calendarLimit(7, 'minute'), calendarLimit(1, 'minute'), calendarLimit(4, 'hour')]

// The bound holds for the windows of a clock. A clock that is set back by more than a minute shows the end of a window
// again, and with it the start of the next one. So these properties hold without that only, as in the first test.
const {
  'allows no more units than its bound in any stretch of time': _bound,
  'allows no more units than its bound in any stretch of time, without the refunded units':
    _boundAfterRefunds,
  ...PROPERTIES
} = ALGORITHM_PROPERTIES

describe.each(LIMITS)('a calendar window of $limit units in $windowMs ms, on random traces,', (limit) => {
  it('gives the same results as a list of all charges', () => {
    fc.assert(
      fc.property(
        traceOf(limit, { clients: 3, withRefunds: true, withSettlements: true, maxLength: 60 }),
        (trace) => {
          assertSameResults(limit, trace, (own) => new CalendarList(own))
        },
      ),
      { numRuns: 300 },
    )
  })

  it.each(Object.entries({ ...PROPERTIES, ...STORED_STATE_PROPERTIES, ...SETTLEMENT_PROPERTIES }))(
    '%s',
    (_property, check) => check(limit),
  )

  it('gives the same results after an immediate refund as if the charge had not been made', () =>
    immediateRefundUndoesCharge(limit))

  it('refunds no units that have come back by themselves', () => lateRefundDoesNothing(limit))
})
