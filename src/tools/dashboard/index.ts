export type { InFlightCounts } from '../../limiter/in-flight-counts.ts'
export { type Dashboard, dashboard } from './dashboard.ts'
export type { DashboardOptions, WatchedLimiter } from './dashboard-options.ts'
export type { Clock } from './steady-clock.ts'
