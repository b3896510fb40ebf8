/** What is read of a limiter of rate-limiter-flexible. */
interface FlexibleLimiter {
  readonly consume?: unknown
  readonly penalty?: unknown
  readonly points?: unknown
  readonly duration?: unknown
}

/** Its classes that have neither `penalty` nor `reward`. */
const COMBINED = ['RateLimiterUnion', 'BurstyRateLimiter']

/**
 * What to write instead of a limiter of rate-limiter-flexible; undefined for anything else. Such a limiter has a method
 * `consume` as a store has, but decides by points and a duration of its own.
 */
export function remedyForFlexibleLimiter(candidate: unknown): string | undefined {
  if (typeof candidate !== 'object' || candidate === null) return undefined
  const { consume, penalty, points, duration } = candidate as FlexibleLimiter
  const name = candidate.constructor?.name ?? ''
  if (typeof consume !== 'function') return undefined
  if (typeof penalty !== 'function' && !COMBINED.includes(name)) return undefined
  const store = name.includes('Redis')
    ? "store: new RedisStore({ client }) of 'express-tollgate/redis'"
    : 'no store, for counters in memory'
  const numbers =
    typeof points === 'number' && typeof duration === 'number'
      ? `limit: ${points}, windowSec: ${duration}`
      : 'limit: 100, windowSec: 60'
  return `Give limit: { ${numbers} }, and ${store}.`
}
