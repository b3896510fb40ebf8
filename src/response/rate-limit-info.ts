import type { LimitState } from '../limits/decision.ts'
import type { RequestClass } from '../limits/request-class.ts'

/** What the request carries, by default as `req.rateLimit`: where the tightest limit stands. */
export interface RateLimitInfo {
  /** Units in all. */
  readonly limit: number
  /** Units taken, this request's included if it was admitted. */
  readonly used: number
  /** Units left. */
  readonly remaining: number
  /** When the limit is whole again. */
  readonly resetTime: Date
  /** The client key. */
  readonly key: string
  readonly class: RequestClass
  /** Whether all limits admitted the request; false in a handler, and in shadow mode. */
  readonly allowed: boolean
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
