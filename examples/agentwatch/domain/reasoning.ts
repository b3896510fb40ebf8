import { type AgentEvent, inOrder } from './event.ts'

/** A thought or a decision, and the events that it caused. */
export interface ReasoningStep {
  readonly step: number
  readonly eventId: string
  readonly kind: 'reasoning' | 'decision'
  readonly name: string
  readonly text: string
  readonly confidence: number | null
  readonly timestamp: string
  /** The events whose parent is this one. */
  readonly ledTo: readonly { readonly eventId: string; readonly name: string; readonly status: string }[]
}

/** The thoughts and decisions of a session, in order of time. */
export function reasoningOf(events: readonly AgentEvent[]): readonly ReasoningStep[] {
  const ordered = inOrder(events)
  const thoughts = ordered.flatMap((event) =>
    event.type === 'reasoning' || event.type === 'decision' ? [{ event, kind: event.type }] : [],
  )
  return thoughts.map(({ event, kind }, index) => ({
    step: index + 1,
    eventId: event.id,
    kind,
    name: event.name,
    text: event.text,
    confidence: event.confidence,
    timestamp: new Date(event.timeMs).toISOString(),
    ledTo: ordered
      .filter((other) => other.parentId === event.id)
      .map((other) => ({ eventId: other.id, name: other.name, status: other.status })),
  }))
}
