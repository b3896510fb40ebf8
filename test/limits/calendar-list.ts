import { type Limit, maxDebtOf } from '../../src/limits/limit.ts'
import type { ReferenceModel, ResultNumbers } from './reference-model.ts'

interface RecordedCharge {
  readonly window: number
  cost: number
}

/**
 * Windows of a calendar of UTC whose windows all have the length `windowMs` of the limit, computed from a list of all
 * charges. The windows are counted from 1970 on.
 */
export class CalendarList implements ReferenceModel {
  readonly #limit: Limit
  readonly #charges: RecordedCharge[] = []

  constructor(limit: Limit) {
    this.#limit = limit
  }

  charge(nowMs: number, cost: number): ResultNumbers {
    const { limit, windowMs } = this.#limit
    const window = this.#windowAt(nowMs)
    const allowed = this.#usedIn(window) + cost <= limit
    if (allowed) this.#charges.push({ window, cost })
    const resetMs = windowMs - (nowMs % windowMs)
    return {
      allowed,
      remaining: Math.max(0, limit - this.#usedIn(window)),
      resetMs,
      retryAfterMs: allowed ? 0 : resetMs,
    }
  }

  refund(nowMs: number, chargeIndex: number): void {
    this.settle(nowMs, chargeIndex, 0)
  }

  settle(nowMs: number, chargeIndex: number, units: number): number {
    const charge = this.#charges[chargeIndex]
    if (charge === undefined) return 0
    const room = this.#limit.limit + maxDebtOf(this.#limit) - this.#usedIn(charge.window)
    if (charge.window === this.#windowAt(nowMs))
      charge.cost = Math.min(units, charge.cost + Math.max(0, room))
    return charge.cost
  }

  #windowAt(nowMs: number): number {
    return Math.floor(nowMs / this.#limit.windowMs)
  }

  #usedIn(window: number): number {
    return this.#charges.filter((one) => one.window === window).reduce((sum, { cost }) => sum + cost, 0)
  }
}
