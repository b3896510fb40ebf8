import type { NumericAlgorithm } from './algorithm.ts'
import { type FixedWindowState, fixedWindow } from './fixed-window.ts'
import type { AlgorithmName, Limit } from './limit.ts'
import type { SlidingWindowState } from './slices.ts'
import { slidingWindow } from './sliding-window.ts'
import { type TokenBucketState, tokenBucket } from './token-bucket.ts'

/** What a store keeps for one limit. Only the algorithm of the limit interprets it. */
export type AlgorithmState = FixedWindowState | SlidingWindowState | TokenBucketState

/** Each algorithm, by the name that limits use for it. */
const ALGORITHMS: Readonly<Record<AlgorithmName, unknown>> = {
  'fixed-window': fixedWindow,
  'sliding-window': slidingWindow,
  'token-bucket': tokenBucket,
}

/** The names of all algorithms. */
export const ALGORITHM_NAMES: readonly AlgorithmName[] = Object.keys(ALGORITHMS) as AlgorithmName[]

/**
 * The algorithm of a limit. The caller must pass an algorithm only states that the same algorithm returned.
 * The compiler cannot check this.
 */
export function algorithmOf({ algorithm }: Limit): NumericAlgorithm<AlgorithmState> {
  return ALGORITHMS[algorithm] as NumericAlgorithm<AlgorithmState>
}
