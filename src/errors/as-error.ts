import { RateLimiterError } from './rate-limiter-error.ts'

/**
 * Makes a thrown value one that Express treats as an error. A function of the user can throw anything, and
 * for some values `next` does something else: `next(undefined)` lets the request pass, and `next('router')`
 * skips the rest of a router.
 */
export function asError(thrown: unknown): unknown {
  if (typeof thrown === 'object' && thrown !== null) return thrown
  return new RateLimiterError({
    code: 'invalid_result',
    value: thrown,
    problem: 'a function among the options threw a value that is not an error',
    remedy: 'Throw an Error.',
  })
}
