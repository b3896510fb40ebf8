import { RateLimiterError } from '../../errors/rate-limiter-error.ts'
import type { Limit } from '../../limits/limit.ts'

/** The window of a store that has one window for all of its limits. The first limits decide it. */
export class OneWindow {
  #windowMs: number | undefined

  /** In milliseconds; undefined before the first limit. */
  get windowMs(): number | undefined {
    return this.#windowMs
  }

  /**
   * Returns the window of the limits; undefined if there is no limit and no window yet.
   *
   * @throws RateLimiterError `unsupported_by_store` for limits with different windows, or with another one than before
   */
  claim(limits: readonly Limit[]): number | undefined {
    const first = limits[0]?.windowMs
    if (limits.some(({ windowMs }) => windowMs !== first)) throw differentWindows(limits)
    if (first !== undefined && this.#windowMs !== undefined && first !== this.#windowMs) {
      throw otherWindow(first, this.#windowMs)
    }
    this.#windowMs ??= first
    return this.#windowMs
  }
}

function differentWindows(limits: readonly Limit[]): RateLimiterError {
  const windows = new Map(
    limits.map(({ name, windowMs }) => [windowMs, `'${name}' has ${windowMs / 1000} s`]),
  )
  return new RateLimiterError({
    code: 'unsupported_by_store',
    option: 'windowSec',
    problem: `must be the same for all limits, because a store of express-rate-limit has one window: ${[...windows.values()].join(', ')}`,
    remedy: 'Give windowSec once, beside the limits, or use another store.',
  })
}

function otherWindow(windowMs: number, knownMs: number): RateLimiterError {
  return new RateLimiterError({
    code: 'unsupported_by_store',
    option: 'windowSec',
    value: windowMs / 1000,
    problem: `must be ${knownMs / 1000}, because this store of express-rate-limit counts by that window already`,
    remedy: `Give windowSec: ${knownMs / 1000}, or make a store for each window.`,
  })
}
