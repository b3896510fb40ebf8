import { type Bounds, DEFAULT_BOUNDS } from './bounds.ts'
import { EVENT_TYPES, type EventType } from './event.ts'
import { Feed } from './feed.ts'
import { Safety } from './safety.ts'
import { SessionStore } from './session-store.ts'
import { Tenants } from './tenants.ts'

/** The state of the server: in memory, and bounded. */
export interface Watch {
  readonly bounds: Bounds
  readonly sessions: SessionStore
  readonly safety: Safety
  readonly tenants: Tenants
  readonly feed: Feed
  readonly totals: Totals
  readonly startedMs: number
  /** Milliseconds since the epoch. */
  now(): number
}

/** Counts since the start. Sessions and events that were removed since are included. */
export interface Totals {
  sessions: number
  readonly events: Record<EventType, number>
}

/** Options of {@link createWatch}. */
export interface WatchOptions {
  readonly bounds?: Partial<Bounds>
  readonly now?: () => number
}

/** Creates an empty watch. */
export function createWatch({ bounds, now = Date.now }: WatchOptions = {}): Watch {
  const all: Bounds = { ...DEFAULT_BOUNDS, ...bounds }
  const startedMs = now()
  return {
    bounds: all,
    sessions: new SessionStore(all),
    safety: new Safety(all.maxBlocked, startedMs),
    tenants: new Tenants(all),
    feed: new Feed(),
    totals: { sessions: 0, events: countNone() },
    startedMs,
    now,
  }
}

function countNone(): Record<EventType, number> {
  return Object.fromEntries(EVENT_TYPES.map((type) => [type, 0])) as Record<EventType, number>
}
