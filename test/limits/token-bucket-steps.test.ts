import { describe, expect, it } from 'vitest'
import type { Limit } from '../../src/limits/limit.ts'
import { CountedClient } from '../support/counted-client.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { someBucket } from '../support/some-limit.ts'
import { ExactGcra } from './exact-gcra.ts'
import type { Numbers } from './model.ts'

/** Times and limits that have no divisor in common: whatever is rounded adds up to a unit at some time. */
const BUCKETS = [
  [1_000_000, 7, 1000, 7],
  [100_000, 1000, 7919, 100],
  [100_000, 1009, 997, 31],
  [100_000, 3, 1_000_003, 5],
] as const

/** A client and its model, charged alike for many years. */
class Pair {
  readonly #client: CountedClient
  readonly #model: ExactGcra
  nowMs = 0
  /** How often it was admitted and refused, and how many charges were given back. */
  readonly seen = { admitted: 0, refused: 0, refunded: 0 }

  constructor(limit: Limit) {
    this.#client = new CountedClient(limit)
    this.#model = new ExactGcra(limit)
  }

  /** Throws where client and model differ. */
  charge(cost: number): void {
    const outcome = this.#client.charge(this.nowMs, cost)
    const expected = this.#model.charge(this.nowMs, cost)
    this.seen[outcome.allowed ? 'admitted' : 'refused']++
    if (!isSame(outcome, expected)) expect(outcome, `${cost} at ${this.nowMs} ms`).toMatchObject(expected)
  }

  /** Gives one of the last charges back, though perhaps not for the first time. */
  refund(fromLast: number): void {
    const which = this.#client.receipts.length - 1 - fromLast
    const taken = this.#client.receipts[which]
    if (taken === undefined) return
    this.#client.refund(this.nowMs, taken)
    this.#model.refund(this.nowMs, which)
    this.seen.refunded++
  }
}

function isSame(one: Numbers, other: Numbers): boolean {
  return (
    one.allowed === other.allowed &&
    one.remaining === other.remaining &&
    one.retryAfterMs === other.retryAfterMs &&
    one.resetMs === other.resetMs
  )
}

describe('a token bucket, compared all along with the exact algorithm,', () => {
  it.each(BUCKETS)('decides the same %i times, of %i units in %i ms and a burst of %i', (...numbers) => {
    const [steps, units, windowMs, burst] = numbers
    const limit = someBucket(units, windowMs, burst)
    const random = seededRandom(limit.windowMs)
    const pair = new Pair(limit)
    const unitMs = limit.windowMs / limit.limit
    for (let step = 0; step < steps; step++) {
      const cost = random(4) === 0 ? 1 + random(limit.burst) : 1
      // About as fast as units come back, now and then at once or after the bucket has filled.
      const pace = random(100)
      if (pace > 20) pair.nowMs += random(Math.ceil(2 * unitMs * cost) + 1)
      if (pace === 20) pair.nowMs += random(Math.ceil(2 * unitMs * limit.burst))
      pair.charge(cost)
      if (random(20) === 0) pair.refund(random(3))
    }
    // Neither was it always admitted nor always refused.
    const { admitted, refused, refunded } = pair.seen
    expect(admitted + refused).toBe(steps)
    expect(Math.min(admitted, refused)).toBeGreaterThan(steps / 20)
    expect(refunded).toBeGreaterThan(steps / 50)
  })
})
