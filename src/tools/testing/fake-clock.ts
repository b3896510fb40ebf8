/** A clock that moves only when a test moves it. For tests of stores, of limiters and of apps. */
export class FakeClock {
  #nowMs: number

  /** @param startMs milliseconds since the epoch; default 14 November 2023, 22:13:20 UTC */
  constructor(startMs = 1_700_000_000_000) {
    this.#nowMs = startMs
  }

  /** Milliseconds since the epoch. An arrow function, so that `clock.now` can be passed as a function. */
  readonly now = (): number => this.#nowMs

  /**
   * Moves the clock forwards by `ms`, or backwards where `ms` is negative, as operators and time servers do.
   */
  advance(ms: number): void {
    this.#nowMs += ms
  }

  /** Sets the clock to a time in milliseconds since the epoch. */
  set(nowMs: number): void {
    this.#nowMs = nowMs
  }
}
