/** How much is kept in memory, and what happens when that is full. */
export interface Bounds {
  /** One more: the session that was idle longest is dropped with its events. */
  readonly maxSessions: number
  /** One more: the event is refused with 409. */
  readonly maxEventsPerSession: number
  /** Events of all sessions together. One more: the session that was idle longest is dropped. */
  readonly maxEvents: number
  /** One more: the oldest entry falls off the list of blocked events. */
  readonly maxBlocked: number
  /** One more: the tenant is refused with 409. */
  readonly maxTenants: number
  /** Revoked keys do not count. One more: the key is refused with 409. */
  readonly maxApiKeysPerTenant: number
}

/** About 100 MB when every event is as long as an event may be. */
export const DEFAULT_BOUNDS: Bounds = {
  maxSessions: 1000,
  maxEventsPerSession: 1000,
  maxEvents: 20_000,
  maxBlocked: 500,
  maxTenants: 500,
  maxApiKeysPerTenant: 20,
}
