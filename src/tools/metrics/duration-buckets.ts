/**
 * Upper bounds of the buckets of `tollgate_store_call_duration_seconds`, in seconds. A memory store answers below
 * the first, a Redis nearby in the middle, and one beyond a deadline of some hundred milliseconds in the last.
 */
export const DURATION_BOUNDS: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
]

/** How long calls took: the numbers of a Prometheus histogram. */
export class DurationBuckets {
  /** How many fell into each bucket and none before it; the last is beyond all bounds. */
  readonly #counts: number[] = new Array<number>(DURATION_BOUNDS.length + 1).fill(0)
  #sumSec = 0

  /** Notes one call. */
  observe(durationSec: number): void {
    let bucket = 0
    while (durationSec > (DURATION_BOUNDS[bucket] ?? Number.POSITIVE_INFINITY)) bucket++
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.#sumSec += durationSec
  }

  /** Seconds that all calls took together. */
  get sumSec(): number {
    return this.#sumSec
  }

  /** For each bound, and after them for infinity, how many calls took no longer. */
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
