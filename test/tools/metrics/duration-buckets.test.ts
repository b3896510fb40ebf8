import { describe, expect, it } from 'vitest'
import { DURATION_BOUNDS, DurationBuckets } from '../../../src/tools/metrics/duration-buckets.ts'

describe('DurationBuckets', () => {
  it('has bounds from 0.1 ms to 1 s in ascending order', () => {
    expect(DURATION_BOUNDS.at(0)).toBe(0.0001)
    expect(DURATION_BOUNDS.at(-1)).toBe(1)
    expect(DURATION_BOUNDS).toEqual([...DURATION_BOUNDS].sort((a, b) => a - b))
  })

  it('is empty at first', () => {
    const buckets = new DurationBuckets()
    expect(buckets.cumulative()).toEqual(new Array(DURATION_BOUNDS.length + 1).fill(0))
    expect(buckets.sumSec).toBe(0)
  })

  it('counts a call in every bucket whose bound it does not exceed, including the bound itself', () => {
    const buckets = new DurationBuckets()
    for (const durationSec of [0, 0.0001, 0.00011, 0.5, 1, 1.0001]) buckets.observe(durationSec)
    expect(buckets.cumulative()).toEqual([2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 4, 5, 6])
    expect(buckets.sumSec).toBeCloseTo(2.50031, 10)
  })

  it('is empty again after clear()', () => {
    const buckets = new DurationBuckets()
    buckets.observe(0.3)
    buckets.clear()
    expect(buckets.cumulative().at(-1)).toBe(0)
    expect(buckets.sumSec).toBe(0)
  })
})
