export { type Dashboard, dashboard } from './dashboard.ts'
export type { DashboardOptions, WatchedLimiter } from './dashboard-options.ts'
export type { Clock } from './steady-clock.ts'
