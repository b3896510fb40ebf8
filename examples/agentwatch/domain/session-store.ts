import { notFound, Problem } from '../problem.ts'
import type { Bounds } from './bounds.ts'
import type { AgentEvent } from './event.ts'
import { newId } from './identifier.ts'
import type { NewSession, Session, SessionStatus } from './session.ts'

type Stored = { -readonly [Name in keyof Session]: Session[Name] } & { events: AgentEvent[] }

/** The tenant whose sessions a caller may see; null for all sessions. */
export type Viewer = string | null

/** Stores sessions with their events, never more than the bounds allow. */
export class SessionStore {
  readonly #bounds: Bounds
  /** The session that was idle longest comes first. Every change moves a session to the end. */
  readonly #sessions = new Map<string, Stored>()
  #eventCount = 0

  constructor(bounds: Bounds) {
    this.#bounds = bounds
  }

  get size(): number {
    return this.#sessions.size
  }

  get eventCount(): number {
    return this.#eventCount
  }

  create(session: NewSession, nowMs: number): Session {
    const created: Stored = {
      ...session,
      id: newId('ses'),
      status: 'running',
      createdMs: nowMs,
      activeMs: nowMs,
      events: [],
    }
    if (this.#sessions.size >= this.#bounds.maxSessions) this.#dropIdlest(created.id)
    this.#sessions.set(created.id, created)
    return created
  }

  /** Throws a Problem for an unknown id. A session of another tenant is treated as unknown. */
  get(id: string, viewer: Viewer = null): Session {
    return this.#get(id, viewer)
  }

  /** The most recently active first. */
  list(viewer: Viewer = null): readonly Session[] {
    return [...this.#sessions.values()].reverse().filter((session) => visible(session, viewer))
  }

  setStatus(id: string, status: SessionStatus, nowMs: number): Session {
    const session = this.#get(id)
    session.status = status
    this.#touch(session, nowMs)
    return session
  }

  /** Throws a Problem unless the session can hold `count` more events. */
  checkRoom(session: Session, count: number): void {
    if (session.status !== 'running') {
      throw new Problem({
        kind: 'conflict',
        message: `Session ${session.id} is ${session.status} and accepts no more events.`,
        remedy:
          `Reopen it with PATCH /api/v1/sessions/${session.id} {"status":"running"}, ` +
          'or start another session.',
      })
    }
    const { maxEventsPerSession: max } = this.#bounds
    if (session.events.length + count > max) {
      throw new Problem({
        kind: 'conflict',
        message: `Session ${session.id} has ${session.events.length} of at most ${max} events.`,
        remedy: 'Start another session, or roll this one back to a checkpoint.',
      })
    }
  }

  append(event: AgentEvent, nowMs: number): void {
    const session = this.#get(event.sessionId)
    while (this.#eventCount >= this.#bounds.maxEvents && this.#dropIdlest(session.id));
    session.events.push(event)
    this.#eventCount += 1
    this.#touch(session, nowMs)
  }

  /** Drops all events but the first `keep` in order of arrival, and sets the session running again. */
  truncate(id: string, keep: number, nowMs: number): Session {
    const session = this.#get(id)
    this.#eventCount -= session.events.splice(keep).length
    session.status = 'running'
    this.#touch(session, nowMs)
    return session
  }

  remove(id: string): void {
    const session = this.#get(id)
    this.#sessions.delete(id)
    this.#eventCount -= session.events.length
  }

  /** Removes the sessions without activity since this time. Returns how many. */
  prune(activeBeforeMs: number): number {
    const idle = [...this.#sessions.values()].filter((session) => session.activeMs < activeBeforeMs)
    for (const session of idle) this.remove(session.id)
    return idle.length
  }

  #get(id: string, viewer: Viewer = null): Stored {
    const session = this.#sessions.get(id)
    if (session !== undefined && visible(session, viewer)) return session
    throw notFound('session', id, 'GET /api/v1/sessions lists the stored sessions.')
  }

  #touch(session: Stored, nowMs: number): void {
    session.activeMs = nowMs
    this.#sessions.delete(session.id)
    this.#sessions.set(session.id, session)
  }

  /** Drops one session, never the one with the id `sparedId`. Returns whether there was one to drop. */
  #dropIdlest(sparedId: string): boolean {
    for (const id of this.#sessions.keys()) {
      if (id === sparedId) continue
      this.remove(id)
      return true
    }
    return false
  }
}

function visible(session: Session, viewer: Viewer): boolean {
  return viewer === null || session.tenantId === viewer
}
