import { describe, expect, it } from 'vitest'
import { LARGEST_LIMIT, quotaOf } from '../../src/limits/limit.ts'
import { fixedWindowLimit, slidingWindowLimit, tokenBucketLimit } from '../support/limits-by-algorithm.ts'

describe('the quota of a limit', () => {
  it.each([
    ['of a fixed window is the limit itself', fixedWindowLimit(100, 60_000), 100, 60_000],
    ['of a sliding window is the limit itself', slidingWindowLimit(7, 1000), 7, 1000],
    ['of a bucket that holds its limit is the limit itself', tokenBucketLimit(7, 1000), 7, 1000],
    // 60 units a minute and 10 at once. The quota is 10 units in the 10 seconds that the bucket takes to
    // fill.
    ['of a small bucket is what it holds', tokenBucketLimit(60, 60_000, 10), 10, 10_000],
    ['of a large bucket is what it holds', tokenBucketLimit(60, 60_000, 90), 90, 90_000],
    [
      'of a bucket that holds one unit is one unit in the time of one unit',
      tokenBucketLimit(8, 1000, 1),
      1,
      125,
    ],
    [
      'of a bucket can have a time that is not a whole number of seconds',
      tokenBucketLimit(8, 1000, 3),
      3,
      375,
    ],
    ['of a bucket can have a time that is a fraction of a millisecond', tokenBucketLimit(4, 1, 2), 2, 0.5],
  ])('%s', (_what, limit, units, windowMs) => {
    expect(quotaOf(limit)).toEqual({ units, windowMs })
  })

  it('of a window has exactly the length of the window, without a division', () => {
    // The product is too large to be exact, so that the quotient is not exactly 11.
    expect((11 * LARGEST_LIMIT) / LARGEST_LIMIT).not.toBe(11)
    expect(quotaOf(fixedWindowLimit(LARGEST_LIMIT, 11))).toEqual({ units: LARGEST_LIMIT, windowMs: 11 })
  })

  it('has the same rate as the limit', () => {
    const { units, windowMs } = quotaOf(tokenBucketLimit(7, 1000, 3))
    expect(units / windowMs).toBeCloseTo(7 / 1000, 12)
  })
})
