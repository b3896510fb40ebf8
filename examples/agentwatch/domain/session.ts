import type { AgentEvent } from './event.ts'

/** The states of a session. It accepts events only while it is running. */
export const SESSION_STATUSES = ['running', 'completed', 'failed'] as const

export type SessionStatus = (typeof SESSION_STATUSES)[number]

/** The properties of a session that a caller sets. */
export interface NewSession {
  /** The name of the agent. */
  readonly agent: string
  readonly goal: string
  /** The id of the tenant of the session; null for a session of the operator. */
  readonly tenantId: string | null
}

/** One run of an agent. */
export interface Session extends NewSession {
  readonly id: string
  readonly status: SessionStatus
  readonly createdMs: number
  /** Time of the last change, in milliseconds since the epoch. */
  readonly activeMs: number
  /** In order of arrival. */
  readonly events: readonly AgentEvent[]
}
