/** Each bucket is so much wider than the one before it. */
const STEP = 1.01
/** The upper edge of the first bucket. */
const LEAST_MS = 0.001

/** How long things took, in buckets of a hundredth's width: as little memory for a million as for one. */
export class Latencies {
  readonly #counts: number[] = []
  #total = 0
  #longestMs = 0

  /** Adds up what others have noted. */
  static of(all: readonly LatencyRecord[]): Latencies {
    const together = new Latencies()
    for (const { counts, longestMs } of all) {
      for (const [bucket, count] of counts.entries()) together.#add(bucket, count)
      together.#longestMs = Math.max(together.#longestMs, longestMs)
    }
    return together
  }

  note(durationMs: number): void {
    this.#longestMs = Math.max(this.#longestMs, durationMs)
    this.#add(Math.max(0, Math.ceil(Math.log(durationMs / LEAST_MS) / Math.log(STEP))), 1)
  }

  /** What such a share of them did not exceed, in milliseconds and to a hundredth; of none it is 0. */
  percentileMs(share: number): number {
    let left = Math.ceil(this.#total * share)
    for (const [bucket, count = 0] of this.#counts.entries()) {
      left -= count
      if (left <= 0 && count > 0) return Math.min(this.#longestMs, LEAST_MS * STEP ** bucket)
    }
    return 0
  }

  get total(): number {
    return this.#total
  }

  get longestMs(): number {
    return this.#longestMs
  }

  /** The record as JSON, for another process. */
  get record(): LatencyRecord {
    const counts = Array.from(this.#counts, (count = 0) => count)
    return { counts, longestMs: this.#longestMs }
  }

  #add(bucket: number, count: number): void {
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + count
    this.#total += count
  }
}

/** {@link Latencies} as JSON. */
export interface LatencyRecord {
  /** How many there are in each bucket. */
  readonly counts: readonly number[]
  readonly longestMs: number
}
