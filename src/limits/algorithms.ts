import type { NumericAlgorithm } from './algorithm.ts'
import { type CalendarWindowState, calendarWindow } from './calendar-window.ts'
import { type FixedWindowState, fixedWindow } from './fixed-window.ts'
import type { AlgorithmName, ChosenAlgorithm, Limit } from './limit.ts'
import type { SlidingWindowState } from './slices.ts'
import { slidingWindow } from './sliding-window.ts'
import { type TokenBucketState, tokenBucket } from './token-bucket.ts'

/** What a store keeps for one limit. Only the algorithm of the limit interprets it. */
export type AlgorithmState = FixedWindowState | SlidingWindowState | TokenBucketState | CalendarWindowState

/** Each algorithm, by the name that limits use for it. */
const ALGORITHMS: Readonly<Record<AlgorithmName, unknown>> = {
  'fixed-window': fixedWindow,
  'sliding-window': slidingWindow,
  'token-bucket': tokenBucket,
  'calendar-window': calendarWindow,
}

/** The names of all algorithms. */
export const ALGORITHM_NAMES: readonly AlgorithmName[] = Object.keys(ALGORITHMS) as AlgorithmName[]

/** The names that the option `algorithm` takes. */
export const CHOSEN_ALGORITHMS: readonly ChosenAlgorithm[] = ALGORITHM_NAMES.filter(
  (name) => name !== 'calendar-window',
)

/**
 * The algorithm of a limit. The caller must pass an algorithm only states that the same algorithm returned.
 * The compiler cannot check this.
 */
export function algorithmOf({ algorithm }: Limit): NumericAlgorithm<AlgorithmState> {
  return ALGORITHMS[algorithm] as NumericAlgorithm<AlgorithmState>
}
