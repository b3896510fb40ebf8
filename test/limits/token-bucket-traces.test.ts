import fc from 'fast-check'
import { describe, it } from 'vitest'
import { someBucket } from '../support/some-limit.ts'
import { ExactGcra } from './exact-gcra.ts'
import { LIFE_PROMISES } from './life-promises.ts'
import { assertAgrees } from './model.ts'
import { PROMISES } from './promises.ts'
import { forgetsInTime, neverGivesTooMuch, undoesAtOnce } from './refund-promises.ts'
import { traceOf } from './traces.ts'

const LIMITS = [
  // 142 6/7 ms a unit.
  someBucket(7, 1000),
  // Burst below and above the limit.
  someBucket(60, 7919, 2),
  someBucket(3, 100, 11),
  // Several units a millisecond.
  someBucket(1000, 7, 13),
  someBucket(1, 1),
]

describe.each(LIMITS)(
  'a token bucket of $burst units, $limit in $windowMs ms, on random traces,',
  (limit) => {
    it('decides as the generic cell rate algorithm does in exact fractions', () => {
      fc.assert(
        fc.property(traceOf(limit, { clients: 3, refunds: true, maxLength: 60 }), (trace) => {
          assertAgrees(limit, trace, (own) => new ExactGcra(own))
        }),
        { numRuns: 300 },
      )
    })

    it.each(Object.entries({ ...PROMISES, ...LIFE_PROMISES }))('%s', (_promise, check) => check(limit))

    it('undoes charges that are given back in their instant, as if they had never been', () =>
      undoesAtOnce(limit))

    it('never gives more back than a charge took that is still out', () => neverGivesTooMuch(limit))

    it('gives nothing back that came back by itself', () => forgetsInTime(limit))
  },
)
