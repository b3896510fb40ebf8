import { type AgentEvent, inOrder } from './event.ts'
import { costUsdOf, roundUsd } from './pricing.ts'

/** An event with the events that it caused. */
export interface Span {
  readonly id: string
  readonly type: string
  readonly name: string
  readonly status: string
  /** Milliseconds since the first event of the session. */
  readonly startOffsetMs: number
  readonly durationMs: number
  readonly costUsd: number
  readonly depth: number
  readonly children: readonly Span[]
}

/** The events of a session as trees of parents and children. Each level is in order of time. */
export interface Trace {
  readonly spans: readonly Span[]
  readonly count: number
  readonly depth: number
  /** From the first start to the last end. */
  readonly durationMs: number
}

/** The trace of a session's events. */
export function traceOf(events: readonly AgentEvent[]): Trace {
  const ordered = inOrder(events)
  const startMs = ordered[0]?.timeMs ?? 0
  const childrenOf = new Map<string | null, AgentEvent[]>()
  for (const event of ordered) {
    const siblings = childrenOf.get(event.parentId)
    if (siblings === undefined) childrenOf.set(event.parentId, [event])
    else siblings.push(event)
  }
  let deepest = 0
  const depths = depthsOf(events)
  // Children arrive after their parents, so the spans are built from the last arrival backwards. This needs
  // no recursion: a chain of a thousand events cannot exceed the call stack.
  const spans = new Map<string, Span>()
  for (const event of events.toReversed()) {
    const depth = depths.get(event.id) ?? 1
    deepest = Math.max(deepest, depth)
    const children = (childrenOf.get(event.id) ?? []).flatMap((child) => spans.get(child.id) ?? [])
    spans.set(event.id, toSpan(event, startMs, depth, children))
  }
  const endMs = ordered.reduce((latest, event) => Math.max(latest, event.timeMs + event.durationMs), startMs)
  const roots = (childrenOf.get(null) ?? []).flatMap((event) => spans.get(event.id) ?? [])
  return { spans: roots, count: events.length, depth: deepest, durationMs: endMs - startMs }
}

/** The depth of each event: 1 for an event without a parent. */
function depthsOf(events: readonly AgentEvent[]): ReadonlyMap<string, number> {
  const depths = new Map<string, number>()
  for (const event of events) {
    depths.set(event.id, event.parentId === null ? 1 : (depths.get(event.parentId) ?? 0) + 1)
  }
  return depths
}

function toSpan(event: AgentEvent, startMs: number, depth: number, children: readonly Span[]): Span {
  return {
    id: event.id,
    type: event.type,
    name: event.name,
    status: event.status,
    startOffsetMs: event.timeMs - startMs,
    durationMs: event.durationMs,
    costUsd: roundUsd(costUsdOf(event)),
    depth,
    children,
  }
}
