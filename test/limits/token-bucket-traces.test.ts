import fc from 'fast-check'
import { describe, it } from 'vitest'
import { tokenBucketLimit } from '../support/limits-by-algorithm.ts'
import { ALGORITHM_PROPERTIES } from './algorithm-properties.ts'
import { ExactGcra } from './exact-gcra.ts'
import { assertSameResults } from './reference-model.ts'
import {
  immediateRefundUndoesCharge,
  lateRefundDoesNothing,
  refundNeverExceedsCharge,
} from './refund-properties.ts'
import { SETTLEMENT_PROPERTIES } from './settlement-properties.ts'
import { STORED_STATE_PROPERTIES } from './stored-state-properties.ts'
import { traceOf } from './traces.ts'

const LIMITS = [
  // A unit takes 142 6/7 ms.
  tokenBucketLimit(7, 1000),
  // A burst below the limit, and one above it.
  tokenBucketLimit(60, 7919, 2),
  tokenBucketLimit(3, 100, 11),
  // Several units come back in a millisecond.
  tokenBucketLimit(1000, 7, 13),
  tokenBucketLimit(1, 1),
]

describe.each(LIMITS)(
  'a token bucket that holds $burst units and regains $limit in $windowMs ms, on random traces,',
  (limit) => {
    it('gives the same results as the generic cell rate algorithm in exact fractions', () => {
      fc.assert(
        fc.property(
          traceOf(limit, { clients: 3, withRefunds: true, withSettlements: true, maxLength: 60 }),
          (trace) => {
            assertSameResults(limit, trace, (own) => new ExactGcra(own))
          },
        ),
        { numRuns: 300 },
      )
    })

    it.each(
      Object.entries({ ...ALGORITHM_PROPERTIES, ...STORED_STATE_PROPERTIES, ...SETTLEMENT_PROPERTIES }),
    )('%s', (_property, check) => check(limit))

    it('gives the same results after an immediate refund as if the charge had not been made', () =>
      immediateRefundUndoesCharge(limit))

    it('never refunds more units than the charge took', () => refundNeverExceedsCharge(limit))

    it('refunds no units that have come back by themselves', () => lateRefundDoesNothing(limit))
  },
)
