import { RateLimiterError } from '../../errors/rate-limiter-error.ts'
import { FUNCTION_WORDS } from './audit-words.ts'
import { type AssertRoutesOptions, checkRoutes } from './checked-routes.ts'
import { failureProblem, failureRemedy } from './failure.ts'
import { formatEntries } from './format-routes.ts'
import type { RouteReport } from './route-report.ts'

/**
 * Throws unless a limiter is proven to run before everything in the app, the router or the server that can
 * answer, the 404 for unknown paths included. Call it at start, or in a test, when all routes are added.
 *
 * Middleware that runs before the first limiter is an error too, because it may answer: mount the limiter
 * first, or name the middleware in `allowBefore`.
 *
 * Where only some routers have limiters, name the other routes in `except`:
 * `assertEveryRouteLimited(app, { except: ['GET /health', '(no route: 404)'] })`.
 *
 * @returns the report, for printing; the routes that `except` accepts are `excepted`
 * @throws RateLimiterError `unlimited_routes` with a table of the routes and the reasons; `invalid_option`
 *   and `unknown_option` for mistakes in the arguments
 * @see https://express-tollgate.github.io/express-tollgate/audit
 */
export function assertEveryRouteLimited(app: unknown, options: AssertRoutesOptions = {}): RouteReport {
  const { report, failing } = checkRoutes(app, options, FUNCTION_WORDS)
  if (failing.length === 0) return report
  throw new RateLimiterError({
    code: 'unlimited_routes',
    problem: failureProblem(failing, report),
    remedy: `${failureRemedy(failing, FUNCTION_WORDS)}\n${formatEntries(failing)}`,
  })
}
