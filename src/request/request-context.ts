import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Client } from '../client/known-client.ts'
import type { RateLimiterError } from '../errors/rate-limiter-error.ts'
import type { Decision, Receipt } from '../limits/decision.ts'
import type { LimiterDescription } from '../limits/limiter-description.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { Settings } from '../options/settings.ts'
import type { Next } from '../response/next.ts'
import type { RateLimitInfo } from '../response/rate-limit-info.ts'
import type { ResilientStore } from '../stores/resilience/resilient-store.ts'
import type { ComposeCharge, PolicyCharge } from './policy-charge.ts'
import type { RequestProperty } from './request-property.ts'
import type { RequestRecord } from './request-record.ts'
import type { DecidedVisit, MetLimiter } from './visit.ts'

/** What decides on a charge. */
export interface Counting {
  readonly store: ResilientStore
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** What a limiter does with a charge. It sets a limiter of requests in flight apart from one of requests in a time. */
export interface ChargeSteps<Req extends IncomingMessage, Res extends ServerResponse> {
  /** Takes a charge. */
  readonly takeCharge: (
    counting: Counting,
    policyCharge: PolicyCharge,
    context: RequestContext<Req, Res>,
  ) => MaybePromise<AnsweredRequest>
  /** Called for an allowed request, after its headers were written. */
  readonly followUp: (
    context: RequestContext<Req, Res>,
    shown: ShownDecision,
    parts: MiddlewareParts<Req, Res>,
  ) => void
}

/** Everything that the middleware of one limiter needs. It is made once, when the limiter is created. */
export interface MiddlewareParts<Req extends IncomingMessage, Res extends ServerResponse>
  extends ChargeSteps<Req, Res>,
    MetLimiter {
  readonly settings: Settings<Req, Res>
  /** What events say about the limiter. */
  readonly description: LimiterDescription
  /** Throws once the limiter is closed. */
  readonly checkOpen: () => void
  readonly resolveClient: (req: Req, headers: IncomingHttpHeaders) => Client
  readonly composeCharge: ComposeCharge<Req, Res>
  readonly infoProperty: RequestProperty
  /** The fields that scripts of other origins may read; undefined where the options expose none. */
  readonly exposedNames: readonly string[] | undefined
  readonly store: ResilientStore
  /** Milliseconds since the epoch, for the instants in headers. */
  readonly now: () => number
}

/** One request that passes through the middleware of one limiter. */
export interface RequestContext<Req extends IncomingMessage, Res extends ServerResponse> {
  readonly req: Req
  readonly res: Res
  readonly next: Next
  readonly record: RequestRecord
}

/** What the store answered: its decision, or why there is none. */
export type StoreAnswer = Decision | RateLimiterError

/** A request for which the store was asked. */
export interface AnsweredRequest {
  readonly policyCharge: PolicyCharge
  readonly answer: StoreAnswer
  /** The receipt of the second charge, where two classes were charged. */
  readonly otherReceipt?: Receipt
}

/** How far a request has come before it is recorded and answered: `unlimited` where nothing is to be charged. */
export type RequestOutcome = AnsweredRequest | 'denied' | 'unlimited'

/** A decision as the client is to see it. */
export interface ShownDecision extends DecidedVisit {
  readonly policyCharge: PolicyCharge
  /** Milliseconds until no limiter met so far refuses the request; 0 when this one allowed it. */
  readonly retryAfterMs: number
  /** Milliseconds since the epoch. */
  readonly nowMs: number
  /** What the limits count. */
  readonly unit: string
  /** Undefined until it is read: see request-info.ts. */
  info: RateLimitInfo | undefined
  /** The receipt of the second charge, where two classes were charged. */
  readonly otherReceipt?: Receipt | undefined
}
