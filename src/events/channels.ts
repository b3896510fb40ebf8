import { type Channel, channel } from 'node:diagnostics_channel'
import type { RateLimiterError } from '../errors/rate-limiter-error.ts'
import type { Decision } from '../limits/decision.ts'
import type { LimiterDescription } from '../limits/limiter-description.ts'
import type { RequestClass } from '../limits/request-class.ts'

/**
 * What became of a request, or of a charge without one.
 *
 * - `allowed`: admitted, with more than a fifth of every limit left.
 * - `near`: admitted, and 80 % or more of a limit is used.
 * - `limited`: refused by a limit.
 * - `banned`: refused because the client is banned.
 * - `shadowed`: would have been refused, by a limiter in shadow mode.
 * - `denied`: turned away by the `denyList`.
 * - `skipped`: not limited, by `skip`, the `allowList` or a class without a limit.
 * - `uncounted`: admitted though the store failed, as `onStoreError: 'allow'` wants it, or in shadow mode.
 * - `unavailable`: refused because the store failed, as `onStoreError: 'deny'` wants it.
 */
export type Outcome =
  | 'allowed'
  | 'near'
  | 'limited'
  | 'banned'
  | 'shadowed'
  | 'denied'
  | 'skipped'
  | 'uncounted'
  | 'unavailable'

/** Published on `express-tollgate:decision`, once for each limiter that a request meets. */
export interface DecisionEvent {
  readonly limiter: LimiterDescription
  readonly outcome: Outcome
  /** Who asked: an address, or what `keyGenerator` returned. It names a person: keep it out of logs and labels. */
  readonly key: string
  /** Undefined where the request was not sorted into one: it was denied or skipped. */
  readonly class: RequestClass | undefined
  /** Units asked for; 0 where nothing was to be charged. */
  readonly cost: number
  /** What the store answered; undefined where it was not asked or failed. */
  readonly decision: Decision | undefined
}

/** Published on `express-tollgate:store-call`: one decision that a store was asked for. */
export interface StoreCallEvent {
  readonly limiter: LimiterDescription
  readonly verb: 'consume' | 'peek'
  /** How long it took, in milliseconds. */
  readonly durationMs: number
  /** How it failed; undefined where it was answered. */
  readonly failure: StoreFailureKind | undefined
}

/** `timeout`: no answer within the deadline. `invalid_decision`: an answer that is none. `error`: anything else. */
export type StoreFailureKind = 'timeout' | 'invalid_decision' | 'error'

/** Published on `express-tollgate:store-failure`: a call of a store that failed, a write or a decision. */
export interface StoreFailureEvent {
  readonly limiter: LimiterDescription
  readonly kind: StoreFailureKind
  readonly error: RateLimiterError
}

/** Published on `express-tollgate:circuit`: a limiter begins or ends to keep away from its store. */
export interface CircuitEvent {
  readonly limiter: LimiterDescription
  readonly state: 'closed' | 'open' | 'half-open'
  /** What opened it. */
  readonly error: RateLimiterError | undefined
}

/** Published on `express-tollgate:eviction`: a memory store forgot a client before its time, to make room. */
export interface EvictionEvent {
  /** The `MemoryStore`. It knows hashes of its clients, and cannot tell which one it was. */
  readonly store: object
}

/** Published on `express-tollgate:ban`: a client is banned, or is no longer. */
export interface BanEvent {
  readonly limiter: LimiterDescription
  /** Who, as in a {@link DecisionEvent}. */
  readonly key: string
  /** By too many refusals, by `limiter.block()`; or ended by `limiter.unblock()` or `limiter.reset()`. */
  readonly cause: 'refusals' | 'block' | 'unblock' | 'reset'
  /** Milliseconds until it ends; 0 where it ended. */
  readonly endsInMs: number
}

/** A channel of `node:diagnostics_channel` that carries one kind of event. */
export interface EventChannel<Event> {
  /** Whether anybody listens: nothing is made for a channel where nobody does. */
  readonly hasSubscribers: boolean
  publish(event: Event): void
}

const named = <Event>(name: string): EventChannel<Event> => channel(`express-tollgate:${name}`) as Channel

export const decisions: EventChannel<DecisionEvent> = named('decision')
export const storeCalls: EventChannel<StoreCallEvent> = named('store-call')
export const storeFailures: EventChannel<StoreFailureEvent> = named('store-failure')
export const circuits: EventChannel<CircuitEvent> = named('circuit')
export const evictions: EventChannel<EvictionEvent> = named('eviction')
export const bans: EventChannel<BanEvent> = named('ban')
