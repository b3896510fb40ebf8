/** A clock that stands still until it is turned: for stores, limiters and their tests. */
export class FakeClock {
  #nowMs: number

  /** @param startMs milliseconds since the epoch; default 14 November 2023, 22:13:20 UTC */
  constructor(startMs = 1_700_000_000_000) {
    this.#nowMs = startMs
  }

  /** Milliseconds since the epoch. An arrow function, so that `clock.now` can be passed on by itself. */
  readonly now = (): number => this.#nowMs

  /** Turns the clock by `ms`, backwards too: operators and time servers do that. */
  advance(ms: number): void {
    this.#nowMs += ms
  }

  /** Sets the clock to an instant in milliseconds since the epoch. */
  set(nowMs: number): void {
    this.#nowMs = nowMs
  }
}
