import type { AlgorithmName } from '../../../src/index.ts'

/** All algorithms. The list is separate from the source, so that the tests notice a missing algorithm. */
export const ALGORITHMS: readonly AlgorithmName[] = ['fixed-window', 'sliding-window', 'token-bucket']

/** An expected value for each algorithm. */
export type ForEachAlgorithm<T> = Readonly<Record<AlgorithmName, T>>
