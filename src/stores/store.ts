import type { BanRule } from '../limits/ban.ts'
import type { Decision, Receipt } from '../limits/decision.ts'
import type { AlgorithmName, Limit } from '../limits/limit.ts'

/** A request to take `cost` units from every one of `limits`, or from none of them. */
export interface Charge {
  /** Unique for (limiter name, class, client key). Any string: stores must not interpret it. */
  readonly key: string
  /** At least one. The array and the limits in it keep their identity from charge to charge. */
  readonly limits: readonly Limit[]
  /** Units, a whole number of at least 1 and at most the smallest `burst` of the limits. */
  readonly cost: number
  /** Refusals of this charge count towards a ban by this rule. Bans are heeded with and without it. */
  readonly ban?: BanRule | undefined
  /** Whether anybody may give the charge back; with `false` a store may leave the receipt out. Default: true. */
  readonly refundable?: boolean
}

/** What a store can do. What it does not declare, it cannot. */
export interface StoreCapabilities {
  /** The algorithms it knows. */
  readonly algorithms: readonly AlgorithmName[]
  /** Whether a charge may carry more than one limit, decided atomically. */
  readonly severalLimits: boolean
  /** Whether it counts refusals and bans clients; it has `block` and `unblock` then. */
  readonly bans?: boolean
  /** Whether several processes see the same counters. */
  readonly shared: boolean
}

/** Assumed of a store that declares nothing. */
export const LEAST_CAPABILITIES: StoreCapabilities = {
  algorithms: ['fixed-window'],
  severalLimits: false,
  bans: false,
  shared: false,
}

/**
 * Keeps the counters and owns two things that cannot be had outside: atomicity and the time.
 *
 * Only `consume` is required. A method may answer directly or with a promise; a promise gets a deadline.
 * A store fails by throwing or rejecting; the limiter's `onStoreError` says what happens then.
 */
export interface Store {
  /** Left out, {@link LEAST_CAPABILITIES} is assumed. */
  readonly capabilities?: StoreCapabilities
  /** How long a promise of the store may take, in milliseconds, where the limiter's `storeDeadlineMs` is not set. */
  readonly deadlineMs?: number
  /**
   * Takes the charge from all limits or, when one of them does not admit it, from none.
   * A refusal takes nothing: refused requests do not push a client's release further away. All it writes is
   * the count of refusals that `charge.ban` asks for.
   */
  consume(charge: Charge): Decision | Promise<Decision>
  /** What `consume` would answer now, with nothing taken and no refusal counted. */
  peek?(charge: Charge): Decision | Promise<Decision>
  /**
   * Gives a charge back: once, as far as it still weighs on the client, never below zero used.
   * A receipt that is no longer good is not an error.
   */
  refund?(receipt: Receipt): void | Promise<void>
  /** Bans a key for so many milliseconds from now, whatever ban it had. */
  block?(key: string, forMs: number): void | Promise<void>
  /** Ends a key's ban and forgets its refusals; what it has used stays used. */
  unblock?(key: string): void | Promise<void>
  /** Forgets one key, its ban included. */
  reset?(key: string): void | Promise<void>
  /** Forgets every key. */
  resetAll?(): void | Promise<void>
  /** Lets go of timers, sockets and memory. Closing twice is not an error. */
  close?(): void | Promise<void>
}
