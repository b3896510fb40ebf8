import type { LimitOptions } from 'express-tollgate'

/** What a plan includes. */
export interface Plan {
  /** Tokens that the agents of a tenant can report in a {@link BUDGET_WINDOW}. */
  readonly tokens: number
  /** Requests for events that a tenant can have in flight at a time. */
  readonly requestsInFlight: number
}

/** The names of the plans. A tenant gets the first one unless the operator chooses another. */
export const PLAN_NAMES = ['free', 'team', 'enterprise'] as const

export type PlanName = (typeof PLAN_NAMES)[number]

export const PLANS: Readonly<Record<PlanName, Plan>> = {
  free: { tokens: 100_000, requestsInFlight: 2 },
  team: { tokens: 1_000_000, requestsInFlight: 10 },
  enterprise: { tokens: 5_000_000, requestsInFlight: 50 },
}

/** The window of all token budgets: a month, as the invoices have it. */
export const BUDGET_WINDOW: Pick<LimitOptions, 'per' | 'timeZone'> = {
  per: 'month',
  timeZone: 'Europe/Berlin',
}
