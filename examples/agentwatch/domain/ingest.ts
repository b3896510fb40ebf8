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
 * Takes events into a session in their order: all of them or, when one does not fit, none.
 * What the safety policy forbids is kept as well, marked as blocked: the agent did it, or meant to.
 */
export function ingest(watch: Watch, session: Session, events: readonly NewEvent[]): readonly AgentEvent[] {
  watch.sessions.checkRoom(session, events.length)
  for (const event of events) checkParent(session, event)
  return events.map((event) => take(watch, session, event))
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

/** An event as it would stand in a session, judged by the policy in force. */
export function judge(
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

function take(watch: Watch, session: Session, event: NewEvent): AgentEvent {
  const taken = judge(watch, session, event, session.events)
  watch.sessions.append(taken, watch.now())
  watch.totals.events[taken.type] += 1
  if (taken.status === 'blocked') watch.safety.recordBlocked(taken)
  watch.feed.publish({ kind: 'event', session, event: taken })
  return taken
}

function checkParent(session: Session, { parentId }: NewEvent): void {
  if (parentId === null || session.events.some((event) => event.id === parentId)) return
  throw new Problem({
    kind: 'invalid',
    message: `parentId names no event of session ${session.id}, got "${shorten(parentId)}".`,
    remedy: 'Send the parent first and use the id in its answer, or leave parentId out.',
    field: 'parentId',
    value: shorten(parentId),
  })
}
