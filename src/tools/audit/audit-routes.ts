import { enter, type Findings } from './audit-level.ts'
import { type AuditOptions, checkOptions } from './audit-options.ts'
import type { RouteReport } from './route-report.ts'
import { routerOf } from './router-stack.ts'
import { judgeRoute } from './verdict.ts'
import { walkRouter } from './walk-router.ts'

/**
 * Lists everything in an Express 4 or 5 app, or in a router, that can answer a request, with the limiters
 * that stand before it. What it cannot prove it reports as `not-proven`, never as `limited`.
 *
 * Call it when all routes are added. It reads the stacks and sends no request. It takes for granted that
 * middleware in between keeps to `next`, without leaving a router by `next('router')`, and leaves the path
 * and method of requests alone; functions whose own source shows otherwise are noticed and doubted. Requests that reach no
 * middleware at all, such as those with a target that has no path (`GET x://y`), get their 404 from Express
 * alone.
 *
 * @throws RateLimiterError `invalid_option` when `app` is neither an app nor a router, or an option has a
 *   value it does not take, `unknown_option` for an option that does not exist
 */
export function auditRoutes(app: unknown, options: AuditOptions = {}): RouteReport {
  checkOptions(options, ['trustSkip'])
  const { router, isApp } = routerOf(app)
  const findings: Findings = { trustSkip: options.trustSkip === true, routes: [] }
  const top = enter(router, { way: [], shown: '', callback: undefined, around: [] }, [])
  walkRouter(top, findings, !isApp)
  if (isApp) {
    const nobody = {
      method: 'ALL',
      path: '(no route: 404)',
      kind: 'fallthrough',
      requestMethods: ['*'],
      endOf: 0,
    } as const
    findings.routes.push(judgeRoute({ ...nobody, way: [], guards: top.guards }, findings.trustSkip))
  }
  return { routes: findings.routes }
}
