/** Time in milliseconds. */
export interface Clock {
  now(): number
}

/** A clock that goes on from where it was when the clock behind it is set back, so that no count lies in the future. */
export class SteadyClock implements Clock {
  readonly #clock: Clock
  #lastMs: number
  #aheadMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#lastMs = clock.now()
  }

  readonly now = (): number => {
    const nowMs = this.#clock.now()
    if (nowMs < this.#lastMs) this.#aheadMs += this.#lastMs - nowMs
    this.#lastMs = nowMs
    return nowMs + this.#aheadMs
  }
}
