import type { Limit } from '../../src/limits/limit.ts'
import type { Model, Numbers } from './model.ts'

/** A sliding window as it is meant: every charge is written down, and counted until it is a window old. */
export class ChargeLog implements Model {
  readonly #limit: Limit
  readonly #charges: { readonly atMs: number; cost: number }[] = []

  constructor(limit: Limit) {
    this.#limit = limit
  }

  /** Units that count at an instant that is not before the last charge. */
  used(nowMs: number): number {
    return this.#counted(nowMs).reduce((sum, { cost }) => sum + cost, 0)
  }

  admits(nowMs: number, cost: number): boolean {
    return this.used(nowMs) + cost <= this.#limit.limit
  }

  /** Writes a charge down, whether or not it fits. */
  write(atMs: number, cost: number): void {
    this.#charges.push({ atMs, cost })
  }

  charge(nowMs: number, cost: number): Numbers {
    const allowed = this.admits(nowMs, cost)
    const retryAfterMs = allowed ? 0 : this.#msUntilAdmitted(nowMs, cost)
    if (allowed) this.write(nowMs, cost)
    const oldestMs = this.#counted(nowMs)[0]?.atMs ?? nowMs
    return {
      allowed,
      remaining: this.#limit.limit - this.used(nowMs),
      resetMs: oldestMs + this.#limit.windowMs - nowMs,
      retryAfterMs,
    }
  }

  refund(_nowMs: number, which: number): void {
    const charge = this.#charges[which]
    if (charge !== undefined) charge.cost = 0
  }

  #counted(nowMs: number): { readonly atMs: number; cost: number }[] {
    return this.#charges.filter(({ atMs, cost }) => cost > 0 && atMs + this.#limit.windowMs > nowMs)
  }

  #msUntilAdmitted(nowMs: number, cost: number): number {
    let waitMs = 1
    while (!this.admits(nowMs + waitMs, cost)) waitMs++
    return waitMs
  }
}
