import type { Request, Response } from 'express'
import type { CalendarUnit } from '../limits/calendar.ts'
import type { ChosenAlgorithm } from '../limits/limit.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { Callback } from './callback.ts'

/** One limit, as the options give it. */
export interface LimitOptions {
  /** Units, a whole number of at least 1. */
  readonly limit: number
  /** Length of the window in seconds. Default: the `windowSec` of the limiter. */
  readonly windowSec?: number | undefined
  /**
   * Counts in windows of the calendar, which are the same for all clients: each `'minute'`, `'hour'`, `'day'`, `'week'` (from
   * Monday on, ISO 8601) or `'month'` of `timeZone`. All units are free again when the next one begins. An hour that clocks
   * show twice is two windows, and a day has 23 or 25 hours where daylight-saving time begins or ends. The wall time
   * decides, in a shared store that of its server. Excludes `windowSec`, `algorithm` and `burst`.
   *
   * @example
   * const limit: LimitOptions = { limit: 10_000, per: 'month', timeZone: 'Europe/Berlin', startsOn: 5 }
   */
  readonly per?: CalendarUnit | undefined
  /** The time zone of `per`, by a name that `Intl` knows, such as `'Europe/Berlin'`. Default: `'UTC'`. */
  readonly timeZone?: string | undefined
  /**
   * The day on which a month begins, for `per: 'month'`: a whole number from 1 to 31. In a month without that day it is the
   * last one. Default: 1.
   */
  readonly startsOn?: number | undefined
  /**
   * How units are counted. Default: `'fixed-window'`. Which to choose: https://express-tollgate.github.io/express-tollgate/algorithms
   *
   * - `'fixed-window'`: `limit` units in a window that begins with the first request of the client. A period
   *   of the same length that overlaps two windows can have up to `2 * limit - 1` units.
   * - `'sliding-window'`: never more than `limit` units in any period of `windowSec`. A unit comes back one
   *   window after its use, or up to an eighth of a window later.
   * - `'token-bucket'`: `burst` units at once, and in the long run `limit` units in `windowSec`. The units
   *   come back one by one (GCRA).
   */
  readonly algorithm?: ChosenAlgorithm | undefined
  /** Units at once, for `'token-bucket'`: a whole number of at least 1. Default: `limit`. */
  readonly burst?: number | undefined
  /**
   * How many units a client can owe after `limiter.settle()`: a whole number from 0. It waits until the debt is paid: in a
   * fixed or calendar window until the window ends. Default: the limit; for a token bucket its `burst`.
   */
  readonly maxDebt?: number | undefined
  /**
   * Name in the draft headers and in reports, unique in its class. Default: the class, with the name of the
   * limiter as a prefix unless that is `'default'`. If the class has several limits, the window follows:
   * `read-1s`.
   */
  readonly name?: string | undefined
}

/**
 * The limit of one budget: a number of units (0 refuses every request); a limit with a window of its own; several
 * limits, which must all allow a request; a function that returns or resolves to the units for each request, or to
 * `false` where the request is not limited; or `false` for no limit. An error that the function throws or rejects with
 * reaches `next`, and the request is not charged.
 */
export type LimitSetting<Req = Request, Res = Response> =
  | number
  | false
  | LimitOptions
  | readonly LimitOptions[]
  | Callback<[req: Req, res: Res], MaybePromise<number | false>>

/**
 * What the clients of one plan may use: one budget with `limit`, or two with `read` and `write`. At least one of the
 * three is needed.
 *
 * @example
 * const pro: PlanOptions = { read: [{ limit: 10_000, windowSec: 3600 }, { limit: 50, windowSec: 1 }], write: 1000 }
 */
export interface PlanOptions<Req = Request, Res = Response> {
  /** Limit of all requests, whatever their method. Excludes `read` and `write`. */
  readonly limit?: LimitSetting<Req, Res> | undefined
  /** Limit of GET, HEAD, OPTIONS, TRACE and QUERY requests. Default: 1000. */
  readonly read?: LimitSetting<Req, Res> | undefined
  /** Limit of all other requests. Default: 200. */
  readonly write?: LimitSetting<Req, Res> | undefined
  /** Window in seconds of the limits of the plan without a window of their own. Default: the limiter's `windowSec`. */
  readonly windowSec?: number | undefined
  /** Bans the clients of the plan that are refused too often. Default: the limiter's `ban`. */
  readonly ban?: BanOptions | undefined
}

/** When a client that is refused too often is banned: all its requests are refused until the ban ends. */
export interface BanOptions {
  /**
   * The number of refusals that leads to a ban, a whole number of at least 1. Each class is counted
   * separately.
   */
  readonly after: number
  /**
   * The period in which refusals are counted, in seconds. A client with so many refusals in this period is
   * always banned. A client that takes up to an eighth longer for them can be banned too.
   */
  readonly withinSec: number
  /** How long a ban lasts, in seconds. Requests that are refused during the ban do not extend it. */
  readonly forSec: number
}
