import type { ChosenAlgorithm } from '../../../src/index.ts'

/** All algorithms that the option takes. The list is separate from the source, so that the tests notice a missing algorithm. */
export const ALGORITHMS: readonly ChosenAlgorithm[] = ['fixed-window', 'sliding-window', 'token-bucket']

/** An expected value for each algorithm. */
export type ForEachAlgorithm<T> = Readonly<Record<ChosenAlgorithm, T>>
