import { checkFlag, checkNames, rejectOption } from '../../errors/option-checks.ts'
import { RateLimiterError } from '../../errors/rate-limiter-error.ts'
import { type AuditOptions, auditRoutes } from './audit-routes.ts'
import { alignColumns } from './format-routes.ts'
import type { RouteEntry, RouteReport, RouteState } from './route-report.ts'

/** Options of {@link assertEveryRouteLimited}. */
export interface AssertRoutesOptions extends AuditOptions {
  /**
   * Routes that may be unlimited: a path as the report shows it (`/health`), a method and a path
   * (`GET /health`), or a regular expression for either. An exception that matches no route is an error,
   * because it could hide a mistake later.
   */
  readonly except?: readonly (string | RegExp)[] | undefined
  /** Accepts limiters in shadow mode, which refuse no request. Default: false. */
  readonly allowShadow?: boolean | undefined
}

/**
 * Throws unless a limiter is proven to run before everything in the app, the router or the server that can
 * answer, the 404 for unknown paths included. Call it at start, or in a test, when all routes are added.
 *
 * Middleware that runs before the first limiter is an error too, because it may answer: mount the limiter
 * first.
 *
 * Where only some routers have limiters, name the other routes in `except`:
 * `assertEveryRouteLimited(app, { except: ['GET /health', '(no route: 404)'] })`.
 *
 * @returns the report, for printing
 * @throws RateLimiterError `unlimited_routes` with a table of the routes and the reasons; `invalid_option`
 *   and `unknown_option` for mistakes in the arguments
 */
export function assertEveryRouteLimited(app: unknown, options: AssertRoutesOptions = {}): RouteReport {
  const checked = checkNames('', options, ['except', 'allowShadow', 'trustSkip', 'app'])
  const allowShadow = checkFlag('allowShadow', checked.allowShadow, false)
  const report = auditRoutes(app, { trustSkip: checked.trustSkip, app: checked.app })
  const exceptions = checkExceptions(checked.except ?? [], report)
  const acceptedStates: readonly RouteState[] = allowShadow ? ['limited', 'shadow'] : ['limited']
  const isExcepted = (entry: RouteEntry): boolean => exceptions.some((exception) => matches(exception, entry))
  const failing = report.routes.filter((entry) => !acceptedStates.includes(entry.state) && !isExcepted(entry))
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
    return rejectOption(
      'except',
      except,
      'must be an array of paths and regular expressions',
      "Give ['/health'], or ['GET /health'], or [/^[/]internal/].",
    )
  }
  return except.map((exception: unknown, index) => {
    const option = `except[${index}]`
    // Messages show other objects as JSON, and a RegExp as JSON is {}.
    const value = exception instanceof RegExp ? String(exception) : exception
    if (typeof exception !== 'string' && !(exception instanceof RegExp)) {
      const remedy = "Give a path as the report shows it, such as '/health' or 'GET /health'."
      return rejectOption(option, value, 'must be a path or a regular expression', remedy)
    }
    if (report.routes.some((entry) => matches(exception, entry))) return exception
    const remedy = 'Remove it, or write the path as formatRoutes(auditRoutes(app)) shows it.'
    return rejectOption(option, value, 'matches no route', remedy)
  })
}

function matches(exception: string | RegExp, { method, path }: RouteEntry): boolean {
  const names = [path, `${method} ${path}`]
  // `search` ignores the position that a global or sticky expression keeps between calls.
  return names.some((name) =>
    typeof exception === 'string' ? name === exception : name.search(exception) !== -1,
  )
}
