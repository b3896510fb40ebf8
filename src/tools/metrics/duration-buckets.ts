/**
 * Upper bounds of the buckets of `tollgate_store_call_duration_seconds`, in seconds. A memory store answers
 * within the first bound, a Redis nearby within the middle ones. Calls that reach a deadline of some hundred
 * milliseconds are in the last ones.
 */
export const DURATION_BOUNDS: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
]

/** The durations of calls: the numbers of a Prometheus histogram. */
export class DurationBuckets {
  /**
   * The calls in each bucket, without those in the buckets before it. The last bucket is above all bounds.
   */
  readonly #counts: number[] = new Array<number>(DURATION_BOUNDS.length + 1).fill(0)
  #sumSec = 0

  observe(durationSec: number): void {
    let bucket = 0
    while (durationSec > (DURATION_BOUNDS[bucket] ?? Number.POSITIVE_INFINITY)) bucket++
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.#sumSec += durationSec
  }

  /** The durations of all calls together, in seconds. */
  get sumSec(): number {
    return this.#sumSec
  }

  /** For each bound, and at the end for infinity, the number of calls that took at most that long. */
  cumulative(): number[] {
    let calls = 0
    return this.#counts.map((count) => {
      calls += count
      return calls
    })
  }

  clear(): void {
    this.#counts.fill(0)
    this.#sumSec = 0
  }
}
