import type { Decision } from '../../limits/decision.ts'
import type { Limit } from '../../limits/limit.ts'
import type { Charge, Store } from '../store.ts'

/** The receipt of a store of leases: a place that a request holds while it runs. */
export interface Lease {
  /** Gives the place back. Never throws or rejects, and does nothing when it is called again. */
  release(): void
}

/** A store whose charges are leases. `createConcurrencyLimiter` takes one. */
export interface LeaseStore extends Store {
  /** Answers with a {@link Lease} as the receipt of each allowed charge. The cost is always 1. */
  consume(charge: Charge): Decision | Promise<Decision>
}

/** Nobody knows when a request ends. A second is short enough to try again soon, and the shortest `Retry-After`. */
export const RETRY_AFTER_MS = 1000

/** How many places of a limit are taken, and whether the charge got one of them. */
export interface TakenPlaces {
  /** Includes the place of this charge if it got one. */
  readonly taken: number
  readonly allowed: boolean
}

/** The decision on a charge of one place. */
export function leaseDecision({ name, limit }: Limit, places: TakenPlaces, lease?: Lease): Decision {
  const { allowed, taken } = places
  return {
    allowed,
    retryAfterMs: allowed ? 0 : RETRY_AFTER_MS,
    limits: [{ name, limit, remaining: Math.max(0, limit - taken), resetMs: RETRY_AFTER_MS }],
    // If another limiter refuses the request, its place is free again.
    ...(allowed ? { repeatAfterMs: 0 } : {}),
    ...(lease === undefined ? {} : { receipt: lease }),
  }
}

/** The one limit of a charge. A charge of leases has no other. */
export function limitOfCharge({ limits }: Charge): Limit {
  const [limit] = limits
  if (limit === undefined) throw new Error('a charge has at least one limit')
  return limit
}
