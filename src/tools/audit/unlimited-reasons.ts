// The reasons for which the audit answers "unlimited". In these texts "it" is the endpoint that the line of
// the report lists.

import type { ReadOrWrite } from '../../limits/request-class.ts'
import type { Endpoint } from './endpoint.ts'
import { otherMethodsReason } from './not-proven-reasons.ts'
import type { PlacedLimiter } from './placed-limiter.ts'
import { probeRoutePath, skipsLimiter } from './route-probe.ts'
import type { LimiterBypass } from './route-report.ts'

/**
 * Why no limiter limits requests of this class.
 *
 * @param running the limiters before the endpoint that run for its methods; none of them limits this class
 */
export function whyNoLimiter(
  { limiters, laterLimiter }: Endpoint,
  running: readonly PlacedLimiter[],
  readOrWrite: ReadOrWrite,
): string {
  const unlimiting = running.at(-1)
  if (unlimiting !== undefined) {
    const { name } = unlimiting.description
    return `Limiter '${name}' does not limit ${readOrWrite}s (${readOrWrite}: false).`
  }
  const last = limiters.at(-1)
  if (last !== undefined) return otherMethodsReason(last)
  const later = laterLimiter === undefined ? '' : ` Limiter '${laterLimiter}' comes after it.`
  return `No limiter runs before it.${later}`
}

/** A path that leads to the endpoint and matches none of these limiters; undefined when none was found. */
export function bypassingPath(
  limiters: readonly PlacedLimiter[],
  { routePath }: Endpoint,
): string | undefined {
  if (limiters.length === 0) return undefined
  return probeRoutePath(routePath).find((probe) => limiters.every((limiter) => skipsLimiter(probe, limiter)))
    ?.path
}

export function bypassReason({ request, limiters }: LimiterBypass): string {
  return `${request} reaches it and bypasses ${limiters.map((name) => `limiter '${name}'`).join(' and ')}.`
}
