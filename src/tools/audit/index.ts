export { type AssertRoutesOptions, assertEveryRouteLimited } from './assert-every-route-limited.ts'
export { type AuditOptions, auditRoutes } from './audit-routes.ts'
export { formatRoutes } from './format-routes.ts'
export type { RouteEntry, RouteKind, RouteReport, RouteState } from './route-report.ts'
