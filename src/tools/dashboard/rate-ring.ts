import type { Rates } from './snapshot.ts'

/** The seconds that the page shows. */
export const SECONDS = 300

/**
 * One more than is shown: the current second is not over yet, and its count would always look like a drop.
 */
const BUCKETS = SECONDS + 1

/** Counts requests by second in a ring of buckets, so its memory does not grow with time. */
export class RateRing {
  readonly #counts: Readonly<Record<keyof Rates, Uint32Array>> = {
    allowed: new Uint32Array(BUCKETS),
    refused: new Uint32Array(BUCKETS),
  }
  #currentSecond = 0

  /** @param nowMs of a clock that never goes back, in milliseconds */
  count(kind: keyof Rates, nowMs: number): void {
    this.#advanceTo(nowMs)
    const bucket = this.#currentSecond % BUCKETS
    const counts = this.#counts[kind]
    counts[bucket] = (counts[bucket] ?? 0) + 1
  }

  rates(nowMs: number): Rates {
    this.#advanceTo(nowMs)
    // The bucket after the current one is the oldest.
    const first = this.#currentSecond + 1
    const inOrder = (counts: Uint32Array): number[] =>
      Array.from({ length: SECONDS }, (_, index) => counts[(first + index) % BUCKETS] ?? 0)
    return { allowed: inOrder(this.#counts.allowed), refused: inOrder(this.#counts.refused) }
  }

  #advanceTo(nowMs: number): void {
    const second = Math.floor(nowMs / 1000)
    const oldest = Math.max(this.#currentSecond + 1, second - BUCKETS + 1)
    for (let empty = oldest; empty <= second; empty++) {
      this.#counts.allowed[empty % BUCKETS] = 0
      this.#counts.refused[empty % BUCKETS] = 0
    }
    this.#currentSecond = second
  }
}
