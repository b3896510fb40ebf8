import { notFound, Problem } from '../problem.ts'
import type { Bounds } from './bounds.ts'
import type { AgentEvent } from './event.ts'
import { newId } from './identifier.ts'
import type { NewSession, Session, SessionStatus } from './session.ts'

type Stored = { -readonly [Name in keyof Session]: Session[Name] } & { events: AgentEvent[] }

/** Whose sessions a caller may see: one tenant's, or with null all of them. */
export type Viewer = string | null

/** Keeps sessions with their events, never more than the bounds say. */
export class SessionStore {
  readonly #bounds: Bounds
  /** Idle longest first: whatever touches a session moves it to the end. */
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

  /** Throws the problem of an unknown id; a session of another tenant is as unknown as none. */
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

  /** Throws unless the session takes that many more events. */
  checkRoom(session: Session, count: number): void {
    if (session.status !== 'running') {
      throw new Problem({
        kind: 'conflict',
        message: `Session ${session.id} is ${session.status} and takes no more events.`,
        remedy: `Reopen it with PATCH /api/v1/sessions/${session.id} {"status":"running"}, or start another.`,
      })
    }
    const { maxEventsPerSession } = this.#bounds
    if (session.events.length + count > maxEventsPerSession) {
      throw new Problem({
        kind: 'conflict',
        message: `Session ${session.id} holds ${session.events.length} of at most ${maxEventsPerSession} events.`,
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

  /** Drops the events that arrived after the first `keep`. The session is running again. */
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

  /** Removes the sessions to which nothing happened since then. */
  prune(activeBeforeMs: number): number {
    const idle = [...this.#sessions.values()].filter((session) => session.activeMs < activeBeforeMs)
    for (const session of idle) this.remove(session.id)
    return idle.length
  }

  #get(id: string, viewer: Viewer = null): Stored {
    const session = this.#sessions.get(id)
    if (session !== undefined && visible(session, viewer)) return session
    throw notFound('session', id, 'GET /api/v1/sessions lists the sessions that are kept.')
  }

  #touch(session: Stored, nowMs: number): void {
    session.activeMs = nowMs
    this.#sessions.delete(session.id)
    this.#sessions.set(session.id, session)
  }

  /** Whether there was one to drop besides `spared`. */
  #dropIdlest(spared: string): boolean {
    for (const id of this.#sessions.keys()) {
      if (id === spared) continue
      this.remove(id)
      return true
    }
    return false
  }
}

function visible(session: Session, viewer: Viewer): boolean {
  return viewer === null || session.tenantId === viewer
}
