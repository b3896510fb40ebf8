import { type CalendarUnit, calendarOf, LONGEST_WINDOW_MS } from '../../src/limits/calendar.ts'
import type { AlgorithmName, Limit } from '../../src/limits/limit.ts'

/** A fixed window of `limit` units in `windowMs`. */
export function fixedWindowLimit(limit: number, windowMs: number, name = 'read'): Limit {
  return limitOf('fixed-window', limit, windowMs, limit, name)
}

/** A sliding window of `limit` units in `windowMs`. */
export function slidingWindowLimit(limit: number, windowMs: number, name = 'read'): Limit {
  return limitOf('sliding-window', limit, windowMs, limit, name)
}

/** A token bucket that regains `limit` units in `windowMs` and holds `burst`. */
export function tokenBucketLimit(
  limit: number,
  windowMs: number,
  burst: number = limit,
  name = 'read',
): Limit {
  return limitOf('token-bucket', limit, windowMs, burst, name)
}

function limitOf(
  algorithm: AlgorithmName,
  limit: number,
  windowMs: number,
  burst: number,
  name: string,
): Limit {
  const fillMs = Math.ceil((burst * windowMs) / limit)
  return { name, limit, windowMs, ttlMs: Math.max(windowMs, fillMs) + 30_000, burst, algorithm }
}

/** A calendar window of `limit` units. */
export function calendarLimit(limit: number, per: CalendarUnit, timeZone = 'UTC', startsOn = 1): Limit {
  const windowMs = LONGEST_WINDOW_MS[per]
  return {
    ...limitOf('calendar-window', limit, windowMs, limit, 'read'),
    calendar: calendarOf(per, timeZone, startsOn),
  }
}
