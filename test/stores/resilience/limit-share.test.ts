import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quotaOf } from '../../../src/limits/limit.ts'
import { shareOf } from '../../../src/stores/resilience/limit-share.ts'
import { CountedClient } from '../../support/counted-client.ts'
import { fixedWindowLimit, slidingWindowLimit, tokenBucketLimit } from '../../support/limits-by-algorithm.ts'

describe('a share of a limit', () => {
  it('has a part of its units, the same window and the same name', () => {
    expect(shareOf(fixedWindowLimit(100, 60_000, 'burst'), 0.25)).toEqual(
      fixedWindowLimit(25, 60_000, 'burst'),
    )
    expect(shareOf(slidingWindowLimit(100, 60_000), 1 / 3)).toEqual(slidingWindowLimit(33, 60_000))
  })

  it('has at least one unit', () => {
    expect(shareOf(fixedWindowLimit(3, 60_000), 0.25)).toMatchObject({ limit: 1, burst: 1 })
    expect(shareOf(fixedWindowLimit(1, 60_000), Number.MIN_VALUE)).toMatchObject({ limit: 1, burst: 1 })
  })

  it('has a part of the burst and of the rate of a bucket', () => {
    expect(shareOf(tokenBucketLimit(100, 60_000, 20), 0.25)).toEqual(tokenBucketLimit(25, 60_000, 5))
  })

  it('has a longer time to live if its bucket takes longer to fill', () => {
    // A sixth of 10 units a minute with a burst of 5 is 1 with a burst of 1. It fills in 60 s, the whole
    // bucket in 30 s.
    const whole = { ...tokenBucketLimit(10, 60_000, 5), ttlMs: 90_000 }
    expect(shareOf(whole, 1 / 6)).toEqual({ ...whole, limit: 1, burst: 1, ttlMs: 120_000 })
    // A third of 7 units a minute with a burst of 30 is 2 with a burst of 10. It fills in 300 s, the whole in
    // 257142.86 ms.
    const slower = { ...tokenBucketLimit(7, 60_000, 30), ttlMs: 257_143 }
    expect(shareOf(slower, 1 / 3)).toEqual({ ...slower, limit: 2, burst: 10, ttlMs: 300_001 })
  })

  it('is the whole limit if the share is 1', () => {
    for (const whole of [
      fixedWindowLimit(7, 1000),
      slidingWindowLimit(7, 1000),
      tokenBucketLimit(7, 1000, 20),
    ]) {
      expect(shareOf(whole, 1)).toEqual(whole)
    }
  })

  it('of all processes together is at most the limit, unless each has less than a unit', () => {
    const units = fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 999_999_999_999_999 }))
    fc.assert(
      fc.property(units, units, fc.integer({ min: 1, max: 200 }), (limit, burst, processes) => {
        const share = shareOf({ ...tokenBucketLimit(limit, 60_000), burst }, 1 / processes)
        for (const [part, whole] of [
          [share.limit, limit],
          [share.burst, burst],
        ] as const) {
          expect(Number.isInteger(part)).toBe(true)
          expect(part).toBeGreaterThanOrEqual(1)
          if (part > 1) expect(part * processes).toBeLessThanOrEqual(whole)
          // It is not much less: rounding down loses a unit, and the rounded value of a third or a 49th loses
          // another.
          expect((part + 2) * processes).toBeGreaterThan(whole)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('is remembered until its client has all units again', () => {
    const units = fc.integer({ min: 1, max: 100 })
    const share = fc.integer({ min: 1, max: 20 }).map((processes) => 1 / processes)
    fc.assert(
      fc.property(
        units,
        units,
        fc.integer({ min: 1, max: 100_000 }),
        share,
        (limit, burst, windowMs, part) => {
          const plain = tokenBucketLimit(limit, windowMs, burst)
          const whole = { ...plain, ttlMs: Math.max(windowMs, Math.ceil(quotaOf(plain).windowMs)) }
          const shared = shareOf(whole, part)
          const client = new CountedClient(shared)
          client.charge(0, shared.burst)
          expect(client.peek(shared.ttlMs, 0).remaining).toBe(shared.burst)
          expect(Number.isInteger(shared.ttlMs)).toBe(true)
          expect(shared.ttlMs).toBeGreaterThanOrEqual(whole.ttlMs)
        },
      ),
    )
  })
})
