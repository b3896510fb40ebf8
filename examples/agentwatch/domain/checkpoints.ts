import { notFound } from '../problem.ts'
import type { AgentEvent } from './event.ts'
import type { Session } from './session.ts'

/** A place in a session to which it can be rolled back. */
export interface Checkpoint {
  /** The id of the event that set it. */
  readonly id: string
  readonly label: string
  readonly timestamp: string
  /** Events up to it, itself included. */
  readonly eventsUpTo: number
  /** Events that a rollback would drop. */
  readonly eventsAfter: number
}

/** The checkpoints of a session: its events of that type, in order of arrival. */
export function checkpointsOf(session: Session): readonly Checkpoint[] {
  return session.events.flatMap((event, index) =>
    event.type === 'checkpoint' ? [toCheckpoint(event, index + 1, session.events.length)] : [],
  )
}

/** The checkpoint of that id. Throws the problem of an unknown one. */
export function checkpoint(session: Session, id: string): Checkpoint {
  const found = checkpointsOf(session).find((candidate) => candidate.id === id)
  if (found !== undefined) return found
  const remedy = `GET /api/v1/sessions/${session.id}/checkpoints lists them.`
  throw notFound('checkpoint of this session', id, remedy)
}

/** The events that stand before the rollback's cut: up to the checkpoint, itself included. */
export function eventsUpTo(session: Session, { eventsUpTo }: Checkpoint): readonly AgentEvent[] {
  return session.events.slice(0, eventsUpTo)
}

function toCheckpoint(event: AgentEvent, place: number, count: number): Checkpoint {
  return {
    id: event.id,
    label: event.name,
    timestamp: new Date(event.timeMs).toISOString(),
    eventsUpTo: place,
    eventsAfter: count - place,
  }
}
