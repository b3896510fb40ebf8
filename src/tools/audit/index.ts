export { assertEveryRouteLimited } from './assert-every-route-limited.ts'
export { type AuditOptions, auditRoutes } from './audit-routes.ts'
export type { AssertRoutesOptions } from './checked-routes.ts'
export { formatRoutes } from './format-routes.ts'
export type {
  EarlyMiddleware,
  LimiterBypass,
  RouteEntry,
  RouteKind,
  RouteReport,
  RouteState,
} from './route-report.ts'
