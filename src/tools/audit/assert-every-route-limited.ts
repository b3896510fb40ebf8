import { RateLimiterError } from '../../errors/rate-limiter-error.ts'
import { type AuditOptions, checkOptions } from './audit-options.ts'
import { auditRoutes } from './audit-routes.ts'
import { alignColumns } from './format-routes.ts'
import type { RouteEntry, RouteReport } from './route-report.ts'

/** Options of {@link assertEveryRouteLimited}. */
export interface AssertRoutesOptions extends AuditOptions {
  /**
   * Routes that may be unlimited: a path as the report shows it (`/health`), a method and a path
   * (`GET /health`), or a regular expression for either. An entry that matches no route is an error,
   * since an exception for nothing hides the next mistake.
   */
  readonly except?: readonly (string | RegExp)[]
  /** Accepts limiters in shadow mode, which refuse nobody. Default: false. */
  readonly allowShadow?: boolean
}

/**
 * Throws unless a limiter is proven to stand before everything in the app that can answer, the 404 for
 * unknown paths included. Call it at start, or in a test, when all routes are added.
 *
 * Middleware that runs before any limiter counts too, since it may answer: mount the limiter first.
 *
 * An app that has limiters on single routers only excepts the rest:
 * `assertEveryRouteLimited(app, { except: ['GET /health', '(no route: 404)'] })`.
 *
 * @returns the report, for printing
 * @throws RateLimiterError `unlimited_routes` with a table of the routes and the reasons; `invalid_option`
 *   and `unknown_option` for mistakes in the arguments
 */
export function assertEveryRouteLimited(app: unknown, options: AssertRoutesOptions = {}): RouteReport {
  checkOptions(options, ['allowShadow', 'trustSkip'], ['except'])
  const report = auditRoutes(app, { trustSkip: options.trustSkip === true })
  const exceptions = checkExceptions(options.except ?? [], report)
  const accepted = options.allowShadow === true ? ['limited', 'shadow'] : ['limited']
  const failing = report.routes.filter(
    (entry) => !accepted.includes(entry.state) && !exceptions.some((exception) => matches(exception, entry)),
  )
  if (failing.length === 0) return report
  const rows = failing.map(({ method, path, state, why }) => [method, path, state, why])
  const table = alignColumns([['METHOD', 'PATH', 'STATE', 'WHY'], ...rows])
  throw new RateLimiterError({
    code: 'unlimited_routes',
    problem: `${failing.length} of ${report.routes.length} routes are not proven to be limited`,
    remedy: `Mount a limiter before them, or name them in 'except':\n${table}`,
  })
}

function checkExceptions(except: unknown, report: RouteReport): readonly (string | RegExp)[] {
  if (!Array.isArray(except)) {
    throw new RateLimiterError({
      code: 'invalid_option',
      option: 'except',
      value: except,
      problem: 'must be an array of paths and regular expressions',
      remedy: "Write ['/health'], or ['GET /health'], or [/^[/]internal/].",
    })
  }
  return except.map((exception: unknown, index) => {
    const option = `except[${index}]`
    // RegExp has no literal of its own in messages.
    const value = exception instanceof RegExp ? String(exception) : exception
    if (typeof exception !== 'string' && !(exception instanceof RegExp)) {
      const problem = 'must be a path or a regular expression'
      const remedy = "Write a path as the report shows it, such as '/health' or 'GET /health'."
      throw new RateLimiterError({ code: 'invalid_option', option, value, problem, remedy })
    }
    if (report.routes.some((entry) => matches(exception, entry))) return exception
    const remedy = 'Remove it, or write the path as formatRoutes(auditRoutes(app)) shows it.'
    throw new RateLimiterError({ code: 'invalid_option', option, value, problem: 'matches no route', remedy })
  })
}

function matches(exception: string | RegExp, { method, path }: RouteEntry): boolean {
  const names = [path, `${method} ${path}`]
  // `search` starts at the beginning whatever flags the expression has.
  return names.some((name) =>
    typeof exception === 'string' ? name === exception : name.search(exception) !== -1,
  )
}
