import { RateLimiterError } from './rate-limiter-error.ts'

/**
 * What a function of the user threw, as something that Express takes for an error: it lets requests pass on
 * `next(undefined)` and jumps over the rest of a router on `next('router')`, and both can be thrown.
 */
export function asError(thrown: unknown): unknown {
  if (typeof thrown === 'object' && thrown !== null) return thrown
  return new RateLimiterError({
    code: 'invalid_result',
    value: thrown,
    problem: 'a function of the options threw what is no error',
    remedy: 'Throw an Error.',
  })
}
