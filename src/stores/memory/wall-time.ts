import type { Calendar } from '../../limits/calendar.ts'
import type { Limit } from '../../limits/limit.ts'
import { monotonicClock } from '../monotonic-clock.ts'

/** Returns limits that a store can count by. The same limits always give the same result. */
export type WithWallTime = (limits: readonly Limit[]) => readonly Limit[]

const wallNow = (): number => Date.now()

/**
 * Gives calendar windows the wall time, where the clock of a store is monotonic. Any other clock is taken for the wall
 * time. All other limits stay as they are.
 */
export function wallTimeFor(clock: { now(): number }): WithWallTime {
  if (clock !== monotonicClock) return (limits) => limits
  const calendars = new WeakMap<Calendar, Calendar>()
  const known = new WeakMap<readonly Limit[], readonly Limit[]>()
  const withWallTime = (limit: Limit): Limit => {
    const { calendar } = limit
    if (calendar === undefined) return limit
    const timed = calendars.get(calendar) ?? { ...calendar, wallNow }
    calendars.set(calendar, timed)
    return { ...limit, calendar: timed }
  }
  return (limits) => {
    if (!limits.some(hasCalendar)) return limits
    const timed = known.get(limits) ?? limits.map(withWallTime)
    known.set(limits, timed)
    return timed
  }
}

function hasCalendar({ calendar }: Limit): boolean {
  return calendar !== undefined
}
