import type { AgentEvent, NewEvent } from '../../../examples/agentwatch/domain/event.ts'

/** The time at which the clocks of these tests start, in milliseconds since the epoch. */
export const START_MS: number = Date.UTC(2026, 0, 31, 12, 0, 0)

/** An event with these parts, and empty values for all others. */
export function newEvent(parts: Partial<NewEvent> = {}): NewEvent {
  return {
    type: 'tool_call',
    name: 'search.web',
    outcome: 'ok',
    parentId: null,
    model: null,
    inputTokens: 0,
    outputTokens: 0,
    durationMs: 0,
    confidence: null,
    text: '',
    timeMs: START_MS,
    ...parts,
  }
}

/** A stored event with these parts. */
export function storedEvent(parts: Partial<AgentEvent> = {}): AgentEvent {
  const sequence = parts.sequence ?? 1
  const event = newEvent(parts)
  return {
    ...event,
    id: `evt_${sequence}`,
    sessionId: 'ses_1',
    sequence,
    status: event.outcome,
    violations: [],
    ...parts,
  }
}
