// What the functions and the program say of an audit that fails.

import type { AuditWords } from './audit-words.ts'
import type { RouteEntry, RouteReport } from './route-report.ts'

/** What is wrong: `3 of 4 routes are not proven to be limited`. */
export function failureProblem(failing: readonly RouteEntry[], { routes }: RouteReport): string {
  const failingRoutes = failing.filter(isRoute).length
  const early = failing.flatMap(({ middleware }) => middleware ?? []).length
  const parts = []
  if (failingRoutes > 0) {
    parts.push(`${failingRoutes} of ${routes.filter(isRoute).length} routes are not proven to be limited`)
  }
  if (early > 0) parts.push(`${early} middleware may answer before a limiter`)
  return parts.join(', and ')
}

/** What to do, as whole sentences. Only what helps with these entries. */
export function failureRemedy(failing: readonly RouteEntry[], words: AuditWords): string {
  const has = (test: (entry: RouteEntry) => boolean): boolean => failing.some(test)
  const canSkip = ({ state, limiters }: RouteEntry): boolean =>
    state === 'not-proven' && limiters.some((limiter) => limiter.canSkip)
  return [
    has(isRoute) ? `Mount a limiter before the routes, or name them in ${words.option('except')}.` : '',
    has((entry) => !isRoute(entry))
      ? `Mount a limiter before the middleware, or accept it by name in ${words.option('allowBefore')}.`
      : '',
    has(canSkip) ? `${words.option('trustSkip')} accepts limiters with a skip function.` : '',
    has(({ state }) => state === 'shadow')
      ? `${words.option('allowShadow')} accepts limiters in shadow mode.`
      : '',
  ]
    .filter((sentence) => sentence !== '')
    .join(' ')
}

/** Middleware that stands before a limiter is an entry of the report, but no route. */
function isRoute({ kind }: RouteEntry): boolean {
  return kind !== 'ahead'
}
