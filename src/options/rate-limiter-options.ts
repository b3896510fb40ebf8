import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TrustFunction } from '../client/trusted-proxies.ts'
import type { AlgorithmName } from '../limits/limit.ts'
import type { RequestClass } from '../limits/request-class.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { RateLimitInfo } from '../response/rate-limit-info.ts'
import type { Logger } from '../stores/resilience/store-health.ts'
import type { Store } from '../stores/store.ts'

/** Hands the request on, or an error to the app's error handler. Express's `next` fits. */
export type Next = (error?: unknown) => void

/** A limit in the words of the options. */
export interface LimitOptions {
  /** Units, a whole number of at least 1. */
  readonly limit: number
  /** Length of the window in seconds. Default: the limiter's `windowSec`. */
  readonly windowSec?: number
  /**
   * How units are counted. Default: `'fixed-window'`.
   *
   * - `'fixed-window'`: `limit` in a window that opens with the client's first request; up to `2 * limit - 1`
   *   in a stretch as long that straddles two windows.
   * - `'sliding-window'`: never more than `limit` in any stretch of `windowSec`; a unit comes back when it is
   *   a window old, or up to an eighth of a window later.
   * - `'token-bucket'`: `burst` at once, and `limit` in `windowSec` in the long run, one by one (GCRA).
   */
  readonly algorithm?: AlgorithmName
  /** Units at once, for `'token-bucket'`: a whole number of at least 1. Default: `limit`. */
  readonly burst?: number
  /**
   * Name in the draft headers and reports, unique in its class. Default: the class, with the limiter's name
   * in front of it, and the window behind it where a class has several limits: `read-1s`.
   */
  readonly name?: string
}

/**
 * How much one class may use: a number of units, a limit with a window of its own, several limits of which
 * all must admit a request, a function that decides for each request (sync or async), or `false` for no limit.
 */
export type LimitSetting<Req> =
  | number
  | false
  | LimitOptions
  | readonly LimitOptions[]
  | ((req: Req) => MaybePromise<number>)

/** When a client that goes on knocking is refused outright. */
export interface BanOptions {
  /** Refusals that are too many, a whole number of at least 1. They are counted for each class by itself. */
  readonly after: number
  /**
   * In how many seconds. A client that is refused so often in that time is always banned; one that takes up
   * to an eighth longer for it may be.
   */
  readonly withinSec: number
  /** How long a ban lasts, in seconds. Requests that are refused meanwhile do not prolong it. */
  readonly forSec: number
}

/** The header formats of the IETF drafts, by the draft that describes them. */
export type StandardHeadersName = 'draft-6' | 'draft-7' | 'draft-8' | 'draft-11'

/** What happens to a request when the store fails. */
export type StoreErrorPolicy = 'memory' | 'allow' | 'deny'

/**
 * Options of `createRateLimiter`. All are optional; an unknown one is an error.
 *
 * `Req` and `Res` follow from the callbacks: annotate their parameters with Express's `Request` and
 * `Response` to have Express's properties at hand.
 */
export interface RateLimiterOptions<
  Req extends IncomingMessage = IncomingMessage,
  Res extends ServerResponse = ServerResponse,
> {
  /** Limit of GET, HEAD, OPTIONS, TRACE and QUERY requests. Default: 1000. */
  readonly read?: LimitSetting<Req>
  /** Limit of all other requests. Default: 200. */
  readonly write?: LimitSetting<Req>
  /** Window in seconds of the limits that name none. Default: 60. */
  readonly windowSec?: number
  /**
   * How long an idle client is remembered, in seconds. Default: 30 longer than the longest window, or time in
   * which a bucket fills; shorter than that is an error, since forgetting early would grant quota.
   */
  readonly ttlSec?: number
  /**
   * Whose X-Forwarded-For to believe. Default: the Express app's own `trust proxy`.
   *
   * - `false`: nobody's; the client is the socket's peer.
   * - `true`: proxies on private networks (loopback, link-local, unique-local, RFC 1918, 100.64.0.0/10).
   * - a number: that many hops, if the peer is on a private network.
   * - addresses, CIDRs, `loopback`, `linklocal`, `uniquelocal`: those, in an array or separated by commas.
   * - a function `(address, hop)`: only a literal `true` trusts.
   */
  readonly trustProxy?: boolean | number | string | readonly string[] | TrustFunction
  /**
   * The one header that names the client: `'x-forwarded-for'` (default), `'forwarded'` (RFC 7239) or a
   * header with a single address, such as `'cf-connecting-ip'`. Believed on the terms of `trustProxy`.
   */
  readonly clientIpHeader?: string
  /** Bits of an IPv6 address that identify a client, from 32 to 128. Default: 56. */
  readonly ipv6Subnet?: number
  /**
   * Clients that are not limited: addresses, CIDRs, `loopback`, `linklocal`, `uniquelocal`. They are not
   * charged and get no headers.
   */
  readonly allowList?: readonly string[]
  /**
   * Clients that are turned away with 403 and `{"error":"forbidden"}` (with `problemDetails` a problem of the
   * type `about:blank`) before anything is counted: addresses, CIDRs and names as in `allowList`, before which
   * it goes. In shadow mode nobody is.
   */
  readonly denyList?: readonly string[]
  /** Refuse clients outright for a while that are refused too often. Default: never. */
  readonly ban?: BanOptions
  /** Where counters live. Default: a new `MemoryStore`. */
  readonly store?: Store
  /** Separates limiters that share a store; part of every key. Printable ASCII. Default: `'default'`. */
  readonly name?: string
  /** Sorts a request into a class. Default: by method, method overrides included. */
  readonly classify?: (req: Req) => RequestClass
  /**
   * Who is charged. Default: the client's address, which the function is given as `clientKey`.
   * An empty string, or anything but a string, is an error passed to `next`.
   */
  readonly keyGenerator?: (req: Req, clientKey: string) => MaybePromise<string>
  /** Units this request takes, all or nothing: a whole number of at least 1. Default: 1. */
  readonly cost?: (req: Req) => MaybePromise<number>
  /** Whether to wave this request through uncounted. Default: never. */
  readonly skip?: (req: Req) => MaybePromise<boolean>
  /** Send `X-RateLimit-Limit`, `-Remaining` and `-Reset`. Default: true. */
  readonly legacyHeaders?: boolean
  /** `X-RateLimit-Reset` as seconds since the epoch or as seconds to go. Default: `'epoch'`. */
  readonly resetFormat?: 'epoch' | 'delta'
  /** Send the fields of an IETF draft; `true` is the newest known, `'draft-11'`. Default: false. */
  readonly standardHeaders?: boolean | StandardHeadersName
  /** Status of a refusal, from 400 to 599. Default: 429. */
  readonly statusCode?: number
  /**
   * Body of a refusal: text, or an object as JSON, or a function that returns either.
   * Default: `{"error":"rate_limit_exceeded"}`.
   */
  readonly message?: string | object | ((req: Req, res: Res) => MaybePromise<string | object>)
  /** Answers refusals instead of `message`; status and headers are already set. */
  readonly handler?: (req: Req, res: Res, next: Next, info: RateLimitInfo) => unknown
  /** Refuse with `application/problem+json` (RFC 9457). Default: false. */
  readonly problemDetails?: boolean
  /** Give the charge back when the request succeeded. Default: false. */
  readonly skipSuccessfulRequests?: boolean
  /** Give the charge back when the request failed; an aborted request is never given back. Default: false. */
  readonly skipFailedRequests?: boolean
  /** What success is. Default: a status below 400. */
  readonly requestWasSuccessful?: (req: Req, res: Res) => MaybePromise<boolean>
  /**
   * What happens when the store throws, rejects or misses its deadline. Default: `'memory'`, go on with
   * counters of this process; `'allow'` lets requests through; `'deny'` answers 503 with Retry-After.
   */
  readonly onStoreError?: StoreErrorPolicy
  /** How long a store's promise may take, in milliseconds. Default: the store's own `deadlineMs`, or 100. */
  readonly storeDeadlineMs?: number
  /**
   * The part of each limit, above 0, that this process grants by itself while the store fails and `onStoreError` is
   * `'memory'`; at least one unit. 1 / n keeps n processes within the limit together. Default: 1.
   */
  readonly fallbackShare?: number
  /**
   * Told once when the store fails, with `warn`, and once when it decides again, with `info`. Default: process
   * warnings with codes.
   */
  readonly logger?: Logger
  /** `'shadow'` counts and reports, and refuses nobody. Default: `'enforce'`. */
  readonly mode?: 'enforce' | 'shadow'
  /** Where the request carries its {@link RateLimitInfo}. Default: `'rateLimit'`. */
  readonly requestPropertyName?: string
  /** Time in epoch milliseconds, for tests. Default: the system's, monotonic where time is measured. */
  readonly clock?: Clock
}

/** Tells the time in milliseconds since the epoch. */
export interface Clock {
  now(): number
}
