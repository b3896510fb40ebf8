import { type Bounds, DEFAULT_BOUNDS } from './bounds.ts'
import { EVENT_TYPES, type EventType } from './event.ts'
import { Feed } from './feed.ts'
import { Safety } from './safety.ts'
import { SessionStore } from './session-store.ts'
import { Tenants } from './tenants.ts'

/** All that the server knows, in memory and bounded. */
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

/** What was ever taken in, removed since or not. */
export interface Totals {
  sessions: number
  readonly events: Record<EventType, number>
}

/** What a {@link Watch} can be made with. */
export interface WatchOptions {
  readonly bounds?: Partial<Bounds>
  readonly now?: () => number
}

/** A watch that has seen nothing yet. */
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
