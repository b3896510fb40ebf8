import { costOf } from './cost.ts'
import type { AgentEvent } from './event.ts'
import { roundUsd } from './pricing.ts'
import type { Tenant } from './tenants.ts'
import type { Watch } from './watch.ts'

/** The usage of the stored sessions of a tenant. */
export interface Usage {
  readonly tenantId: string
  readonly sessions: number
  readonly events: number
  readonly blockedEvents: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly costUsd: number
  readonly budgetUsd: number | null
  /** Below zero above the budget; null without a budget. */
  readonly remainingUsd: number | null
  readonly apiKeys: number
}

/** The usage of a tenant. */
export function usageOf({ sessions }: Watch, tenant: Tenant): Usage {
  const own = sessions.list(tenant.id)
  const events = own.flatMap((session): readonly AgentEvent[] => session.events)
  const { inputTokens, outputTokens, totalUsd } = costOf(events)
  return {
    tenantId: tenant.id,
    sessions: own.length,
    events: events.length,
    blockedEvents: events.filter((event) => event.status === 'blocked').length,
    inputTokens,
    outputTokens,
    costUsd: totalUsd,
    budgetUsd: tenant.budgetUsd,
    remainingUsd: tenant.budgetUsd === null ? null : roundUsd(tenant.budgetUsd - totalUsd),
    apiKeys: tenant.keys.size,
  }
}
