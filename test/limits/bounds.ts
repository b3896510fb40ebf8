import type { Limit } from '../../src/limits/limit.ts'

/**
 * The most units that a limit may admit in a closed interval of so many milliseconds, and so in one instant
 * when `durationMs` is 0. A stretch of `windowMs` that leaves one of its ends out is one of `windowMs - 1`.
 *
 * - Fixed window: as many windows as begin in the interval, and the rest of the one before them. Of that one
 *   the charge that opened it lies before the interval, unless it was refunded.
 * - Sliding window: as many windows as it takes to cover the interval.
 * - Token bucket: what it holds, and what comes back in the interval.
 */
export function mostUnitsWithin(limit: Limit, durationMs: number, afterRefunds = false): number {
  const { limit: units, windowMs, burst } = limit
  switch (limit.algorithm) {
    case 'fixed-window': {
      const rest = afterRefunds ? units : units - 1
      return units * (Math.floor(durationMs / windowMs) + 1) + (durationMs % windowMs > 0 ? rest : 0)
    }
    case 'sliding-window':
      return units * Math.ceil((durationMs + 1) / windowMs)
    case 'token-bucket':
      return burst + Math.floor((durationMs * units) / windowMs)
  }
}

/** The longest that anybody can have to wait: until a full window has passed, or a bucket has filled. */
export function longestWaitMs({ algorithm, limit, windowMs, burst }: Limit): number {
  return algorithm === 'token-bucket' ? Math.ceil((burst * windowMs) / limit) : windowMs
}
