import { type Channel, channel } from 'node:diagnostics_channel'
import type { RateLimiterError } from '../errors/rate-limiter-error.ts'
import type { Decision } from '../limits/decision.ts'
import type { LimiterDescription } from '../limits/limiter-description.ts'
import type { RequestClass } from '../limits/request-class.ts'
import type { Outcome } from './outcome.ts'

/**
 * The names of the channels. Limiters of another copy of this library publish on channels of the same names.
 */
export const CHANNEL_NAMES = {
  decision: 'express-tollgate:decision',
  storeCall: 'express-tollgate:store-call',
  storeFailure: 'express-tollgate:store-failure',
  circuit: 'express-tollgate:circuit',
  eviction: 'express-tollgate:eviction',
  ban: 'express-tollgate:ban',
  settlement: 'express-tollgate:settlement',
} as const

/**
 * Published on `express-tollgate:decision`, once for each limiter that handles a request, and for each
 * `limiter.consume()`.
 */
export interface DecisionEvent {
  readonly limiter: LimiterDescription
  readonly outcome: Outcome
  /**
   * The client key: an address, or the result of `keyGenerator`. It identifies a person: keep it out of logs
   * and labels.
   */
  readonly key: string
  /** Undefined for a request that was denied or skipped: its class was not determined. */
  readonly class: RequestClass | undefined
  /** The name of the plan; undefined without the option `plans`, for a preflight, and where `class` is. */
  readonly plan: string | undefined
  /** The units of the charge; 0 if there was no charge. */
  readonly cost: number
  /** The decision of the store; undefined if the store was not called or failed. */
  readonly decision: Decision | undefined
}

/** Published on `express-tollgate:store-call`, once for each decision that a store is called for. */
export interface StoreCallEvent {
  readonly limiter: LimiterDescription
  readonly verb: 'consume' | 'peek'
  /** The duration of the call, in milliseconds. */
  readonly durationMs: number
  /** How the call failed; undefined if the store made a decision. */
  readonly failure: StoreFailureKind | undefined
}

/**
 * `timeout`: the store did not answer within the deadline. `invalid_decision`: its answer is not a valid
 * decision. `error`: any other failure.
 */
export type StoreFailureKind = 'timeout' | 'invalid_decision' | 'error'

/**
 * Published on `express-tollgate:store-failure`, once for each call of a store that fails: a decision or a
 * write.
 */
export interface StoreFailureEvent {
  readonly limiter: LimiterDescription
  readonly kind: StoreFailureKind
  readonly error: RateLimiterError
}

/** Published on `express-tollgate:circuit`, when the circuit breaker of a limiter changes its state. */
export interface CircuitEvent {
  readonly limiter: LimiterDescription
  readonly state: 'closed' | 'open' | 'half-open'
  /** The failure that opened the circuit breaker; undefined for the other states. */
  readonly error: RateLimiterError | undefined
}

/**
 * Published on `express-tollgate:eviction`, when a memory store forgets a client early to make room for
 * another.
 */
export interface EvictionEvent {
  /** The `MemoryStore`. It keeps only hashes of client keys, so the event cannot name the client. */
  readonly store: object
}

/** Published on `express-tollgate:ban`, when the ban of a client begins or is ended early. */
export interface BanEvent {
  readonly limiter: LimiterDescription
  /** The client key, as in a {@link DecisionEvent}. */
  readonly key: string
  /**
   * `refusals` and `block`: a ban began, because of too many refusals or by `limiter.block()`. `unblock` and
   * `reset`: the ban was ended by `limiter.unblock()` or `limiter.reset()`.
   */
  readonly cause: 'refusals' | 'block' | 'unblock' | 'reset'
  /** Milliseconds until the ban ends; 0 if it was ended. */
  readonly endsInMs: number
}

/**
 * Published on `express-tollgate:settlement`, when a charge was settled or refunded: by `limiter.settle()` or
 * `limiter.refund()`, or because of `skipSuccessfulRequests` or `skipFailedRequests`.
 */
export interface SettlementEvent {
  readonly limiter: LimiterDescription
  /** The client key, as in a {@link DecisionEvent}. */
  readonly key: string
  /** The class of the charge. If a method override has charged two classes, the class with fewer units left. */
  readonly class: RequestClass
  /** The name of the plan that the charge was taken by; undefined without the option `plans`. */
  readonly plan: string | undefined
  /** Units that were recorded for the charge before. */
  readonly recordedBefore: number
  /** Units that are recorded now. The same as before, if the window of the charge is over. */
  readonly recorded: number
}

/** A channel of `node:diagnostics_channel` for one type of event. */
export interface EventChannel<Event> {
  /** Whether the channel has a subscriber. Without one, no event is made. */
  readonly hasSubscribers: boolean
  publish(event: Event): void
}

export const decisionChannel: EventChannel<DecisionEvent> = channel(CHANNEL_NAMES.decision) as Channel
export const storeCallChannel: EventChannel<StoreCallEvent> = channel(CHANNEL_NAMES.storeCall) as Channel
export const storeFailureChannel: EventChannel<StoreFailureEvent> = channel(
  CHANNEL_NAMES.storeFailure,
) as Channel
export const circuitChannel: EventChannel<CircuitEvent> = channel(CHANNEL_NAMES.circuit) as Channel
export const evictionChannel: EventChannel<EvictionEvent> = channel(CHANNEL_NAMES.eviction) as Channel
export const banChannel: EventChannel<BanEvent> = channel(CHANNEL_NAMES.ban) as Channel
export const settlementChannel: EventChannel<SettlementEvent> = channel(CHANNEL_NAMES.settlement) as Channel
