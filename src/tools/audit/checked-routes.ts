import { checkFlag, checkNames, rejectOption } from '../../errors/option-checks.ts'
import { AUDIT_OPTION_NAMES, type AuditOptions, auditRoutesInWords } from './audit-routes.ts'
import type { AuditWords } from './audit-words.ts'
import type { RouteEntry, RouteReport, RouteState } from './route-report.ts'

/** Options of `assertEveryRouteLimited`. */
export interface AssertRoutesOptions extends AuditOptions {
  /**
   * Routes that may be unlimited: a path as the report shows it (`/health`), a method and a path
   * (`GET /health`), or a regular expression for either. An exception that matches no route is an error,
   * because it could hide a mistake later. Middleware before a limiter is no route: see `allowBefore`.
   */
  readonly except?: readonly (string | RegExp)[] | undefined
  /** Accepts limiters in shadow mode, which refuse no request. Default: false. */
  readonly allowShadow?: boolean | undefined
}

/** What the audit found, and what of it fails. */
export interface CheckedRoutes {
  /** Its entries that an exception accepts are `excepted`. */
  readonly report: RouteReport
  /** Entries of the report, in its order. */
  readonly failing: readonly RouteEntry[]
}

/**
 * Audits the routes, and decides which of them fail.
 *
 * @throws RateLimiterError `invalid_option` and `unknown_option` for mistakes in the arguments
 */
export function checkRoutes(app: unknown, options: AssertRoutesOptions, words: AuditWords): CheckedRoutes {
  const names = ['except', 'allowShadow', ...AUDIT_OPTION_NAMES]
  const { except, allowShadow, ...auditOptions } = checkNames('', options, names)
  const accepted: readonly RouteState[] = checkFlag('allowShadow', allowShadow, false)
    ? ['limited', 'shadow']
    : ['limited']
  const { routes } = auditRoutesInWords(app, auditOptions, words)
  const exceptions = checkExceptions(except ?? [], routes, words)
  const isExcepted = (entry: RouteEntry): boolean => exceptions.some((exception) => matches(exception, entry))
  const judged = routes.map((entry): RouteEntry => {
    const isAccepted = accepted.includes(entry.state)
    return !isAccepted && isExcepted(entry) ? { ...entry, state: 'excepted' } : entry
  })
  const failing = judged.filter(({ state }) => state !== 'excepted' && !accepted.includes(state))
  return { report: { routes: judged }, failing }
}

function checkExceptions(
  except: unknown,
  routes: readonly RouteEntry[],
  words: AuditWords,
): readonly (string | RegExp)[] {
  if (!Array.isArray(except)) {
    return rejectOption(
      'except',
      except,
      'must be an array of paths and regular expressions',
      "Give ['/health'], or ['GET /health'], or [/^[/]internal/].",
    )
  }
  return except.map((exception: unknown, index) => {
    const option = words.value('except', index)
    // Messages show other objects as JSON, and a RegExp as JSON is {}.
    const value = exception instanceof RegExp ? String(exception) : exception
    if (typeof exception !== 'string' && !(exception instanceof RegExp)) {
      const remedy = "Give a path as the report shows it, such as '/health' or 'GET /health'."
      return rejectOption(option, value, 'must be a path or a regular expression', remedy)
    }
    if (routes.some((entry) => matches(exception, entry))) return exception
    const remedy = routes.some((entry) => matchesPath(exception, entry))
      ? `Middleware before a limiter is no route: accept it by name in ${words.option('allowBefore')}.`
      : `Remove it, or write the path as ${words.listing} shows it.`
    return rejectOption(option, value, 'matches no route', remedy)
  })
}

function matches(exception: string | RegExp, entry: RouteEntry): boolean {
  return entry.kind !== 'ahead' && matchesPath(exception, entry)
}

function matchesPath(exception: string | RegExp, { method, path }: RouteEntry): boolean {
  const names = [path, `${method} ${path}`]
  // `search` ignores the position that a global or sticky expression keeps between calls.
  return names.some((name) =>
    typeof exception === 'string' ? name === exception : name.search(exception) !== -1,
  )
}
