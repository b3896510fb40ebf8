import type { AgentEvent } from './event.ts'

/** Where a session can stand. Events are taken only while it is running. */
export const SESSION_STATUSES = ['running', 'completed', 'failed'] as const

export type SessionStatus = (typeof SESSION_STATUSES)[number]

/** What a caller says of a session to be. */
export interface NewSession {
  /** The name of the agent. */
  readonly agent: string
  readonly goal: string
  /** The tenant it belongs to, or null for the operator's own. */
  readonly tenantId: string | null
}

/** One run of an agent. */
export interface Session extends NewSession {
  readonly id: string
  readonly status: SessionStatus
  readonly createdMs: number
  /** When something last happened to it. */
  readonly activeMs: number
  /** In order of arrival. */
  readonly events: readonly AgentEvent[]
}
