import { type Limit, maxDebtOf } from '../../src/limits/limit.ts'
import { Fraction } from './fraction.ts'
import type { ReferenceModel, ResultNumbers } from './reference-model.ts'

interface AllowedCharge {
  readonly atMs: number
  /** The theoretical arrival time (TAT) after this charge, with what settlements have changed since. */
  tatAfterMs: Fraction
  /** How many charges had found a TAT that was not in the future, this charge included. */
  busyPeriod: number
  cost: number
}

/**
 * The generic cell rate algorithm as the standard defines it, a virtual schedule (ITU-T I.371, annex A), in
 * exact fractions of a millisecond. An arrival conforms unless it comes more than the tolerance before the
 * theoretical arrival time (TAT). Each arrival that conforms increases the TAT by the emission interval.
 */
export class ExactGcra implements ReferenceModel {
  readonly #intervalMs: Fraction
  readonly #toleranceMs: Fraction
  readonly #burst: number
  readonly #maxDebt: number
  readonly #allowedCharges: AllowedCharge[] = []
  #tatMs: Fraction = Fraction.of(0)
  #busyPeriod = 0

  constructor(given: Limit) {
    const { limit, windowMs, burst } = given
    this.#burst = burst
    this.#maxDebt = maxDebtOf(given)
    this.#intervalMs = Fraction.of(windowMs, limit)
    this.#toleranceMs = this.#intervalMs.times(burst - 1)
  }

  charge(nowMs: number, cost: number): ResultNumbers {
    const now = Fraction.of(nowMs)
    const tatMs = this.#tatMs.max(now)
    // Of `cost` arrivals at once, only the last one can be too early.
    const allowed = this.#conformsAt(tatMs, cost).atMost(now)
    const tatAfterMs = allowed ? tatMs.plus(this.#intervalMs.times(cost)) : tatMs
    if (allowed) {
      if (this.#tatMs.atMost(now)) this.#busyPeriod++
      this.#tatMs = tatAfterMs
      this.#allowedCharges.push({ atMs: nowMs, tatAfterMs, busyPeriod: this.#busyPeriod, cost })
    }
    const freeMs = now.plus(this.#toleranceMs).plus(this.#intervalMs).minus(tatAfterMs)
    const remaining = Math.max(0, freeMs.over(this.#intervalMs).floor())
    const resetMs =
      allowed && remaining > 0
        ? this.#intervalMs.times(remaining)
        : this.#conformsAt(tatAfterMs, remaining + 1).minus(now)
    return {
      allowed,
      remaining,
      resetMs: resetMs.ceil(),
      retryAfterMs: allowed ? 0 : this.#conformsAt(tatMs, cost).minus(now).ceil(),
    }
  }

  refund(nowMs: number, chargeIndex: number): void {
    this.settle(nowMs, chargeIndex, 0)
  }

  /**
   * Changes the TAT by the units that more or less are recorded; less by no more than has not come back by itself. It does
   * so until the time after the charge in which an empty bucket fills.
   */
  settle(nowMs: number, chargeIndex: number, units: number): number {
    const charge = this.#allowedCharges[chargeIndex]
    if (charge === undefined) return 0
    const now = Fraction.of(nowMs)
    const fills = this.#busyPeriod - charge.busyPeriod
    const overMs = this.#intervalMs.times(this.#burst).plus(Fraction.of(charge.atMs))
    if (overMs.atMost(now) || fills > this.#burst) return charge.cost
    const tatMs = this.#tatMs.max(now)
    const mostMs = this.#intervalMs.times(this.#burst + this.#maxDebt)
    const room = Math.max(0, mostMs.plus(now).minus(tatMs).over(this.#intervalMs).floor())
    const outstandingMs = fills === 0 ? charge.tatAfterMs.minus(now).max(Fraction.of(0)) : Fraction.of(0)
    const change = Math.min(units - charge.cost, room)
    const givenMs = this.#intervalMs.times(Math.max(0, -change))
    const changeMs =
      change > 0
        ? this.#intervalMs.times(change)
        : Fraction.of(0).minus(givenMs.atMost(outstandingMs) ? givenMs : outstandingMs)
    if (change > 0 && this.#tatMs.atMost(now)) this.#busyPeriod++
    this.#tatMs = change === 0 ? this.#tatMs : tatMs.plus(changeMs).max(now)
    charge.tatAfterMs = now.plus(outstandingMs).plus(changeMs)
    charge.busyPeriod = this.#busyPeriod
    charge.cost += change
    return charge.cost
  }

  /** The time from which the last of so many arrivals at once conforms. */
  #conformsAt(tatMs: Fraction, arrivals: number): Fraction {
    return tatMs.plus(this.#intervalMs.times(arrivals - 1)).minus(this.#toleranceMs)
  }
}
