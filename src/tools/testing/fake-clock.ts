import { rejectOption } from '../../errors/option-checks.ts'

/**
 * A clock that moves only when a test moves it. For tests of stores, of limiters and of apps.
 *
 * @see https://express-tollgate.github.io/express-tollgate/testing
 */
export class FakeClock {
  #nowMs: number

  /**
   * @param startMs milliseconds since the epoch; default 14 November 2023, 22:13:20 UTC
   * @throws RateLimiterError `invalid_option` unless it is a finite number
   */
  constructor(startMs = 1_700_000_000_000) {
    this.#nowMs = checkTime('FakeClock', startMs)
  }

  /** Milliseconds since the epoch. An arrow function, so that `clock.now` can be passed as a function. */
  readonly now = (): number => this.#nowMs

  /**
   * Moves the clock forwards by `ms` milliseconds.
   *
   * @throws RateLimiterError `invalid_option` unless `ms` is a finite number of at least 0
   */
  advance(ms: number): void {
    if (checkTime('FakeClock.advance', ms) < 0) {
      rejectOption(
        'FakeClock.advance',
        ms,
        'moves the clock forwards',
        'To set it back, as operators and time servers do, call clock.set(clock.now() - ms).',
      )
    }
    this.#nowMs += ms
  }

  /**
   * Sets the clock to a time in milliseconds since the epoch, also to an earlier one.
   *
   * @throws RateLimiterError `invalid_option` unless `nowMs` is a finite number
   */
  set(nowMs: number): void {
    this.#nowMs = checkTime('FakeClock.set', nowMs)
  }
}

/** Anything else would make each later time NaN or a text, and each test with it pass or fail for no reason. */
function checkTime(method: string, ms: unknown): number {
  if (typeof ms === 'number' && Number.isFinite(ms)) return ms
  return rejectOption(method, ms, 'takes milliseconds', 'Give a finite number, without quotes.')
}
