/** How much is stored in memory, and what happens above that. */
export interface Bounds {
  /** Above that, the session that was idle longest is dropped with its events. */
  readonly maxSessions: number
  /** Above that, an event is refused with 409. */
  readonly maxEventsPerSession: number
  /** Events of all sessions together. Above that, the session that was idle longest is dropped. */
  readonly maxEvents: number
  /** Above that, the oldest entry of the list of blocked events is dropped. */
  readonly maxBlocked: number
  /** Above that, a new tenant is refused with 409. */
  readonly maxTenants: number
  /** Revoked keys do not count. Above that, a new key is refused with 409. */
  readonly maxApiKeysPerTenant: number
}

/** About 100 MB if every event has the greatest length that is allowed. */
export const DEFAULT_BOUNDS: Bounds = {
  maxSessions: 1000,
  maxEventsPerSession: 1000,
  maxEvents: 20_000,
  maxBlocked: 500,
  maxTenants: 500,
  maxApiKeysPerTenant: 20,
}
