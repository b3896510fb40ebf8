import type { Limit } from '../../src/limits/limit.ts'
import type { Model, Numbers } from './model.ts'

/** A window as one would keep it on paper: when it opened, and what every charge in it cost. */
interface PaperWindow {
  readonly startMs: number
  readonly charges: { cost: number }[]
}

/** Fixed windows from a list of all charges. A window whose charges were all given back never was. */
export class WindowList implements Model {
  readonly #limit: Limit
  readonly #windows: PaperWindow[] = []
  readonly #charges: { cost: number }[] = []

  constructor(limit: Limit) {
    this.#limit = limit
  }

  charge(nowMs: number, cost: number): Numbers {
    const { limit, windowMs } = this.#limit
    const last = this.#windows.at(-1)
    const isOpen = last !== undefined && sumOf(last) > 0 && nowMs < last.startMs + windowMs
    const window = isOpen ? last : { startMs: nowMs, charges: [] }
    const allowed = sumOf(window) + cost <= limit
    if (allowed) {
      const charge = { cost }
      this.#charges.push(charge)
      window.charges.push(charge)
      if (!isOpen) this.#windows.push(window)
    }
    const resetMs = window.startMs + windowMs - nowMs
    return { allowed, remaining: limit - sumOf(window), resetMs, retryAfterMs: allowed ? 0 : resetMs }
  }

  refund(_nowMs: number, which: number): void {
    const charge = this.#charges[which]
    if (charge !== undefined) charge.cost = 0
  }
}

function sumOf({ charges }: PaperWindow): number {
  return charges.reduce((sum, { cost }) => sum + cost, 0)
}
