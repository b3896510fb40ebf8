export { type Dashboard, dashboard } from './dashboard.ts'
export type { DashboardOptions, WatchedLimiter } from './dashboard-options.ts'
