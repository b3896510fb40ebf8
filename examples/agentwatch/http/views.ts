import type { ApiKey } from '../domain/api-key.ts'
import { confidenceOf } from '../domain/confidence.ts'
import { totalUsdOf } from '../domain/cost.ts'
import type { AgentEvent } from '../domain/event.ts'
import { costUsdOf, roundUsd } from '../domain/pricing.ts'
import type { Session } from '../domain/session.ts'
import type { Tenant } from '../domain/tenants.ts'

/** An event in an answer. */
export function eventJson({ timeMs, ...event }: AgentEvent): Record<string, unknown> {
  return { ...event, timestamp: new Date(timeMs).toISOString(), costUsd: roundUsd(costUsdOf(event)) }
}

/** A session in an answer. Its events are counted, not listed. */
export function sessionJson({ events, createdMs, activeMs, ...session }: Session): Record<string, unknown> {
  return {
    ...session,
    createdAt: new Date(createdMs).toISOString(),
    activeAt: new Date(activeMs).toISOString(),
    events: events.length,
    costUsd: roundUsd(totalUsdOf(events)),
    confidence: confidenceOf(events).score,
  }
}

/** A session in a message of the stream. */
export function sessionLink({ id, agent, status }: Session): Record<string, unknown> {
  return { id, agent, status }
}

/** A tenant in an answer. */
export function tenantJson({ createdMs, keys, ...tenant }: Tenant): Record<string, unknown> {
  return { ...tenant, createdAt: new Date(createdMs).toISOString(), apiKeys: keys.size }
}

/** A key in an answer, without its secret. */
export function apiKeyJson({ id, label, createdMs, ending }: ApiKey): Record<string, unknown> {
  return { id, label, createdAt: new Date(createdMs).toISOString(), key: `aw_${id}_...${ending}` }
}
