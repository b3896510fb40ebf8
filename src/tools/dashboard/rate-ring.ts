import type { Rates } from './snapshot.ts'

/** The seconds that the page shows. */
export const SECONDS = 300

/**
 * One more than is shown: the current second is not over yet, and its count would always look like a drop.
 */
const RING_SECONDS = SECONDS + 1

/** Counts requests by second in a ring with a count for each second, so its memory does not grow with time. */
export class RateRing {
  readonly #counts: Readonly<Record<keyof Rates, Uint32Array>> = {
    allowed: new Uint32Array(RING_SECONDS),
    refused: new Uint32Array(RING_SECONDS),
  }
  #currentSecond = 0

  /** @param nowMs of a clock that never goes back, in milliseconds */
  count(kind: keyof Rates, nowMs: number): void {
    this.#advanceTo(nowMs)
    const index = this.#currentSecond % RING_SECONDS
    const counts = this.#counts[kind]
    counts[index] = (counts[index] ?? 0) + 1
  }

  rates(nowMs: number): Rates {
    this.#advanceTo(nowMs)
    // The count after the current one is the oldest.
    const first = this.#currentSecond + 1
    const inOrder = (counts: Uint32Array): number[] =>
      Array.from({ length: SECONDS }, (_, index) => counts[(first + index) % RING_SECONDS] ?? 0)
    return { allowed: inOrder(this.#counts.allowed), refused: inOrder(this.#counts.refused) }
  }

  #advanceTo(nowMs: number): void {
    const second = Math.floor(nowMs / 1000)
    const oldest = Math.max(this.#currentSecond + 1, second - RING_SECONDS + 1)
    for (let empty = oldest; empty <= second; empty++) {
      this.#counts.allowed[empty % RING_SECONDS] = 0
      this.#counts.refused[empty % RING_SECONDS] = 0
    }
    this.#currentSecond = second
  }
}
