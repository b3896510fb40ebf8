import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quotaOf } from '../../../src/limits/limit.ts'
import { shareOf } from '../../../src/stores/resilience/limit-share.ts'
import { CountedClient } from '../../support/counted-client.ts'
import { someBucket, someLimit, someSlidingLimit } from '../../support/some-limit.ts'

describe('a share of a limit', () => {
  it('is a part of its units, in the same time, under the same name', () => {
    expect(shareOf(someLimit(100, 60_000, 'burst'), 0.25)).toEqual(someLimit(25, 60_000, 'burst'))
    expect(shareOf(someSlidingLimit(100, 60_000), 1 / 3)).toEqual(someSlidingLimit(33, 60_000))
  })

  it('is at least one unit', () => {
    expect(shareOf(someLimit(3, 60_000), 0.25)).toMatchObject({ limit: 1, burst: 1 })
    expect(shareOf(someLimit(1, 60_000), Number.MIN_VALUE)).toMatchObject({ limit: 1, burst: 1 })
  })

  it('is a part of what a bucket holds and of what it regains', () => {
    expect(shareOf(someBucket(100, 60_000, 20), 0.25)).toEqual(someBucket(25, 60_000, 5))
  })

  it('of few units of a bucket is remembered for as long as it takes to fill', () => {
    // Of 10 in a minute, and 5 at once, a sixth are 1 and 1: it fills in a minute, the whole one in 30 s.
    const whole = { ...someBucket(10, 60_000, 5), ttlMs: 90_000 }
    expect(shareOf(whole, 1 / 6)).toEqual({ ...whole, limit: 1, burst: 1, ttlMs: 120_000 })
    // Of 7 in a minute, and 30 at once, a third are 2 and 10: it fills in 300 s, the whole one in 257142.86 ms.
    const slower = { ...someBucket(7, 60_000, 30), ttlMs: 257_143 }
    expect(shareOf(slower, 1 / 3)).toEqual({ ...slower, limit: 2, burst: 10, ttlMs: 300_001 })
  })

  it('is all of it where it is 1', () => {
    for (const whole of [someLimit(7, 1000), someSlidingLimit(7, 1000), someBucket(7, 1000, 20)]) {
      expect(shareOf(whole, 1)).toEqual(whole)
    }
  })

  it('of so many processes is together no more than the limit, unless they have less than a unit each', () => {
    const units = fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 999_999_999_999_999 }))
    fc.assert(
      fc.property(units, units, fc.integer({ min: 1, max: 200 }), (limit, burst, processes) => {
        const share = shareOf({ ...someBucket(limit, 60_000), burst }, 1 / processes)
        for (const [part, whole] of [
          [share.limit, limit],
          [share.burst, burst],
        ] as const) {
          expect(Number.isInteger(part)).toBe(true)
          expect(part).toBeGreaterThanOrEqual(1)
          if (part > 1) expect(part * processes).toBeLessThanOrEqual(whole)
          // Nor much less: a unit is lost to rounding down, and one to how a third or a 49th is written.
          expect((part + 2) * processes).toBeGreaterThan(whole)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('is never forgotten before its client has all of it again', () => {
    const units = fc.integer({ min: 1, max: 100 })
    const share = fc.integer({ min: 1, max: 20 }).map((processes) => 1 / processes)
    fc.assert(
      fc.property(
        units,
        units,
        fc.integer({ min: 1, max: 100_000 }),
        share,
        (limit, burst, windowMs, part) => {
          const plain = someBucket(limit, windowMs, burst)
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
