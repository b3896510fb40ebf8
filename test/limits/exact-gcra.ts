import type { Limit } from '../../src/limits/limit.ts'
import { Fraction } from './fraction.ts'
import type { Model, Numbers } from './model.ts'

interface Admitted {
  /** The TAT that it left. */
  readonly leavesMs: Fraction
  /** How many charges had found the schedule caught up with until then, this one included. */
  readonly busyPeriod: number
  readonly cost: number
}

/**
 * The generic cell rate algorithm as the standard has it, a virtual schedule (ITU-T I.371, annex A), in exact
 * fractions of a millisecond: an arrival conforms unless it comes more than the tolerance before the
 * theoretical arrival time (TAT), and each one that conforms moves that on by the emission interval.
 */
export class ExactGcra implements Model {
  readonly #intervalMs: Fraction
  readonly #toleranceMs: Fraction
  readonly #admitted: Admitted[] = []
  #tatMs: Fraction = Fraction.of(0)
  #busyPeriod = 0

  constructor({ limit, windowMs, burst }: Limit) {
    this.#intervalMs = Fraction.of(windowMs, limit)
    this.#toleranceMs = this.#intervalMs.times(burst - 1)
  }

  charge(nowMs: number, cost: number): Numbers {
    const now = Fraction.of(nowMs)
    const tatMs = this.#tatMs.max(now)
    // The last of `cost` arrivals at once is the one that may come too early.
    const allowed = this.#conformsAt(tatMs, cost).atMost(now)
    const leftMs = allowed ? tatMs.plus(this.#intervalMs.times(cost)) : tatMs
    if (allowed) {
      if (this.#tatMs.atMost(now)) this.#busyPeriod++
      this.#tatMs = leftMs
      this.#admitted.push({ leavesMs: leftMs, busyPeriod: this.#busyPeriod, cost })
    }
    const free = now.plus(this.#toleranceMs).plus(this.#intervalMs).minus(leftMs)
    const remaining = free.over(this.#intervalMs).floor()
    const regained =
      allowed && remaining > 0
        ? this.#intervalMs.times(remaining)
        : this.#conformsAt(leftMs, remaining + 1).minus(now)
    return {
      allowed,
      remaining,
      resetMs: regained.ceil(),
      retryAfterMs: allowed ? 0 : this.#conformsAt(tatMs, cost).minus(now).ceil(),
    }
  }

  /**
   * All comes off the TAT that had not come back by itself when its turn came; nothing once the schedule has
   * been caught up with.
   */
  refund(nowMs: number, which: number): void {
    const charge = this.#admitted[which]
    if (charge === undefined || charge.busyPeriod !== this.#busyPeriod) return
    const outstanding = charge.leavesMs.minus(Fraction.of(nowMs)).max(Fraction.of(0))
    const whole = this.#intervalMs.times(charge.cost)
    this.#tatMs = this.#tatMs.minus(whole.atMost(outstanding) ? whole : outstanding)
  }

  /** The instant from which the last of so many arrivals at once conforms. */
  #conformsAt(tatMs: Fraction, arrivals: number): Fraction {
    return tatMs.plus(this.#intervalMs.times(arrivals - 1)).minus(this.#toleranceMs)
  }
}
