import type { AlgorithmName } from '../../../src/index.ts'

/** Every algorithm, written out: a threat that holds for all must notice when one goes missing. */
export const ALGORITHMS: readonly AlgorithmName[] = ['fixed-window', 'sliding-window', 'token-bucket']

/** What is expected of each algorithm. */
export type ForEachAlgorithm<T> = Readonly<Record<AlgorithmName, T>>
