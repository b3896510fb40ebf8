import type { LimitState } from '../limits/decision.ts'
import type { RequestClass } from '../limits/request-class.ts'

/** The value of `req.rateLimit`: the state of the tightest limit. */
export interface RateLimitInfo {
  /** What the limit counts: `'requests'`, or the option `unit`. */
  readonly unit: string
  /** Units in total; for a token bucket its burst. */
  readonly limit: number
  /** Units used. Includes the cost of this request if it was allowed. */
  readonly used: number
  /** Units left. */
  readonly remaining: number
  /** When more units than `remaining` can be used: the instant of {@link LimitState.resetMs}. */
  readonly resetTime: Date
  /** The client key. */
  readonly key: string
  readonly class: RequestClass
  /** The name of the plan; undefined without the option `plans`, and for a preflight. */
  readonly plan: string | undefined
  /**
   * Whether all limits allowed the request. False in a `handler`, and in shadow mode for a request that
   * enforce mode would refuse.
   */
  readonly allowed: boolean
  /** Whether the client is banned, by the `ban` option or by `limiter.block()`. */
  readonly banned: boolean
  /** Milliseconds until the same request can be allowed; 0 if it was allowed. */
  readonly retryAfterMs: number
  /** The state of each limit of the class. */
  readonly limits: readonly LimitState[]
}

declare global {
  namespace Express {
    interface Request {
      /** Set by express-tollgate. The option `requestPropertyName` sets another name. */
      rateLimit?: RateLimitInfo
    }
  }
}
