import type { Ban, Decision } from './decision.ts'
import type { Limit } from './limit.ts'

/**
 * The decision where a limit of 0 refuses every request. Nothing is ever charged, so that every limit is unused.
 * `Retry-After` is the longest window of the limits of 0, and promises nothing.
 *
 * @param ban the ban of the client, which ends later or earlier than that
 */
export function refuseAll(limits: readonly Limit[], ban?: Ban): Decision {
  const windows = limits.filter(({ burst }) => burst === 0).map(({ windowMs }) => windowMs)
  return {
    allowed: false,
    retryAfterMs: Math.max(...windows, ban?.endsInMs ?? 0),
    ...(ban === undefined ? {} : { ban }),
    limits: limits.map(({ name, burst, windowMs }) => ({
      name,
      limit: burst,
      remaining: burst,
      resetMs: windowMs,
    })),
  }
}

/**
 * The limits for which a store is asked where a limit of 0 refuses every request, so that it counts the refusal towards a
 * ban: fixed windows that admit nothing. Other algorithms divide by their limit.
 */
export function refusingLimits(limits: readonly Limit[]): readonly Limit[] {
  return limits.map((limit) => ({ ...limit, algorithm: 'fixed-window', limit: 0, burst: 0 }))
}
