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

/** What a limiter says of itself: for the audit, reports and metrics. */
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
}

/** The description of a limiter, or undefined for anything else. */
export function describeLimiter(candidate: unknown): LimiterDescription | undefined {
  if (typeof candidate !== 'function') return undefined
  return (candidate as { [LIMITER_DESCRIPTION]?: LimiterDescription })[LIMITER_DESCRIPTION]
}
