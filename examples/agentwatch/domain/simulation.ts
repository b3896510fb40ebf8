import { checkpoint, eventsUpTo } from './checkpoints.ts'
import { type Confidence, confidenceOf } from './confidence.ts'
import { costOf } from './cost.ts'
import type { AgentEvent, NewEvent } from './event.ts'
import { applyPolicy } from './ingest.ts'
import { roundUsd } from './pricing.ts'
import type { Violation } from './safety-policy.ts'
import type { Session } from './session.ts'
import type { Watch } from './watch.ts'

/** The assumptions of a simulation. */
export interface SimulationInput {
  /** The id of the checkpoint to start from; null for the end of the session. */
  readonly fromCheckpointId: string | null
  /** The model that every event with tokens is assumed to use; null for the real models. */
  readonly model: string | null
  /** The events that are assumed to follow. */
  readonly events: readonly NewEvent[]
}

/** The figures of a session, real or simulated. */
export interface SessionFigures {
  readonly events: number
  readonly totalUsd: number
  readonly tokens: number
  readonly confidence: Confidence
}

/** The result of a simulation. Nothing of it is stored. */
export interface Simulation {
  readonly actual: SessionFigures
  readonly projected: SessionFigures
  readonly differenceUsd: number
  /** Assumed events that the current policy would block. */
  readonly blocked: readonly { readonly name: string; readonly violations: readonly Violation[] }[]
}

/** Computes the figures that a session would have with the assumed events. */
export function simulate(watch: Watch, session: Session, input: SimulationInput): Simulation {
  const { fromCheckpointId, model } = input
  const kept =
    fromCheckpointId === null ? session.events : eventsUpTo(session, checkpoint(session, fromCheckpointId))
  const timeline: AgentEvent[] = kept.map((event) => withModel(event, model))
  const blocked: AgentEvent[] = []
  for (const event of input.events) {
    const simulated = applyPolicy(watch, session, withModel(event, model), timeline)
    timeline.push(simulated)
    if (simulated.status === 'blocked') blocked.push(simulated)
  }
  const actual = figuresOf(session.events)
  const projected = figuresOf(timeline)
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

function figuresOf(events: readonly AgentEvent[]): SessionFigures {
  const { inputTokens, outputTokens, totalUsd } = costOf(events)
  return {
    events: events.length,
    totalUsd,
    tokens: inputTokens + outputTokens,
    confidence: confidenceOf(events),
  }
}
