import type { PlacedLimiter } from './placed-limiter.ts'
import { OTHER_METHOD } from './route-handlers.ts'
import { routerOf } from './router-stack.ts'
import { scanRouter } from './scan-router.ts'
import { type AuditRun, startScan } from './scan-state.ts'
import { routeEntry } from './verdict.ts'

/**
 * Lists what an app, or a router, answers, with the 404 of an app.
 *
 * @param guards the limiters that every request meets before the app
 * @throws RateLimiterError `invalid_option` for anything that is neither
 */
export function scanApp(app: unknown, guards: readonly PlacedLimiter[], run: AuditRun): void {
  const { router, isApp } = routerOf(app)
  const top = { routePath: [], displayPath: '', paramCallback: undefined, outerRouters: [] }
  const state = startScan(router, top, guards)
  scanRouter(state, run, !isApp)
  if (!isApp) return
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
