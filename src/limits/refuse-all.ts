import type { Decision } from './decision.ts'
import type { Limit } from './limit.ts'

/**
 * The decision where a limit of 0 refuses every request. No store is asked: nothing is ever charged, so that every limit
 * is unused. `Retry-After` is the longest window of the limits of 0, and promises nothing.
 */
export function refuseAll(limits: readonly Limit[]): Decision {
  const windows = limits.filter(({ burst }) => burst === 0).map(({ windowMs }) => windowMs)
  return {
    allowed: false,
    retryAfterMs: Math.max(...windows),
    limits: limits.map(({ name, burst, windowMs }) => ({
      name,
      limit: burst,
      remaining: burst,
      resetMs: windowMs,
    })),
  }
}
