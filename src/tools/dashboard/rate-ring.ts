/** Seconds that the page looks back. */
export const SECONDS = 300

/** One more than is shown: the second that is not over yet would always look like a drop. */
const BUCKETS = SECONDS + 1

/** Requests in each of the last {@link SECONDS} whole seconds, the oldest first. */
export interface Rates {
  readonly admitted: readonly number[]
  readonly refused: readonly number[]
}

/** Counts requests by the second, in as much memory on the last day as on the first. */
export class RateRing {
  readonly #admitted = new Uint32Array(BUCKETS)
  readonly #refused = new Uint32Array(BUCKETS)
  /** The second that is counted now. */
  #second = 0

  /** @param nowMs of a clock that never goes back, in milliseconds */
  count(isAdmitted: boolean, nowMs: number): void {
    this.#turnTo(nowMs)
    const bucket = this.#second % BUCKETS
    const counts = isAdmitted ? this.#admitted : this.#refused
    counts[bucket] = (counts[bucket] ?? 0) + 1
  }

  rates(nowMs: number): Rates {
    this.#turnTo(nowMs)
    // The bucket after the one in use is the oldest.
    const first = this.#second + 1
    const inOrder = (counts: Uint32Array): number[] =>
      Array.from({ length: SECONDS }, (_, index) => counts[(first + index) % BUCKETS] ?? 0)
    return { admitted: inOrder(this.#admitted), refused: inOrder(this.#refused) }
  }

  #turnTo(nowMs: number): void {
    const second = Math.floor(nowMs / 1000)
    const oldest = Math.max(this.#second + 1, second - BUCKETS + 1)
    for (let empty = oldest; empty <= second; empty++) {
      this.#admitted[empty % BUCKETS] = 0
      this.#refused[empty % BUCKETS] = 0
    }
    this.#second = second
  }
}
