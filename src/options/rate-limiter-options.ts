import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Request, Response } from 'express'
import type { TrustFunction } from '../client/proxy-trust.ts'
import type { ReadOrWrite } from '../limits/request-class.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { Next } from '../response/next.ts'
import type { RateLimitInfo } from '../response/rate-limit-info.ts'
import type { Logger } from '../stores/resilience/store-health.ts'
import type { Store } from '../stores/store.ts'
import type { BanOptions, LimitOptions, LimitSetting, PlanOptions } from './budget-options.ts'
import type { Callback } from './callback.ts'

/** The header formats of the IETF drafts, each named after its draft. */
export type StandardHeadersName = 'draft-6' | 'draft-7' | 'draft-8' | 'draft-11'

/** What happens to requests if the store fails. */
export type StoreErrorPolicy = 'memory' | 'allow' | 'deny'

/**
 * Options of `createRateLimiter`. All are optional; an unknown one is an error.
 * Each with examples: https://express-tollgate.github.io/express-tollgate/options
 *
 * Functions get the request and the response first, typed as those of Express (`@types/express`), with what your own
 * declarations add to them. For a server of `node:http` without Express: `RateLimiterOptions<IncomingMessage,
 * ServerResponse>`.
 */
export interface RateLimiterOptions<
  Req extends IncomingMessage = Request,
  Res extends ServerResponse = Response,
> {
  /**
   * Limit of all requests, whatever their method: one budget, of the class `any`. Excludes `read` and `write`. Its
   * counters are not theirs: after a change from `limit` to `read` and `write`, each client starts anew.
   *
   * @example
   * app.use(createRateLimiter({ limit: 100, windowSec: 60 }))
   */
  readonly limit?: LimitSetting<Req, Res> | undefined
  /** Limit of GET, HEAD, OPTIONS, TRACE and QUERY requests. Default: 1000. */
  readonly read?: LimitSetting<Req, Res> | undefined
  /** Limit of all other requests. Default: 200. */
  readonly write?: LimitSetting<Req, Res> | undefined
  /**
   * The plans by their names, for limits that depend on the client. `plan` names the one that applies. Excludes `limit`,
   * `read` and `write` beside it. Only own properties are plans. See https://express-tollgate.github.io/express-tollgate/plans
   *
   * A client that changes its plan keeps the units that it has used of limits with the same class, name, algorithm and
   * window, but at most as many as the new limit has.
   *
   * @example
   * app.use(createRateLimiter({
   *   plans: { free: { limit: 100 }, pro: { read: [{ limit: 50, windowSec: 1 }, { limit: 10_000, windowSec: 3600 }], write: 500 } },
   *   plan: (req) => (req.headers['x-plan'] === 'pro' ? 'pro' : 'free'),
   * }))
   */
  readonly plans?: Readonly<Record<string, PlanOptions<Req, Res>>> | undefined
  /**
   * Returns or resolves to the name of the plan that a request is charged by. A name that is not in `plans` is an error
   * `unknown_plan`. It reaches `next`, as an error that the function throws or rejects with, and the request is not
   * charged.
   */
  readonly plan?: Callback<[req: Req, res: Res], MaybePromise<string>> | undefined
  /**
   * Limit of preflights: OPTIONS requests with `Origin` and `Access-Control-Request-Method`, without a method override.
   * A browser sends them by itself, and without credentials. So each is charged one unit, to the address of the client:
   * `keyGenerator`, `plan`, `cost` and `classify` are not asked. `skip`, the lists and bans hold. A refused preflight
   * counts towards no ban, and no charge of a preflight is refunded. `false`: they are ordinary reads. Default: 1000,
   * and `false` where nothing else is limited.
   *
   * @example
   * app.use(createRateLimiter({ limit: 100, preflight: { limit: 50, windowSec: 10 } }))
   */
  readonly preflight?: number | false | LimitOptions | readonly LimitOptions[] | undefined
  /** Window in seconds of the limits without a window of their own. Default: 60. */
  readonly windowSec?: number | undefined
  /**
   * How long the store remembers an idle client, in seconds. Default: 30 seconds longer than the longest
   * window, or longest time in which a bucket fills. Less than that window or time is an error, because a
   * client that is forgotten early gets new quota.
   */
  readonly ttlSec?: number | undefined
  /**
   * The proxies whose `X-Forwarded-For` is trusted. Default: the `trust proxy` setting of the Express app. What to set on
   * which platform: https://express-tollgate.github.io/express-tollgate/proxies
   *
   * - `false`: none. The client is the peer of the socket.
   * - `true`: proxies in private networks (loopback, link-local, unique-local, RFC 1918, 100.64.0.0/10).
   * - a number: that many hops, if the peer is in a private network.
   * - addresses, CIDRs, `loopback`, `linklocal`, `uniquelocal`: these, in an array or separated by commas.
   * - `'adapter'`, alone or among these: the peer of a request that an adapter for functions-as-a-service made, such as
   *   serverless-http, if it has no address. Only where a gateway in front of the function adds the header.
   * - a function `(address, hop)`: only the result `true` trusts the proxy.
   */
  readonly trustProxy?: boolean | number | string | readonly string[] | TrustFunction | undefined
  /**
   * The one header that names the client: `'x-forwarded-for'` (default), `'forwarded'` (RFC 7239) or a
   * header with a single address, such as `'cf-connecting-ip'`. `trustProxy` decides whether it is trusted. In
   * `'cloudfront-viewer-address'`, and only there, an IPv6 address without brackets has a port.
   */
  readonly clientIpHeader?: string | undefined
  /** Bits of an IPv6 address that identify a client, from 32 to 128. Default: 56. */
  readonly ipv6Subnet?: number | undefined
  /**
   * Clients that are not limited: addresses, CIDRs, `loopback`, `linklocal`, `uniquelocal`. They are not
   * charged and get no headers.
   */
  readonly allowList?: readonly string[] | undefined
  /**
   * Clients that are refused with 403 and `{"error":"forbidden"}` (with `problemDetails` a problem of the
   * type `about:blank`) before anything is counted: addresses, CIDRs and names as in `allowList`. A client on
   * both lists is refused. In shadow mode no client is refused.
   */
  readonly denyList?: readonly string[] | undefined
  /** Bans clients that are refused too often. Default: no bans. */
  readonly ban?: BanOptions | undefined
  /** Keeps the counters. Default: a new `MemoryStore`. Which to choose: https://express-tollgate.github.io/express-tollgate/stores */
  readonly store?: Store | undefined
  /**
   * Separates limiters that share a store; part of every store key. Printable ASCII. Default: `'default'`.
   */
  readonly name?: string | undefined
  /**
   * Returns the class of a request. Default: by the method, and by a method override in `X-HTTP-Method-Override`,
   * `X-HTTP-Method` or `X-Method-Override`. Middleware that overrides the method by anything else, such as a query,
   * must run before the limiter. An error that it throws reaches `next`, and the request is not charged.
   */
  readonly classify?: Callback<[req: Req, res: Res], ReadOrWrite> | undefined
  /**
   * Returns the client key: whom a request is charged to. Default: the address of the client, which the
   * function gets as `clientKey`. An IPv6 address gets its canonical text. A result that is not a string, or an empty
   * string, is an error. It reaches `next`, as an error that the function throws or rejects with, and the request is not
   * charged.
   */
  readonly keyGenerator?: Callback<[req: Req, res: Res, clientKey: string], MaybePromise<string>> | undefined
  /**
   * Returns the units that a request costs, a whole number of at least 1. All or none are taken. Default: 1. An
   * error that it throws or rejects with reaches `next`, and the request is not charged.
   */
  readonly cost?: Callback<[req: Req, res: Res], MaybePromise<number>> | undefined
  /**
   * Whether `limiter.settle(req, cost)` can set the charge of a request to what it really cost. Then a receipt is kept for
   * each request. Default: true if `cost` is given and the store can settle, else false.
   */
  readonly settles?: boolean | undefined
  /**
   * What the limits count, in the plural: `'tokens'`, `'rows'`, `'content-bytes'`. At most 40 lower-case letters, digits and
   * hyphens. It changes no number: give the units of a request with `cost`. It is in `req.rateLimit`, in problem details,
   * as `qu` in the headers of drafts 8 to 11, and in the reports of the tools. Limits of preflights count requests all the
   * same. Default: `'requests'`.
   *
   * @example
   * app.use(createRateLimiter({ limit: 100_000, unit: 'tokens', cost: (req) => estimatedTokens(req.body) }))
   */
  readonly unit?: string | undefined
  /**
   * Whether a request is not limited. Default: all requests are limited. An error that it throws or rejects with
   * reaches `next`, and the request is not charged.
   */
  readonly skip?: Callback<[req: Req, res: Res], MaybePromise<boolean>> | undefined
  /** Whether to send `X-RateLimit-Limit`, `-Remaining` and `-Reset`. Default: true. */
  readonly legacyHeaders?: boolean | undefined
  /**
   * `X-RateLimit-Reset` as seconds since the epoch, or (`'delta'`) as seconds from now. Default: `'epoch'`.
   */
  readonly resetFormat?: 'epoch' | 'delta' | undefined
  /** Which IETF draft's fields to send; `true` is the newest known, `'draft-11'`. Default: false. */
  readonly standardHeaders?: boolean | StandardHeadersName | undefined
  /**
   * Whether scripts of other origins may read the headers: a response to a request with `Origin` gets the names of those
   * that it carries added to `Access-Control-Expose-Headers`, unless that is `*`. Default: true.
   *
   * @example
   * app.use(createRateLimiter({ limit: 100, exposeHeaders: false }))
   */
  readonly exposeHeaders?: boolean | undefined
  /** Status of a refusal, from 400 to 599. Default: 429. */
  readonly statusCode?: number | undefined
  /**
   * Body of a refusal: text, an object to send as JSON, or a function that returns either.
   * Default: `{"error":"rate_limit_exceeded"}`.
   */
  readonly message?:
    | string
    | object
    | Callback<[req: Req, res: Res], MaybePromise<string | object>>
    | undefined
  /**
   * Sends refusals instead of `message`; status and headers are already set. `Connection: close`, which ends a large
   * upload, is not: the function can read the body.
   */
  readonly handler?: Callback<[req: Req, res: Res, next: Next, info: RateLimitInfo], unknown> | undefined
  /** Whether refusals are `application/problem+json` (RFC 9457). Default: false. */
  readonly problemDetails?: boolean | undefined
  /**
   * Whether the charge of a successful request is refunded. Default: false. Of an upgrade and of CONNECT it is refunded
   * only under `limiter.guard`, which sees the status that their handler writes: 101 is a success.
   */
  readonly skipSuccessfulRequests?: boolean | undefined
  /** Whether the charge of a failed request is refunded; never that of an aborted request. Default: false. */
  readonly skipFailedRequests?: boolean | undefined
  /** Whether a request was successful. Default: a status below 400. */
  readonly requestWasSuccessful?: Callback<[req: Req, res: Res], MaybePromise<boolean>> | undefined
  /**
   * What happens if the store throws, rejects, misses its deadline or returns an invalid decision. `'memory'`
   * (default) counts in the memory of this process. `'allow'` allows requests. `'deny'` refuses them with 503
   * and `Retry-After`. Which to choose: https://express-tollgate.github.io/express-tollgate/failures
   */
  readonly onStoreError?: StoreErrorPolicy | undefined
  /** How long a promise of the store may take, in milliseconds. Default: the store's `deadlineMs`, or 100. */
  readonly storeDeadlineMs?: number | undefined
  /**
   * The part of each limit, above 0 and up to 1, that this process allows while the store fails and
   * `onStoreError` is `'memory'`. At least one unit is allowed. With 1 / n, n processes together stay within
   * the limit. Default: 1.
   */
  readonly fallbackShare?: number | undefined
  /**
   * Gets one message with `warn` when the store fails, and one with `info` when it works again. Default:
   * process warnings with codes.
   */
  readonly logger?: Logger | undefined
  /** `'shadow'` counts and publishes events, but refuses no request. Default: `'enforce'`. */
  readonly mode?: 'enforce' | 'shadow' | undefined
  /**
   * The property of the request that holds its {@link RateLimitInfo}. Default: `'rateLimit'`. A name that Node, Express
   * or common middleware uses on requests, such as `'ip'` or `'session'`, is an error.
   */
  readonly requestPropertyName?: string | undefined
  /**
   * The time in epoch milliseconds: a clock of a test, or `Date` to follow the wall clock, which can be set. Default: the
   * wall clock for dates in headers, and a monotonic clock for all else.
   */
  readonly clock?: Clock | undefined
}

/** A clock. `now` returns milliseconds since the epoch. */
export interface Clock {
  now(): number
}
