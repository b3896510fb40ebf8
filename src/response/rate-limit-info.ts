import type { LimitState } from '../limits/decision.ts'
import type { RequestClass } from '../limits/request-class.ts'

/** What the request carries, by default as `req.rateLimit`: where the tightest limit stands. */
export interface RateLimitInfo {
  /** Units in all; of a token bucket, what it holds. */
  readonly limit: number
  /** Units taken, this request's included if it was admitted. */
  readonly used: number
  /** Units left. */
  readonly remaining: number
  /** When `remaining` is no longer all there is: the instant of {@link LimitState.resetMs}. */
  readonly resetTime: Date
  /** The client key. */
  readonly key: string
  readonly class: RequestClass
  /** Whether all limits admitted the request; false in a handler, and in shadow mode. */
  readonly allowed: boolean
  /** Whether the client is banned, by the `ban` option or by `limiter.block()`. */
  readonly banned: boolean
  /** Milliseconds after which the same request can be admitted; 0 when it was. */
  readonly retryAfterMs: number
  /** Where each limit of the class stands. */
  readonly limits: readonly LimitState[]
}

declare global {
  namespace Express {
    interface Request {
      /** Set by express-tollgate, unless `requestPropertyName` says otherwise. */
      rateLimit?: RateLimitInfo
    }
  }
}
