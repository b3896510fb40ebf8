import { notFound } from '../problem.ts'
import type { AgentEvent } from './event.ts'
import type { Session } from './session.ts'

/** A point of a session to which the session can be rolled back. */
export interface Checkpoint {
  /** The id of the checkpoint event. */
  readonly id: string
  readonly label: string
  readonly timestamp: string
  /** Number of events up to the checkpoint, including it. */
  readonly eventsUpTo: number
  /** Number of events that a rollback would drop. */
  readonly eventsAfter: number
}

/** The checkpoints of a session, in order of arrival. */
export function checkpointsOf(session: Session): readonly Checkpoint[] {
  return session.events.flatMap((event, index) =>
    event.type === 'checkpoint' ? [toCheckpoint(event, index + 1, session.events.length)] : [],
  )
}

/** The checkpoint with this id. Throws a Problem if there is none. */
export function checkpoint(session: Session, id: string): Checkpoint {
  const found = checkpointsOf(session).find((candidate) => candidate.id === id)
  if (found !== undefined) return found
  const remedy = `GET /api/v1/sessions/${session.id}/checkpoints lists them.`
  throw notFound('checkpoint of this session', id, remedy)
}

/** The events that a rollback keeps: those up to the checkpoint, including it. */
export function eventsUpTo(session: Session, { eventsUpTo }: Checkpoint): readonly AgentEvent[] {
  return session.events.slice(0, eventsUpTo)
}

function toCheckpoint(event: AgentEvent, position: number, count: number): Checkpoint {
  return {
    id: event.id,
    label: event.name,
    timestamp: new Date(event.timeMs).toISOString(),
    eventsUpTo: position,
    eventsAfter: count - position,
  }
}
