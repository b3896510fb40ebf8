/** Time in milliseconds. */
export interface Clock {
  now(): number
}

/**
 * A clock that never goes back, so that no count is in the future. When the clock behind it is set back, this
 * one continues from its last time.
 */
export class SteadyClock implements Clock {
  readonly #clock: Clock
  #lastMs: number
  #offsetMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#lastMs = clock.now()
  }

  readonly now = (): number => {
    const nowMs = this.#clock.now()
    if (nowMs < this.#lastMs) this.#offsetMs += this.#lastMs - nowMs
    this.#lastMs = nowMs
    return nowMs + this.#offsetMs
  }
}
