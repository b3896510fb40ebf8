import type { AgentEvent, EventType } from './event.ts'

/** How many steps of one type ended in each status. */
export interface Outcomes {
  readonly ok: number
  readonly error: number
  readonly blocked: number
}

/** How reliable an agent is, by the outcomes of its steps. */
export interface Confidence {
  /** From 0 to 1. */
  readonly score: number
  readonly level: 'high' | 'medium' | 'low'
  /** Share of steps that succeeded; 0.5 without any step. */
  readonly outcomeScore: number
  /** The mean of the agent's own ratings; null if it gave none. */
  readonly reportedScore: number | null
  /** Steps that count for the score. */
  readonly steps: number
  readonly byType: Readonly<Partial<Record<EventType, Outcomes>>>
  /** The score of the last ten steps minus the score of all earlier ones; null with fewer than eleven. */
  readonly trend: number | null
}

/** Types of events that can succeed or fail. */
const SCORED_TYPES: ReadonlySet<EventType> = new Set(['llm_call', 'tool_call', 'decision', 'error'])
const RECENT_STEPS = 10
/** Outcomes weigh more than the agent's own ratings. */
const OUTCOME_SHARE = 0.7

/** The confidence in an agent, from its events in order of time. */
export function confidenceOf(events: readonly AgentEvent[]): Confidence {
  const steps = events.filter((event) => SCORED_TYPES.has(event.type))
  const outcomeScore = shareOk(steps)
  const ratings = events.flatMap((event) => (event.confidence === null ? [] : [event.confidence]))
  const reportedScore = ratings.length === 0 ? null : mean(ratings)
  const score =
    reportedScore === null ? outcomeScore : OUTCOME_SHARE * outcomeScore + (1 - OUTCOME_SHARE) * reportedScore
  return {
    score: round(score),
    level: score >= 0.8 ? 'high' : score >= 0.5 ? 'medium' : 'low',
    outcomeScore: round(outcomeScore),
    reportedScore: reportedScore === null ? null : round(reportedScore),
    steps: steps.length,
    byType: byType(steps),
    trend: trendOf(steps),
  }
}

/** Laplace's rule of succession: it adds one success and one failure, so that a single step proves little. */
function shareOk(steps: readonly AgentEvent[]): number {
  let ok = 0
  let weight = 0
  for (const step of steps) {
    const bad = failed(step)
    // A forbidden step is worse than a step that only fails.
    weight += step.status === 'blocked' ? 2 : 1
    if (!bad) ok += 1
  }
  return (ok + 1) / (weight + 2)
}

function failed(step: AgentEvent): boolean {
  return step.status !== 'ok' || step.type === 'error'
}

function byType(steps: readonly AgentEvent[]): Partial<Record<EventType, Outcomes>> {
  const found: Partial<Record<EventType, Outcomes>> = {}
  for (const step of steps) {
    const sum = found[step.type] ?? { ok: 0, error: 0, blocked: 0 }
    const status = step.status === 'ok' && failed(step) ? 'error' : step.status
    found[step.type] = { ...sum, [status]: sum[status] + 1 }
  }
  return found
}

function trendOf(steps: readonly AgentEvent[]): number | null {
  if (steps.length <= RECENT_STEPS) return null
  return round(shareOk(steps.slice(-RECENT_STEPS)) - shareOk(steps.slice(0, -RECENT_STEPS)))
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length
}

function round(share: number): number {
  return Math.round(share * 1000) / 1000
}
