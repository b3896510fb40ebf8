import type { Violation } from './safety-policy.ts'

/** The types of events that an agent reports. */
export const EVENT_TYPES = [
  'user_message',
  'reasoning',
  'decision',
  'llm_call',
  'tool_call',
  'checkpoint',
  'error',
] as const

export type EventType = (typeof EVENT_TYPES)[number]

/** How a step ended, as the agent reports it. */
export const OUTCOMES = ['ok', 'error'] as const

export type Outcome = (typeof OUTCOMES)[number]

/** An event as the agent reports it. */
export interface NewEvent {
  readonly type: EventType
  /** The name of the tool, the task of the model, or the label of a checkpoint. */
  readonly name: string
  readonly outcome: Outcome
  /** The id of the event of the same session that caused this one. */
  readonly parentId: string | null
  readonly model: string | null
  readonly inputTokens: number
  readonly outputTokens: number
  readonly durationMs: number
  /** From 0 to 1, as the agent rates itself. */
  readonly confidence: number | null
  readonly text: string
  /** Milliseconds since the epoch. */
  readonly timeMs: number
}

/** An event as it is stored. */
export interface AgentEvent extends NewEvent {
  readonly id: string
  readonly sessionId: string
  /** Position in the order of arrival within the session, from 1. */
  readonly sequence: number
  /** The outcome, or `'blocked'` if the safety policy forbids the event. */
  readonly status: Outcome | 'blocked'
  readonly violations: readonly Violation[]
}

/** The oldest first by the agent's clock. Events with the same time stay in order of arrival. */
export function inOrder(events: readonly AgentEvent[]): readonly AgentEvent[] {
  return events.toSorted((one, other) => one.timeMs - other.timeMs || one.sequence - other.sequence)
}
