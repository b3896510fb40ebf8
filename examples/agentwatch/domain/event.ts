import type { Violation } from './safety-policy.ts'

/** What an agent can do, as far as it is watched. */
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

/** How a step ended, in the agent's own words. */
export const OUTCOMES = ['ok', 'error'] as const

export type Outcome = (typeof OUTCOMES)[number]

/** An event as the agent tells it. */
export interface NewEvent {
  readonly type: EventType
  /** The tool, the model's task, the label of a checkpoint. */
  readonly name: string
  readonly outcome: Outcome
  /** The event that caused this one, of the same session. */
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

/** An event as it is kept. */
export interface AgentEvent extends NewEvent {
  readonly id: string
  readonly sessionId: string
  /** Place in the order of arrival within the session, from 1. */
  readonly sequence: number
  /** The outcome, or `'blocked'` where the safety policy forbids the event. */
  readonly status: Outcome | 'blocked'
  readonly violations: readonly Violation[]
}

/** Oldest first by the agent's clock; arrival decides between equals. */
export function inOrder(events: readonly AgentEvent[]): readonly AgentEvent[] {
  return events.toSorted((one, other) => one.timeMs - other.timeMs || one.sequence - other.sequence)
}
