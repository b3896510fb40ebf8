import { type Limit, maxDebtOf } from '../../src/limits/limit.ts'
import type { ReferenceModel, ResultNumbers } from './reference-model.ts'

/** A window: when it opened, and the cost of every charge in it. */
interface RecordedWindow {
  readonly startMs: number
  readonly charges: { cost: number }[]
}

/**
 * Fixed windows, computed from a list of all charges. A window whose charges were all refunded was never
 * open.
 */
export class WindowList implements ReferenceModel {
  readonly #limit: Limit
  readonly #windows: RecordedWindow[] = []
  readonly #charges: { cost: number }[] = []

  constructor(limit: Limit) {
    this.#limit = limit
  }

  charge(nowMs: number, cost: number): ResultNumbers {
    const { limit, windowMs } = this.#limit
    const last = this.#windows.at(-1)
    const isOpen = last !== undefined && sumOfCosts(last) > 0 && nowMs < last.startMs + windowMs
    const window = isOpen ? last : { startMs: nowMs, charges: [] }
    const allowed = sumOfCosts(window) + cost <= limit
    if (allowed) {
      const charge = { cost }
      this.#charges.push(charge)
      window.charges.push(charge)
      if (!isOpen) this.#windows.push(window)
    }
    const resetMs = window.startMs + windowMs - nowMs
    return {
      allowed,
      remaining: Math.max(0, limit - sumOfCosts(window)),
      resetMs,
      retryAfterMs: allowed ? 0 : resetMs,
    }
  }

  refund(_nowMs: number, chargeIndex: number): void {
    const charge = this.#charges[chargeIndex]
    if (charge !== undefined) charge.cost = 0
  }

  settle(nowMs: number, chargeIndex: number, units: number): number {
    const charge = this.#charges[chargeIndex]
    const last = this.#windows.at(-1)
    if (charge === undefined) return 0
    const isOpen = last?.charges.includes(charge) === true && nowMs < last.startMs + this.#limit.windowMs
    if (!isOpen) return charge.cost
    const room = this.#limit.limit + maxDebtOf(this.#limit) - sumOfCosts(last)
    charge.cost = Math.min(units, charge.cost + Math.max(0, room))
    return charge.cost
  }
}

function sumOfCosts({ charges }: RecordedWindow): number {
  return charges.reduce((sum, { cost }) => sum + cost, 0)
}
