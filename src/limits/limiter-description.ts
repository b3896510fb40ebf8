import type { CalendarParts } from './calendar.ts'
import type { AlgorithmName } from './limit.ts'
import type { ReadOrWrite } from './request-class.ts'

/**
 * The property in which a limiter holds its {@link LimiterDescription}. The symbol is registered by name, so
 * that the audit also recognises limiters of another copy of this library (for example, ESM and CommonJS in
 * one process).
 */
export const LIMITER_DESCRIPTION: unique symbol = Symbol.for('express-tollgate.limiter')

/**
 * The name of a limiter without a `name` option. Its limits are named `read` and `write`, without a prefix.
 */
export const DEFAULT_NAME = 'default'

/** One limit of a limiter, in the terms of its options. */
export interface LimitDescription {
  /** The plan that it belongs to. Absent without the option `plans`. */
  readonly plan?: string
  /** True for a limit of the option `limit`: one budget for all methods. It is listed for reads and for writes. */
  readonly allMethods?: true
  readonly name: string
  /** Units, or `'dynamic'` if a function decides for each request. */
  readonly limit: number | 'dynamic'
  /** What it counts, if not requests: `'tokens'`. */
  readonly unit?: string
  /** Seconds. */
  readonly windowSec: number
  /** The calendar of a calendar window. Then `windowSec` is the longest that a window of it can be. */
  readonly calendar?: CalendarParts
  /** The units that a token bucket holds. Absent if they equal `limit`. */
  readonly burst?: number
  /** `'in-flight'` for a limit of requests that run at once: it has no window, and `windowSec` is when to try again. */
  readonly algorithm: AlgorithmName | 'in-flight'
}

/** A header that informs clients about their limits. */
export interface HeaderDescription {
  readonly name: string
  /** What the header means: a complete sentence. */
  readonly meaning: string
  readonly type: 'integer' | 'string'
  /**
   * `policy`: the header shows the limits, and is sent even while the store is down. `state`: the header
   * shows the present state of the limits.
   */
  readonly shows: 'policy' | 'state'
}

/** A response that a limiter sends instead of the app. */
export interface AnswerDescription {
  readonly status: number
  /**
   * An example of the body. If the body is problem details, only `violated-policies` differs from one
   * response to another. `'dynamic'` if a function writes the body.
   */
  readonly body: { readonly contentType: string; readonly text: string } | 'dynamic'
}

/** The description of a limiter: for the audit, for reports, for metrics and for API documents. */
export interface LimiterDescription {
  readonly name: string
  readonly mode: 'enforce' | 'shadow'
  /** The names of the plans. Empty without the option `plans`. */
  readonly plans: readonly string[]
  /** The limits of reads, of all plans. `false` if no plan limits them. */
  readonly read: readonly LimitDescription[] | false
  /** The limits of writes, of all plans. `false` if no plan limits them. */
  readonly write: readonly LimitDescription[] | false
  /** The limits of preflights. `false` if they are ordinary reads. */
  readonly preflight: readonly LimitDescription[] | false
  /** `'method'`, unless the options contain a `classify` function. */
  readonly classifiedBy: 'method' | 'function'
  /** Whether the options contain a `skip` function, which can let requests through without a charge. */
  readonly canSkip: boolean
  /** Whether the options contain a `cost` function, which can charge more than one unit for a request. */
  readonly hasCosts: boolean
  /** What the limits count, if not requests: `'tokens'`. Limits of preflights count requests. */
  readonly unit?: string
  /** Whether `limiter.settle(req, cost)` can set the charge of a request to its true cost. */
  readonly settles: boolean
  /** The headers of all formats that the options enable. */
  readonly headers: readonly HeaderDescription[]
  /** The response to requests above a limit. */
  readonly refusal: AnswerDescription
  /** The response to clients on the `denyList`. Absent without a `denyList`. */
  readonly denial?: AnswerDescription
  /** The response while the store fails. Absent unless `onStoreError` is `'deny'`. */
  readonly unavailable?: AnswerDescription
}

/** The first plan that does not limit a class; undefined if each plan does. */
export function planWithoutLimit(
  { plans, ...description }: LimiterDescription,
  readOrWrite: ReadOrWrite,
): string | undefined {
  const limits = description[readOrWrite] || []
  return plans.find((name) => limits.every(({ plan }) => plan !== name))
}

/** The description of a limiter, or undefined if `candidate` is not a limiter. */
export function describeLimiter(candidate: unknown): LimiterDescription | undefined {
  if (typeof candidate !== 'function') return undefined
  return (candidate as { [LIMITER_DESCRIPTION]?: LimiterDescription })[LIMITER_DESCRIPTION]
}
