import { describe, expect, it } from 'vitest'
import { fixedWindowLimit, slidingWindowLimit, tokenBucketLimit } from '../support/limits-by-algorithm.ts'
import { searchSettlements } from './settlement-search.ts'

const LIMITS = [
  fixedWindowLimit(2, 3),
  { ...fixedWindowLimit(2, 2), maxDebt: 1 },
  { ...fixedWindowLimit(2, 2), maxDebt: 0 },
  slidingWindowLimit(2, 3),
  { ...slidingWindowLimit(2, 2), maxDebt: 1 },
  { ...slidingWindowLimit(2, 3), maxDebt: 0 },
  tokenBucketLimit(2, 3, 1),
  { ...tokenBucketLimit(1, 2, 1), maxDebt: 2 },
  { ...tokenBucketLimit(1, 2, 1), maxDebt: 0 },
]

describe('all patterns of charges and settlements', () => {
  it.each(LIMITS)('keep no more units than the bound and the debt: %o', (limit) => {
    const { states, mostKept, bounds, largestDebt } = searchSettlements(limit, 2, limit.windowMs)
    expect(states).toBeGreaterThan(10)
    for (const [index, bound] of bounds.entries()) expect(mostKept[index]).toBeLessThanOrEqual(bound)
    // The search reaches the bound in a millisecond, and the largest debt.
    const maxDebt = limit.maxDebt ?? limit.burst
    expect(largestDebt).toBe(maxDebt)
    expect(mostKept[0]).toBe(limit.burst + maxDebt)
  })
})
