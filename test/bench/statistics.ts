/** What several runs of the same thing came to. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
  /** Of all runs together, for what is counted rather than timed. */
  readonly sum: number
  /** The runs in the order in which they were made. */
  readonly values: readonly number[]
}

/** The middle of the figures; of an even number of them the mean of the two in the middle. */
export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((one, other) => one - other)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN
  return (lower + upper) / 2
}

/** @throws RangeError when there are no figures, or one is no finite number */
export function spreadOf(figures: readonly number[]): Spread {
  if (figures.length === 0 || !figures.every(Number.isFinite)) {
    throw new RangeError(`a spread takes finite figures, at least one: got [${figures.join(', ')}]`)
  }
  return {
    median: median(figures),
    min: Math.min(...figures),
    max: Math.max(...figures),
    sum: figures.reduce((sum, figure) => sum + figure, 0),
    values: [...figures],
  }
}
