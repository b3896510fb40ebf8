import type { Limit } from '../../src/limits/limit.ts'
import { Fraction } from './fraction.ts'
import type { ReferenceModel, ResultNumbers } from './reference-model.ts'

interface AllowedCharge {
  /** The theoretical arrival time (TAT) after this charge. */
  readonly tatAfterMs: Fraction
  /** How many charges had found a TAT that was not in the future, this charge included. */
  readonly busyPeriod: number
  readonly cost: number
}

/**
 * The generic cell rate algorithm as the standard defines it, a virtual schedule (ITU-T I.371, annex A), in
 * exact fractions of a millisecond. An arrival conforms unless it comes more than the tolerance before the
 * theoretical arrival time (TAT). Each arrival that conforms increases the TAT by the emission interval.
 */
export class ExactGcra implements ReferenceModel {
  readonly #intervalMs: Fraction
  readonly #toleranceMs: Fraction
  readonly #allowedCharges: AllowedCharge[] = []
  #tatMs: Fraction = Fraction.of(0)
  #busyPeriod = 0

  constructor({ limit, windowMs, burst }: Limit) {
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
      this.#allowedCharges.push({ tatAfterMs, busyPeriod: this.#busyPeriod, cost })
    }
    const freeMs = now.plus(this.#toleranceMs).plus(this.#intervalMs).minus(tatAfterMs)
    const remaining = freeMs.over(this.#intervalMs).floor()
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

  /**
   * Decreases the TAT by the part of the charge that has not come back by itself, according to the TAT after
   * the charge. Does nothing if a later charge has found a TAT that was not in the future.
   */
  refund(nowMs: number, chargeIndex: number): void {
    const charge = this.#allowedCharges[chargeIndex]
    if (charge === undefined || charge.busyPeriod !== this.#busyPeriod) return
    const outstandingMs = charge.tatAfterMs.minus(Fraction.of(nowMs)).max(Fraction.of(0))
    const wholeMs = this.#intervalMs.times(charge.cost)
    this.#tatMs = this.#tatMs.minus(wholeMs.atMost(outstandingMs) ? wholeMs : outstandingMs)
  }

  /** The time from which the last of so many arrivals at once conforms. */
  #conformsAt(tatMs: Fraction, arrivals: number): Fraction {
    return tatMs.plus(this.#intervalMs.times(arrivals - 1)).minus(this.#toleranceMs)
  }
}
