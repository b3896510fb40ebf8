// Reading order for "a route in the audit":
//
// 1. router-stack.ts: what Express 4 and 5 show of an app. A router has layers; a layer holds a function or a
//    route.
// 2. scan-router.ts, scan-route.ts: they read the layers in the order in which a request meets them.
//    scan-state.ts is what they know so far, mainly the limiters, each a PlacedLimiter (placed-limiter.ts).
// 3. endpoint.ts: everything that can answer becomes an Endpoint, with its route path (route-path.ts) and the
//    limiters before it.
// 4. verdict.ts: it compares the limiters with the endpoint and makes an entry of the report
//    (route-report.ts). path-coverage.ts proves that every request for the endpoint matches the layer of a
//    limiter. It compares patterns of paths (layer-pattern.ts, path-segment.ts). route-probe.ts finds
//    requests for the endpoint that do not match the layer.
//
// Where the answer "not-proven" comes from: verdict.ts gives it when no limiter is proven to run before the
// endpoint, and no request is found that reaches the endpoint without a limiter. Mounted apps, and middleware
// that usually passes requests on, get it in place of "unlimited". A router that is mounted in itself always
// gets it (scan-router.ts). not-proven-reasons.ts holds every reason for it. unlimited-reasons.ts holds the
// reasons for "unlimited".

import { checkFlag, checkNames } from '../../errors/option-checks.ts'
import { OTHER_METHOD } from './route-handlers.ts'
import type { RouteReport } from './route-report.ts'
import { routerOf } from './router-stack.ts'
import { scanRouter } from './scan-router.ts'
import { type AuditRun, startScan } from './scan-state.ts'
import { routeEntry } from './verdict.ts'

/** Options of {@link auditRoutes}. */
export interface AuditOptions {
  /** Counts a limiter with a `skip` function as if it skipped no request. Default: false, "not-proven". */
  readonly trustSkip?: boolean | undefined
}

/**
 * Lists everything in an Express 4 or 5 app, or in a router, that can answer a request, with the limiters
 * that run before it. What it cannot prove it reports as `not-proven`, never as `limited`.
 *
 * Call it when all routes are added. It reads the stacks and sends no request. It assumes that the middleware
 * between a limiter and an endpoint only calls `next`, does not leave a router with `next('router')`, and
 * does not change the path or the method of requests. Where a function's own source shows that it may do
 * this, the audit does not assume it. Requests that reach no middleware at all, such as those with a target
 * that has no path (`GET x://y`), get their 404 from Express alone.
 *
 * @throws RateLimiterError `invalid_option` when `app` is neither an app nor a router, or an option has a
 *   value it does not take, `unknown_option` for an option that does not exist
 */
export function auditRoutes(app: unknown, options: AuditOptions = {}): RouteReport {
  const { trustSkip } = checkNames('', options, ['trustSkip'])
  const run: AuditRun = { trustSkip: checkFlag('trustSkip', trustSkip, false), entries: [] }
  const { router, isApp } = routerOf(app)
  const top = { routePath: [], displayPath: '', paramCallback: undefined, outerRouters: [] }
  const state = startScan(router, top, [])
  scanRouter(state, run, !isApp)
  if (isApp) {
    const notFound = {
      method: 'ALL',
      path: '(no route: 404)',
      kind: 'fallthrough',
      requestMethods: [OTHER_METHOD],
      endOfRouterAtDepth: 0,
      routePath: [],
      limiters: state.limiters,
    } as const
    run.entries.push(routeEntry(notFound, run.trustSkip))
  }
  return { routes: run.entries }
}
