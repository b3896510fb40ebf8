import type { Limit } from '../../src/limits/limit.ts'
import type { ReferenceModel, ResultNumbers } from './reference-model.ts'

interface RecordedCharge {
  readonly atMs: number
  /** 0 after a refund. */
  cost: number
}

/** An exact sliding window: every charge is recorded, and counted until it is a window old. */
export class ChargeLog implements ReferenceModel {
  readonly #limit: Limit
  readonly #charges: RecordedCharge[] = []

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
    this.#charges.push({ atMs, cost })
  }

  charge(nowMs: number, cost: number): ResultNumbers {
    const allowed = this.allows(nowMs, cost)
    const retryAfterMs = allowed ? 0 : this.#msUntilAllowed(nowMs, cost)
    if (allowed) this.record(nowMs, cost)
    const oldestMs = this.#countedCharges(nowMs)[0]?.atMs ?? nowMs
    return {
      allowed,
      remaining: this.#limit.limit - this.usedUnits(nowMs),
      resetMs: oldestMs + this.#limit.windowMs - nowMs,
      retryAfterMs,
    }
  }

  refund(_nowMs: number, chargeIndex: number): void {
    const charge = this.#charges[chargeIndex]
    if (charge !== undefined) charge.cost = 0
  }

  #countedCharges(nowMs: number): RecordedCharge[] {
    return this.#charges.filter(({ atMs, cost }) => cost > 0 && atMs + this.#limit.windowMs > nowMs)
  }

  #msUntilAllowed(nowMs: number, cost: number): number {
    let waitMs = 1
    while (!this.allows(nowMs + waitMs, cost)) waitMs++
    return waitMs
  }
}
