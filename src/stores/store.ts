import type { BanRule } from '../limits/ban.ts'
import type { Decision, Receipt } from '../limits/decision.ts'
import type { AlgorithmName, Limit } from '../limits/limit.ts'
import type { KeyMemo } from './key-memo.ts'

/** A request to take `cost` units from all `limits`, or from none of them. */
export interface Charge {
  /** Unique for (limiter name, class, client key). It can be any string, and stores must not interpret it. */
  readonly key: string
  /**
   * Always the same one for the key, or none.
   *
   * @internal
   */
  readonly memo?: KeyMemo | undefined
  /** At least one. Several charges have the same array and the same limit objects. */
  readonly limits: readonly Limit[]
  /** Units: a whole number, from 1 to the smallest `burst` of the limits. */
  readonly cost: number
  /**
   * The rule by which refusals of this charge count towards a ban. Without it, a banned client is refused
   * too.
   */
  readonly ban?: BanRule | undefined
  /** Whether the charge may be settled or refunded. With `false`, a store may leave out the receipt. Default: true. */
  readonly refundable?: boolean
  /**
   * Set by the limiter when it does not wait any longer and has decided without the store. A store that has not
   * sent the charge yet should not send it.
   */
  isAbandoned?: boolean
}

/** What a store can do. A store that does not declare a capability does not have it. */
export interface StoreCapabilities {
  /** The algorithms that it can count by. */
  readonly algorithms: readonly AlgorithmName[]
  /** Whether a charge may have more than one limit. The store decides on all of them atomically. */
  readonly severalLimits: boolean
  /** Whether it counts refusals and bans clients. Then it has `block` and `unblock`. */
  readonly bans?: boolean | undefined
  /**
   * Whether a charge is a lease: it lasts until its receipt is released, and no window ends it. Stores of leases are for
   * `createConcurrencyLimiter` only. Default: false.
   */
  readonly leases?: boolean | undefined
  /**
   * Whether each charge must cost one unit, and can be kept or refunded only. Then the options `cost` and `settles` are
   * errors. Default: false.
   */
  readonly unitCostOnly?: boolean | undefined
  /** Whether several processes see the same counters. */
  readonly shared: boolean
}

/** The capabilities of a store that declares none. */
export const LEAST_CAPABILITIES: StoreCapabilities = {
  algorithms: ['fixed-window'],
  severalLimits: false,
  bans: false,
  shared: false,
}

/**
 * Keeps the counters. Only a store can provide atomic decisions and one time for all of them. To write one:
 * https://express-tollgate.github.io/express-tollgate/custom-store
 *
 * Only `consume` is required. A method may answer directly or with a promise. A promise gets a deadline. A
 * store fails by throwing or rejecting, and then the limiter's `onStoreError` applies.
 */
export interface Store {
  /** Default: `{ algorithms: ['fixed-window'], severalLimits: false, bans: false, shared: false }`. */
  readonly capabilities?: StoreCapabilities | undefined
  /**
   * Where the counters are. Two stores with the same text have the same counter for the same key, and a limiter warns if
   * one request charges it through both. Default: nothing is known.
   */
  readonly countersAt?: string | undefined
  /**
   * How long a promise of the store may take, in milliseconds. The limiter's `storeDeadlineMs` overrides it.
   */
  readonly deadlineMs?: number | undefined
  /**
   * How long a promise of the store may take until the store has answered for the first time, in milliseconds
   * from the first call: it may have to connect. Default: 1000.
   */
  readonly connectDeadlineMs?: number | undefined
  /**
   * Called when a limiter is created with the store, with all limits that it charges. A limit whose units a function
   * decides has one unit here.
   *
   * @throws RateLimiterError `unsupported_by_store` if the store cannot count by them
   */
  prepare?(limits: readonly Limit[]): void
  /**
   * Resolves when the store can answer, and rejects if it cannot. Limiters do not call it. An application can
   * wait for it before its server listens.
   */
  ready?(): Promise<void>
  /**
   * Whether the failure of a call is an answer of a store that works: an error that concerns one key, for
   * example. Such a failure does not count towards the circuit breaker. Default: it is none.
   */
  isAlive?(error: unknown): boolean
  /**
   * Why the store cannot answer now, as far as it knows: it is not connected, for example. The limiter asks when
   * a call has taken too long, for its message.
   */
  problem?(): Error | undefined
  /**
   * Takes the charge from all limits, or from none if one of them refuses it.
   *
   * A refusal takes nothing, so that refused requests do not delay the release of a client. A store writes
   * only the count of refusals, if `charge.ban` is given.
   */
  consume(charge: Charge): Decision | Promise<Decision>
  /** What `consume` would answer now. It takes nothing and counts no refusal. */
  peek?(charge: Charge): Decision | Promise<Decision>
  /**
   * Changes what is recorded for a charge, in the window of the charge only. Less is given back, as far as it still
   * counts. More is taken even if nothing is left: each limit takes as much as leads to a debt of its `maxDebt`. The
   * last value is valid. A settlement to 0 gives the charge back, and is final.
   *
   * A receipt that is no longer valid is not an error: nothing changes. Settlements of one receipt take effect in
   * the order of the calls.
   *
   * @param cost units, a whole number from 0
   * @returns the units recorded for the charge now; of several limits, the most that one has recorded. 0 if the store
   *   does not know the receipt
   */
  settle?(receipt: Receipt, cost: number): number | Promise<number>
  /** Bans a key for `forMs` milliseconds from now. Replaces an earlier ban. */
  block?(key: string, forMs: number): void | Promise<void>
  /** Ends the ban of a key and forgets its refusals. The units used stay used. */
  unblock?(key: string): void | Promise<void>
  /** Forgets one key, its ban included. */
  reset?(key: string): void | Promise<void>
  /** Forgets every key. */
  resetAll?(): void | Promise<void>
  /** Frees timers, sockets and memory. To close a store twice is not an error. */
  close?(): void | Promise<void>
}
