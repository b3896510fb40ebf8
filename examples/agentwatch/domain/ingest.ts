import { Problem, shorten } from '../problem.ts'
import { checkpoint, eventsUpTo } from './checkpoints.ts'
import { totalUsdOf } from './cost.ts'
import type { AgentEvent, NewEvent } from './event.ts'
import { newId } from './identifier.ts'
import { violationsOf } from './safety-policy.ts'
import type { NewSession, Session } from './session.ts'
import type { Watch } from './watch.ts'

/** Starts a session. */
export function startSession(watch: Watch, session: NewSession): Session {
  watch.totals.sessions += 1
  return watch.sessions.create(session, watch.now())
}

/**
 * Adds events to a session in their order: all of them, or none if one of them is invalid. An event that the
 * safety policy forbids is stored too, and marked as blocked: the agent did it or tried to do it.
 */
export function ingest(watch: Watch, session: Session, events: readonly NewEvent[]): readonly AgentEvent[] {
  watch.sessions.checkRoom(session, events.length)
  for (const event of events) checkParent(session, event)
  return events.map((event) => storeEvent(watch, session, event))
}

/** Drops the events after a checkpoint. */
export function rollBack(
  watch: Watch,
  session: Session,
  checkpointId: string,
): { kept: number; dropped: number } {
  const kept = eventsUpTo(session, checkpoint(session, checkpointId)).length
  const dropped = session.events.length - kept
  watch.sessions.truncate(session.id, kept, watch.now())
  watch.feed.publish({ kind: 'rollback', session, checkpointId, dropped })
  return { kept, dropped }
}

/** The event as the session would store it, with its violations of the current policy. */
export function applyPolicy(
  watch: Watch,
  session: Session,
  event: NewEvent,
  before: readonly NewEvent[],
): AgentEvent {
  const violations = violationsOf(watch.safety.policy, event, totalUsdOf(before))
  return {
    ...event,
    id: newId('evt'),
    sessionId: session.id,
    sequence: before.length + 1,
    status: violations.length > 0 ? 'blocked' : event.outcome,
    violations,
  }
}

function storeEvent(watch: Watch, session: Session, event: NewEvent): AgentEvent {
  const stored = applyPolicy(watch, session, event, session.events)
  watch.sessions.append(stored, watch.now())
  watch.totals.events[stored.type] += 1
  if (stored.status === 'blocked') watch.safety.recordBlocked(stored)
  watch.feed.publish({ kind: 'event', session, event: stored })
  return stored
}

function checkParent(session: Session, { parentId }: NewEvent): void {
  if (parentId === null || session.events.some((event) => event.id === parentId)) return
  throw new Problem({
    kind: 'invalid',
    message: `parentId must be the id of an event of session ${session.id}, got "${shorten(parentId)}".`,
    remedy: 'Send the parent event first and use the id in the answer, or omit parentId.',
    field: 'parentId',
    value: shorten(parentId),
  })
}
