import type { NumericAlgorithm } from './algorithm.ts'
import { type FixedWindowState, fixedWindow } from './fixed-window.ts'
import type { AlgorithmName, Limit } from './limit.ts'
import { type SlidingWindowState, slidingWindow } from './sliding-window.ts'
import { type TokenBucketState, tokenBucket } from './token-bucket.ts'

/** What a store keeps for one limit: the business of the limit's algorithm, and to the store one value. */
export type AlgorithmState = FixedWindowState | SlidingWindowState | TokenBucketState

/** Every algorithm by the name that limits call it. */
const ALGORITHMS: Readonly<Record<AlgorithmName, unknown>> = {
  'fixed-window': fixedWindow,
  'sliding-window': slidingWindow,
  'token-bucket': tokenBucket,
}

/** The names of all algorithms. */
export const ALGORITHM_NAMES: readonly AlgorithmName[] = Object.keys(ALGORITHMS) as AlgorithmName[]

/**
 * The algorithm that counts a limit. Whoever keeps states gives an algorithm its own only: the compiler
 * cannot know which one that is.
 */
export function algorithmOf({ algorithm }: Limit): NumericAlgorithm<AlgorithmState> {
  return ALGORITHMS[algorithm] as NumericAlgorithm<AlgorithmState>
}
