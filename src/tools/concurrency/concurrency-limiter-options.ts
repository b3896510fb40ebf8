import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Request, Response } from 'express'
import type { MaybePromise } from '../../maybe-promise.ts'
import type { Callback } from '../../options/callback.ts'
import type { RateLimiterOptions } from '../../options/rate-limiter-options.ts'
import type { RateLimitInfo } from '../../response/rate-limit-info.ts'
import type { LeaseStore } from '../../stores/leases/lease.ts'

/** How many requests of a client may be in flight: a whole number (0 refuses every request), or `false` for no limit. */
export type InFlightLimit = number | false

/** Requests that wait for a place instead of being refused. */
export interface QueueOptions {
  /** The most requests of one client that wait in this process, a whole number of at least 1. */
  readonly size: number
  /** How long a request waits before it is refused, in milliseconds, a whole number of at least 1. */
  readonly timeoutMs: number
}

/** The options that mean the same as those of `createRateLimiter`. */
export type SharedOption =
  | 'trustProxy'
  | 'clientIpHeader'
  | 'ipv6Subnet'
  | 'allowList'
  | 'denyList'
  | 'name'
  | 'classify'
  | 'keyGenerator'
  | 'skip'
  | 'exposeHeaders'
  | 'statusCode'
  | 'message'
  | 'handler'
  | 'problemDetails'
  | 'onStoreError'
  | 'storeDeadlineMs'
  | 'fallbackShare'
  | 'logger'
  | 'mode'
  | 'requestPropertyName'
  | 'clock'

/** The names of the options that mean the same. A record, so that the compiler reports a name that is missing here. */
const SHARED: Readonly<Record<SharedOption, true>> = {
  trustProxy: true,
  clientIpHeader: true,
  ipv6Subnet: true,
  allowList: true,
  denyList: true,
  name: true,
  classify: true,
  keyGenerator: true,
  skip: true,
  exposeHeaders: true,
  statusCode: true,
  message: true,
  handler: true,
  problemDetails: true,
  onStoreError: true,
  storeDeadlineMs: true,
  fallbackShare: true,
  logger: true,
  mode: true,
  requestPropertyName: true,
  clock: true,
}

export const SHARED_OPTIONS: readonly SharedOption[] = Object.keys(SHARED) as SharedOption[]

/**
 * Options of `createConcurrencyLimiter`. `limit`, `read` and `write`, or `plans` say how many requests of a client may be in
 * flight; an unknown option is an error.
 *
 * The options that `createRateLimiter` has too mean the same. These have other defaults: `name` is `'concurrency'`,
 * `requestPropertyName` is `'concurrency'`, and the body of a refusal is `{"error":"concurrency_limit_exceeded"}`. The
 * `info` of a `handler` counts requests in flight. A preflight of a browser is an ordinary request: it is charged as any
 * other, and `keyGenerator` and `plan` are asked.
 */
export interface ConcurrencyLimiterOptions<
  Req extends IncomingMessage = Request,
  Res extends ServerResponse = Response,
> extends Pick<RateLimiterOptions<Req, Res>, SharedOption> {
  /**
   * How many requests of a client may be in flight, whatever their methods. A function returns or resolves to the number
   * for each request. Excludes `read`, `write` and `plans`.
   */
  readonly limit?: InFlightLimit | Callback<[req: Req, res: Res], MaybePromise<InFlightLimit>> | undefined
  /** How many reads of a client may be in flight, apart from its writes. Default with `write`: no limit. */
  readonly read?: InFlightLimit | undefined
  /** How many writes of a client may be in flight, apart from its reads. Default with `read`: no limit. */
  readonly write?: InFlightLimit | undefined
  /**
   * Limits by the names of plans. Excludes `limit`, `read` and `write`.
   *
   * @example
   * createConcurrencyLimiter({ plans: { free: 2, pro: 10 }, plan: (req) => (req.headers['x-plan'] === 'pro' ? 'pro' : 'free') })
   */
  readonly plans?: Readonly<Record<string, InFlightLimit>> | undefined
  /**
   * Returns or resolves to the name of the plan of a request. A name that is not in `plans` is an error
   * `unknown_plan`. It reaches `next`, as an error that the function throws or rejects with, and the request takes no
   * place.
   */
  readonly plan?: Callback<[req: Req, res: Res], MaybePromise<string>> | undefined
  /**
   * Lets requests above the limit wait for a place, first come first served for each client. A client that hangs up leaves
   * the queue. In shadow mode no request waits. Default: no request waits.
   */
  readonly queue?: QueueOptions | undefined
  /**
   * Where places are taken: a `MemoryLeases`, or a `RedisLeases` of `express-tollgate/redis` for all processes together.
   * Default: a new `MemoryLeases`.
   */
  readonly store?: LeaseStore | undefined
  /**
   * Whether to send `RateLimit-Policy` and `RateLimit` of draft 11, with the quota unit `concurrent-requests`. Default:
   * false.
   */
  readonly standardHeaders?: boolean | undefined
}

declare global {
  namespace Express {
    interface Request {
      /** Set by `createConcurrencyLimiter`. The option `requestPropertyName` sets another name. */
      concurrency?: RateLimitInfo
    }
  }
}
