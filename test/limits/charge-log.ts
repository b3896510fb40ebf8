import { type Limit, maxDebtOf } from '../../src/limits/limit.ts'
import type { ReferenceModel, ResultNumbers } from './reference-model.ts'

interface RecordedCharge {
  readonly atMs: number
  /** 0 after a refund. */
  cost: number
  /** Units that settlements of this charge have taken: they count from then on. */
  readonly more: RecordedCharge[]
}

/**
 * An exact sliding window: every charge is recorded, and counted until it is a window old. So is what settlements take.
 */
export class ChargeLog implements ReferenceModel {
  readonly #limit: Limit
  readonly #charges: RecordedCharge[] = []
  /** The charges, and what settlements have taken, by time. */
  readonly #entries: RecordedCharge[] = []

  constructor(limit: Limit) {
    this.#limit = limit
  }

  /** The units that are counted at `nowMs`. This time must not be before the last charge. */
  usedUnits(nowMs: number): number {
    return this.#countedCharges(nowMs).reduce((sum, { cost }) => sum + cost, 0)
  }

  allows(nowMs: number, cost: number): boolean {
    return this.usedUnits(nowMs) + cost <= this.#limit.limit
  }

  /** Records a charge, whether or not the limit allows it. */
  record(atMs: number, cost: number): void {
    this.#charges.push(this.#entry(atMs, cost))
  }

  charge(nowMs: number, cost: number): ResultNumbers {
    const allowed = this.allows(nowMs, cost)
    const retryAfterMs = allowed ? 0 : this.#msUntilAllowed(nowMs, cost)
    if (allowed) this.record(nowMs, cost)
    const oldestMs = this.#countedCharges(nowMs)[0]?.atMs ?? nowMs
    const remaining = this.#limit.limit - this.usedUnits(nowMs)
    return {
      allowed,
      remaining: Math.max(0, remaining),
      resetMs: remaining < 0 ? this.#msUntilAllowed(nowMs, 1) : oldestMs + this.#limit.windowMs - nowMs,
      retryAfterMs,
    }
  }

  refund(nowMs: number, chargeIndex: number): void {
    this.settle(nowMs, chargeIndex, 0)
  }

  settle(nowMs: number, chargeIndex: number, units: number): number {
    const charge = this.#charges[chargeIndex]
    if (charge === undefined) return 0
    const parts = [charge, ...charge.more]
    const recorded = parts.reduce((sum, { cost }) => sum + cost, 0)
    if (charge.atMs + this.#limit.windowMs <= nowMs) return recorded
    const room = this.#limit.limit + maxDebtOf(this.#limit) - this.usedUnits(nowMs)
    const change = Math.min(units - recorded, Math.max(0, room))
    if (change > 0) charge.more.push(this.#entry(nowMs, change))
    let left = Math.max(0, -change)
    for (const part of parts.toReversed()) {
      const given = Math.min(left, part.cost)
      part.cost -= given
      left -= given
    }
    return recorded + change
  }

  #entry(atMs: number, cost: number): RecordedCharge {
    const entry = { atMs, cost, more: [] }
    this.#entries.push(entry)
    return entry
  }

  #countedCharges(nowMs: number): RecordedCharge[] {
    return this.#entries.filter(({ atMs, cost }) => cost > 0 && atMs + this.#limit.windowMs > nowMs)
  }

  #msUntilAllowed(nowMs: number, cost: number): number {
    let waitMs = 1
    while (!this.allows(nowMs + waitMs, cost)) waitMs++
    return waitMs
  }
}
