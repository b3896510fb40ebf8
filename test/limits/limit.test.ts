import { describe, expect, it } from 'vitest'
import { LARGEST_LIMIT, quotaOf } from '../../src/limits/limit.ts'
import { someBucket, someLimit, someSlidingLimit } from '../support/some-limit.ts'

describe('the quota of a limit', () => {
  it.each([
    ['of a fixed window is the limit itself', someLimit(100, 60_000), 100, 60_000],
    ['of a sliding window is the limit itself', someSlidingLimit(7, 1000), 7, 1000],
    ['of a bucket that holds its limit is the limit itself', someBucket(7, 1000), 7, 1000],
    // 60 a minute, 10 of them at once: 10 in the 10 seconds that it takes to fill.
    ['of a small bucket is what it holds', someBucket(60, 60_000, 10), 10, 10_000],
    ['of a large bucket is what it holds', someBucket(60, 60_000, 90), 90, 90_000],
    ['of one unit at once is the time of a unit', someBucket(8, 1000, 1), 1, 125],
    ['may be of a time that is no whole number', someBucket(8, 1000, 3), 3, 375],
    ['is of a fraction of a millisecond', someBucket(4, 1, 2), 2, 0.5],
  ])('%s', (_what, limit, units, windowMs) => {
    expect(quotaOf(limit)).toEqual({ units, windowMs })
  })

  it('is the very window where nothing has to be divided', () => {
    // The product is too large to be exact, and so what comes of dividing it again is not quite 11.
    expect((11 * LARGEST_LIMIT) / LARGEST_LIMIT).not.toBe(11)
    expect(quotaOf(someLimit(LARGEST_LIMIT, 11))).toEqual({ units: LARGEST_LIMIT, windowMs: 11 })
  })

  it('is at the rate of the limit', () => {
    const { units, windowMs } = quotaOf(someBucket(7, 1000, 3))
    expect(units / windowMs).toBeCloseTo(7 / 1000, 12)
  })
})
