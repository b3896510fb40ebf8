import type { Limit } from '../../src/limits/limit.ts'

/**
 * The most units that a limit may allow in a closed interval of `durationMs`. With `durationMs` 0, this is
 * the most in one millisecond. A stretch of `windowMs` that includes only one of its ends is an interval of
 * `windowMs - 1`.
 *
 * - Fixed window: the units of all windows that begin in the interval, and the rest of the window before
 *   them. The charge that opened that window lies before the interval, unless it was refunded.
 * - Calendar window: the units of all windows that the interval touches, if all of them have the same length.
 * - Sliding window: the units of as many windows as are needed to cover the interval.
 * - Token bucket: the units that it holds, and the units that come back in the interval.
 */
export function maxUnitsWithin(limit: Limit, durationMs: number, afterRefunds = false): number {
  const { limit: units, windowMs, burst } = limit
  switch (limit.algorithm) {
    case 'fixed-window': {
      const rest = afterRefunds ? units : units - 1
      return units * (Math.floor(durationMs / windowMs) + 1) + (durationMs % windowMs > 0 ? rest : 0)
    }
    case 'calendar-window':
      return units * (Math.ceil(durationMs / windowMs) + 1)
    case 'sliding-window':
      return units * Math.ceil((durationMs + 1) / windowMs)
    case 'token-bucket':
      return burst + Math.floor((durationMs * units) / windowMs)
  }
}

/**
 * The longest time that a client can have to wait: until a full window has passed, or until a bucket is full. A calendar
 * window stays open when the clock is set back by up to a minute.
 */
export function longestWaitMs({ algorithm, limit, windowMs, burst }: Limit): number {
  if (algorithm === 'calendar-window') return windowMs + 60_000
  return algorithm === 'token-bucket' ? Math.ceil((burst * windowMs) / limit) : windowMs
}
