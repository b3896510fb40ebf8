import type { AlgorithmName } from './limit.ts'

/**
 * Property under which a limiter carries its {@link LimiterDescription}. Registered by name, so that the
 * audit recognises limiters of another copy of this library (ESM beside CommonJS, say).
 */
export const LIMITER_DESCRIPTION: unique symbol = Symbol.for('express-tollgate.limiter')

/** One limit of a limiter, in the words of its options. */
export interface LimitDescription {
  readonly name: string
  /** Units, or `'dynamic'` where a function decides for each request. */
  readonly limit: number | 'dynamic'
  /** Seconds. */
  readonly windowSec: number
  /** What a token bucket holds, where that is not `limit`. */
  readonly burst?: number
  readonly algorithm: AlgorithmName
}

/** A header that tells clients about their limits. */
export interface HeaderDescription {
  readonly name: string
  /** What it says: a whole sentence. */
  readonly meaning: string
  readonly type: 'integer' | 'string'
  /** `policy`: what the limits are, told even while the store is down. `state`: where they stand. */
  readonly tells: 'policy' | 'state'
}

/** What a limiter answers in the app's place. */
export interface AnswerDescription {
  readonly status: number
  /**
   * One that it sends; of problem details only `violated-policies` changes from one to the next. `'dynamic'`
   * where a function writes it.
   */
  readonly body: { readonly contentType: string; readonly text: string } | 'dynamic'
}

/** What a limiter says of itself: for the audit, reports, metrics and documents of an API. */
export interface LimiterDescription {
  readonly name: string
  readonly mode: 'enforce' | 'shadow'
  /** The limits of the class; `false` when the class is not limited. */
  readonly read: readonly LimitDescription[] | false
  readonly write: readonly LimitDescription[] | false
  /** `'method'` unless the options hold a `classify` function. */
  readonly classifiedBy: 'method' | 'function'
  /** Whether a `skip` function can wave requests through. */
  readonly canSkip: boolean
  /** Whether a `cost` function can charge more than one unit for a request. */
  readonly hasCosts: boolean
  /** The headers of all formats that the options ask for. */
  readonly headers: readonly HeaderDescription[]
  /** To requests above a limit. */
  readonly refusal: AnswerDescription
  /** To clients on the `denyList`; absent without one. */
  readonly denial?: AnswerDescription
  /** While the store fails; absent unless `onStoreError` is `'deny'`. */
  readonly unavailable?: AnswerDescription
}

/** The description of a limiter, or undefined for anything else. */
export function describeLimiter(candidate: unknown): LimiterDescription | undefined {
  if (typeof candidate !== 'function') return undefined
  return (candidate as { [LIMITER_DESCRIPTION]?: LimiterDescription })[LIMITER_DESCRIPTION]
}
