import { describe, expect, it } from 'vitest'
import type { Limit } from '../../src/limits/limit.ts'
import { CountedClient } from '../support/counted-client.ts'
import { tokenBucketLimit } from '../support/limits-by-algorithm.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { ExactGcra } from './exact-gcra.ts'
import type { ResultNumbers } from './reference-model.ts'

/**
 * For each bucket: steps, units, window and burst. Units and windows have no common divisor. So rounding
 * errors would add up to a whole unit at some time.
 */
const BUCKETS = [
  [1_000_000, 7, 1000, 7],
  [100_000, 1000, 7919, 100],
  [100_000, 1009, 997, 31],
  [100_000, 3, 1_000_003, 5],
] as const

/** A client and its reference model, which get the same charges for many years. */
class ComparedClient {
  readonly #client: CountedClient
  readonly #model: ExactGcra
  nowMs = 0
  /** How many charges were allowed, refused and refunded. */
  readonly counts = { allowed: 0, refused: 0, refunded: 0 }

  constructor(limit: Limit) {
    this.#client = new CountedClient(limit)
    this.#model = new ExactGcra(limit)
  }

  /** Throws if client and model give different results. */
  charge(cost: number): void {
    const result = this.#client.charge(this.nowMs, cost)
    const expected = this.#model.charge(this.nowMs, cost)
    this.counts[result.allowed ? 'allowed' : 'refused']++
    if (!isSame(result, expected)) expect(result, `${cost} at ${this.nowMs} ms`).toMatchObject(expected)
  }

  /** Refunds one of the last charges. It may have been refunded before. */
  refund(indexFromLast: number): void {
    const chargeIndex = this.#client.takenCharges.length - 1 - indexFromLast
    const taken = this.#client.takenCharges[chargeIndex]
    if (taken === undefined) return
    this.#client.refund(this.nowMs, taken)
    this.#model.refund(this.nowMs, chargeIndex)
    this.counts.refunded++
  }
}

function isSame(one: ResultNumbers, other: ResultNumbers): boolean {
  return (
    one.allowed === other.allowed &&
    one.remaining === other.remaining &&
    one.retryAfterMs === other.retryAfterMs &&
    one.resetMs === other.resetMs
  )
}

describe('a token bucket, compared with the exact algorithm at each step,', () => {
  it.each(BUCKETS)('gives the same %i results, with %i units in %i ms and a burst of %i', (...numbers) => {
    const [steps, units, windowMs, burst] = numbers
    const limit = tokenBucketLimit(units, windowMs, burst)
    const random = seededRandom(limit.windowMs)
    const compared = new ComparedClient(limit)
    const unitMs = limit.windowMs / limit.limit
    for (let step = 0; step < steps; step++) {
      const cost = random(4) === 0 ? 1 + random(limit.burst) : 1
      // Mostly as fast as units come back. Sometimes at once, or after the bucket may be full.
      const pace = random(100)
      if (pace > 20) compared.nowMs += random(Math.ceil(2 * unitMs * cost) + 1)
      if (pace === 20) compared.nowMs += random(Math.ceil(2 * unitMs * limit.burst))
      compared.charge(cost)
      if (random(20) === 0) compared.refund(random(3))
    }
    // The comparison is worth something only if charges were allowed, refused and refunded often enough.
    const { allowed, refused, refunded } = compared.counts
    expect(allowed + refused).toBe(steps)
    expect(Math.min(allowed, refused)).toBeGreaterThan(steps / 20)
    expect(refunded).toBeGreaterThan(steps / 50)
  })
})
