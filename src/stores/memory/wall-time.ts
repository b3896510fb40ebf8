import type { Limit } from '../../limits/limit.ts'
import { monotonicClock } from '../monotonic-clock.ts'
import type { Charge } from '../store.ts'

const wallNow = (): number => Date.now()

/**
 * Gives calendar windows the wall time, where the clock of a store is monotonic. Any other clock is taken for the wall
 * time. All other limits stay as they are.
 */
export class WallTime {
  readonly #isNeeded: boolean
  readonly #timed = new WeakMap<readonly Limit[], readonly Limit[]>()
  /** The last limits that need no wall time. */
  #lastUntimed: readonly Limit[] | undefined

  /** @param clock of the store */
  constructor(clock: { now(): number }) {
    this.#isNeeded = clock === monotonicClock
  }

  /** The charge on limits that the store can count by. */
  inCharge(charge: Charge): Charge {
    // Charges on the same limits come in bursts, and most have no calendar windows.
    if (charge.limits === this.#lastUntimed) return charge
    const limits = this.in(charge.limits)
    if (limits !== charge.limits) return { ...charge, limits }
    this.#lastUntimed = limits
    return charge
  }

  /** Limits that the store can count by. The same limits always give the same result. */
  in(limits: readonly Limit[]): readonly Limit[] {
    if (!this.#isNeeded || !limits.some(hasCalendar)) return limits
    const timed = this.#timed.get(limits) ?? limits.map(withWallTime)
    this.#timed.set(limits, timed)
    return timed
  }
}

function hasCalendar({ calendar }: Limit): boolean {
  return calendar !== undefined
}

function withWallTime(limit: Limit): Limit {
  const { calendar } = limit
  return calendar === undefined ? limit : { ...limit, calendar: { ...calendar, wallNow } }
}
