import { checkpoint, eventsUpTo } from './checkpoints.ts'
import { type Confidence, confidenceOf } from './confidence.ts'
import { costOf } from './cost.ts'
import type { AgentEvent, NewEvent } from './event.ts'
import { judge } from './ingest.ts'
import { roundUsd } from './pricing.ts'
import type { Violation } from './safety-policy.ts'
import type { Session } from './session.ts'
import type { Watch } from './watch.ts'

/** What to suppose. */
export interface Supposition {
  /** The checkpoint from which to go on; null for the end of the session. */
  readonly fromCheckpointId: string | null
  /** The model that every call with tokens is supposed to use; null to leave them as they are. */
  readonly model: string | null
  /** What happens next. */
  readonly events: readonly NewEvent[]
}

/** Where a session stands, or would stand. */
export interface Standing {
  readonly events: number
  readonly totalUsd: number
  readonly tokens: number
  readonly confidence: Confidence
}

/** What would become of a session. Nothing of it is kept. */
export interface Simulation {
  readonly actual: Standing
  readonly projected: Standing
  readonly differenceUsd: number
  /** Supposed events that the policy in force would block. */
  readonly blocked: readonly { readonly name: string; readonly violations: readonly Violation[] }[]
}

/** Works out what a supposition would do to a session: the same sums, on events that did not happen. */
export function simulate(watch: Watch, session: Session, supposition: Supposition): Simulation {
  const { fromCheckpointId, model } = supposition
  const kept =
    fromCheckpointId === null ? session.events : eventsUpTo(session, checkpoint(session, fromCheckpointId))
  const timeline: AgentEvent[] = kept.map((event) => withModel(event, model))
  const blocked: AgentEvent[] = []
  for (const event of supposition.events) {
    const judged = judge(watch, session, withModel(event, model), timeline)
    timeline.push(judged)
    if (judged.status === 'blocked') blocked.push(judged)
  }
  const actual = standingOf(session.events)
  const projected = standingOf(timeline)
  return {
    actual,
    projected,
    differenceUsd: roundUsd(projected.totalUsd - actual.totalUsd),
    blocked: blocked.map(({ name, violations }) => ({ name, violations })),
  }
}

function withModel<E extends NewEvent>(event: E, model: string | null): E {
  return model === null || event.inputTokens + event.outputTokens === 0 ? event : { ...event, model }
}

function standingOf(events: readonly AgentEvent[]): Standing {
  const { inputTokens, outputTokens, totalUsd } = costOf(events)
  return {
    events: events.length,
    totalUsd,
    tokens: inputTokens + outputTokens,
    confidence: confidenceOf(events),
  }
}
