import type { IncomingMessage, ServerResponse } from 'node:http'
import type { InFlightCounts } from '../../limiter/in-flight-counts.ts'
import type { RateLimiter } from '../../limiter/rate-limiter.ts'
import type { LIMITER_DESCRIPTION } from '../../limits/limiter-description.ts'
import type { Next } from '../../response/next.ts'
import type { LeaseStore } from '../../stores/leases/lease.ts'

/** Middleware for Express and for plain `node:http` that limits how many requests of a client are in flight. */
export interface ConcurrencyLimiter
  extends Pick<RateLimiter, 'guard' | 'explain' | 'health' | 'peek' | 'reset' | typeof LIMITER_DESCRIPTION>,
    InFlightCounts {
  (req: IncomingMessage, res: ServerResponse, next: Next): void
  /** Where places are taken: the store given, or the `MemoryLeases` that it made. */
  readonly store: LeaseStore
  /**
   * Refuses the requests that wait, and lets go of the store if the limiter made it. A store that was passed in stays open.
   * Requests in flight go on.
   */
  close(): Promise<void>
}
