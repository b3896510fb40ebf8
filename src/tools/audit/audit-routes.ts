// Reading order for "a route in the audit":
//
// 1. router-stack.ts: what Express 4 and 5 show of an app. A router has layers; a layer holds a function or a
//    route.
// 2. scan-router.ts, scan-route.ts: they read the layers in the order in which a request meets them.
//    scan-state.ts is what they know so far, mainly the limiters, each a PlacedLimiter (placed-limiter.ts).
//    scan-app.ts begins at the app. scan-server.ts begins at a server: it finds the app, and lists what answers
//    beside it.
// 3. endpoint.ts: everything that can answer becomes an Endpoint, with its route path (route-path.ts) and the
//    limiters before it.
// 4. verdict.ts: it compares the limiters with the endpoint and makes an entry of the report
//    (route-report.ts). path-coverage.ts proves that every request for the endpoint matches the layer of a
//    limiter. It compares patterns of paths (layer-pattern.ts, path-segment.ts). route-probe.ts finds
//    requests for the endpoint that do not match the layer.
// 5. early-middleware.ts: it gathers the middleware before a limiter, so that the report has one entry for all.
// 6. checked-routes.ts: which entries fail, by the options except and allowShadow. format-routes.ts: the text.
//
// Where the answer "not-proven" comes from: verdict.ts gives it when no limiter is proven to run before the
// endpoint, and no request is found that reaches the endpoint without a limiter. Mounted apps, and middleware
// that usually passes requests on, get it in place of "unlimited". A router that is mounted in itself always
// gets it (scan-router.ts). not-proven-reasons.ts holds every reason for it. unlimited-reasons.ts holds the
// reasons for "unlimited".

import { nearestName } from '../../errors/nearest-name.ts'
import { checkFlag, checkNames, rejectOption } from '../../errors/option-checks.ts'
import { RateLimiterError } from '../../errors/rate-limiter-error.ts'
import { isHttpServer } from '../../limits/guarded-server.ts'
import { type AuditWords, FUNCTION_WORDS } from './audit-words.ts'
import { EarlyMiddlewareList } from './early-middleware.ts'
import type { RouteReport } from './route-report.ts'
import { scanApp } from './scan-app.ts'
import { scanServer } from './scan-server.ts'
import type { AuditRun } from './scan-state.ts'

/** Options of {@link auditRoutes}. */
export interface AuditOptions {
  /** Counts a limiter with a `skip` function as if it skipped no request. Default: false, "not-proven". */
  readonly trustSkip?: boolean | undefined
  /**
   * Names of middleware that may run before a limiter, as the report shows them: `['corsMiddleware']`. The
   * report does not list it. `'(anonymous)'` is every function without a name. A name that no middleware
   * before a limiter has is an error, because it could hide a mistake later.
   */
  readonly allowBefore?: readonly string[] | undefined
  /**
   * The app of an audited server, where the audit cannot find it: Socket.IO takes the app away from the server.
   * It is not needed for a server that `limiter.guard(server, app)` guards.
   */
  readonly app?: unknown
}

/**
 * Lists everything in an Express 4 or 5 app, or in a router, that can answer a request, with the limiters
 * that run before it. What it cannot prove it reports as `not-proven`, never as `limited`.
 *
 * Of a server of `node:http` or `node:https` it also lists the listeners that answer requests, upgrades and
 * CONNECT beside the app or in front of it, such as those of Socket.IO and `ws`. Only a guard
 * (`limiter.guard(server, app)`) is before them, and it is before all routes too. What Node answers itself,
 * such as 400 for a request that is no HTTP, is not listed.
 *
 * Call it when all routes are added. It reads the stacks and sends no request. It assumes that the middleware
 * between a limiter and an endpoint only calls `next`, does not leave a router with `next('router')`, and
 * does not change the path or the method of requests. Where a function's own source shows that it may do
 * this, the audit does not assume it. Requests that reach no middleware at all, such as those with a target
 * that has no path (`GET x://y`), get their 404 from Express alone.
 *
 * @param app an app, a router, or a server
 * @throws RateLimiterError `invalid_option` when `app` is none of these, or an option has a value that it does
 *   not take, `unknown_option` for an option that does not exist
 * @see https://express-tollgate.github.io/express-tollgate/audit
 */
export function auditRoutes(app: unknown, options: AuditOptions = {}): RouteReport {
  return auditRoutesInWords(app, options, FUNCTION_WORDS)
}

/** As {@link auditRoutes}. The errors name the options in these words. */
export function auditRoutesInWords(app: unknown, options: AuditOptions, words: AuditWords): RouteReport {
  const { trustSkip, allowBefore, app: appOfServer } = checkNames('', options, AUDIT_OPTION_NAMES)
  const accepted = checkNamesOfFunctions(allowBefore ?? [], words)
  const early = new EarlyMiddlewareList(accepted)
  const run: AuditRun = { trustSkip: checkFlag('trustSkip', trustSkip, false), entries: [], early }
  if (isHttpServer(app)) scanServer(app, appOfServer, run)
  else if (appOfServer === undefined) scanApp(app, [], run)
  else
    rejectOption('app', appOfServer, 'is for the audit of a server', 'Leave it out for an app or a router.')
  for (const [index, name] of accepted.entries()) checkIsUsed(name, words.value('allowBefore', index), early)
  return { routes: early.insertInto(run.entries) }
}

/** The names of {@link AuditOptions}. */
export const AUDIT_OPTION_NAMES: readonly string[] = ['trustSkip', 'allowBefore', 'app']

function checkNamesOfFunctions(allowBefore: unknown, words: AuditWords): readonly string[] {
  const remedy = "Give the names that the report shows, such as ['corsMiddleware', 'helmetMiddleware']."
  if (!Array.isArray(allowBefore)) {
    return rejectOption('allowBefore', allowBefore, 'must be an array of names of functions', remedy)
  }
  return allowBefore.map((name: unknown, index) =>
    typeof name === 'string'
      ? name
      : rejectOption(words.value('allowBefore', index), name, 'must be the name of a function', remedy),
  )
}

function checkIsUsed(name: string, option: string, { names }: EarlyMiddlewareList): void {
  if (names.includes(name)) return
  const nearest = nearestName(name, names)
  throw new RateLimiterError({
    code: 'invalid_option',
    option,
    value: name,
    problem: 'is the name of no middleware before a limiter',
    ...(nearest === undefined ? {} : { nearest }),
    remedy:
      names.length === 0
        ? 'Remove it: no middleware stands before a limiter.'
        : `Remove it, or give one of ${[...names].sort().join(', ')}.`,
  })
}
