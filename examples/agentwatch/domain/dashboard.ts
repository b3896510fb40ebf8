import { confidenceOf } from './confidence.ts'
import { costOf, tokensOf } from './cost.ts'
import type { AgentEvent, EventType } from './event.ts'
import { roundUsd } from './pricing.ts'
import { SESSION_STATUSES, type Session, type SessionStatus } from './session.ts'
import type { Watch } from './watch.ts'

/** Figures over all stored sessions. */
export interface Summary {
  readonly sessions: Readonly<Record<SessionStatus, number>>
  readonly agents: number
  readonly events: number
  readonly eventsByType: Readonly<Partial<Record<EventType, number>>>
  readonly tokens: number
  readonly costUsd: number
  /** Share of events that failed or were blocked, from 0 to 1. */
  readonly errorRate: number
  /** Mean of the confidence scores of the sessions; null without sessions. */
  readonly meanConfidence: number | null
  readonly blockedEvents: number
}

/** The measures for a ranking. */
export const TOP_MEASURES = ['cost', 'events', 'tokens', 'errors'] as const

export type TopMeasure = (typeof TOP_MEASURES)[number]

/** The highest values of one measure. */
export interface Top {
  readonly by: TopMeasure
  readonly sessions: readonly Ranked[]
  readonly agents: readonly Ranked[]
  readonly tools: readonly Ranked[]
}

export interface Ranked {
  readonly name: string
  readonly value: number
}

/** The figures over all sessions. */
export function summaryOf({ sessions }: Watch): Summary {
  const all = sessions.list()
  const events = all.flatMap((session): readonly AgentEvent[] => session.events)
  const { inputTokens, outputTokens, totalUsd } = costOf(events)
  const scores = all.map((session) => confidenceOf(session.events).score)
  const failed = measure('errors', events)
  return {
    sessions: countBy(SESSION_STATUSES, all, (session) => session.status),
    agents: new Set(all.map((session) => session.agent)).size,
    events: events.length,
    eventsByType: Object.fromEntries(
      [...groupBy(events, (event) => event.type)].map(([k, v]) => [k, v.length]),
    ),
    tokens: inputTokens + outputTokens,
    costUsd: totalUsd,
    errorRate: events.length === 0 ? 0 : Math.round((failed / events.length) * 1000) / 1000,
    meanConfidence: scores.length === 0 ? null : Math.round((sum(scores) / scores.length) * 1000) / 1000,
    blockedEvents: events.filter((event) => event.status === 'blocked').length,
  }
}

/** The sessions, agents and tools with the highest values of a measure, `limit` of each. */
export function topOf({ sessions }: Watch, by: TopMeasure, limit: number): Top {
  const all = sessions.list()
  const events = all.flatMap((session): readonly AgentEvent[] => session.events)
  const agentOf = new Map(all.map((session: Session) => [session.id, session.agent]))
  const calls = events.filter((event) => event.type === 'tool_call')
  return {
    by,
    sessions: rank(
      groupBy(events, (event) => event.sessionId),
      by,
      limit,
    ),
    agents: rank(
      groupBy(events, (event) => agentOf.get(event.sessionId) ?? ''),
      by,
      limit,
    ),
    tools: rank(
      groupBy(calls, (event) => event.name),
      by,
      limit,
    ),
  }
}

function rank(groups: ReadonlyMap<string, readonly AgentEvent[]>, by: TopMeasure, limit: number): Ranked[] {
  return [...groups]
    .map(([name, events]) => ({ name, value: measure(by, events) }))
    .filter(({ value }) => value > 0)
    .sort((one, other) => other.value - one.value || (one.name < other.name ? -1 : 1))
    .slice(0, limit)
}

function measure(by: TopMeasure, events: readonly AgentEvent[]): number {
  if (by === 'events') return events.length
  if (by === 'cost') return roundUsd(costOf(events).totalUsd)
  if (by === 'tokens') return tokensOf(events)
  return events.filter((event) => event.status !== 'ok').length
}

function groupBy<Key>(
  events: readonly AgentEvent[],
  keyOf: (event: AgentEvent) => Key,
): ReadonlyMap<Key, readonly AgentEvent[]> {
  const groups = new Map<Key, AgentEvent[]>()
  for (const event of events) {
    const group = groups.get(keyOf(event))
    if (group === undefined) groups.set(keyOf(event), [event])
    else group.push(event)
  }
  return groups
}

function countBy<Item, Key extends string>(
  keys: readonly Key[],
  items: readonly Item[],
  keyOf: (item: Item) => Key,
): Record<Key, number> {
  const count = (key: Key): number => items.filter((item) => keyOf(item) === key).length
  return Object.fromEntries(keys.map((key) => [key, count(key)])) as Record<Key, number>
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
