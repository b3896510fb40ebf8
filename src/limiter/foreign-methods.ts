import { RateLimiterError } from '../errors/rate-limiter-error.ts'

/** Methods that limiters of other libraries have, with what to call here. */
const FOREIGN_METHODS: readonly (readonly [name: string, library: string, remedy: string])[] = [
  ['resetKey', 'express-rate-limit', 'Call limiter.reset(key).'],
  ['getKey', 'express-rate-limit', 'Call await limiter.peek(key).'],
  ['get', 'rate-limiter-flexible', 'Call await limiter.peek(key).'],
  ['delete', 'rate-limiter-flexible', 'Call limiter.reset(key).'],
  [
    'penalty',
    'rate-limiter-flexible',
    'Call await limiter.consume(key, { cost }), which takes all of the cost or nothing.',
  ],
  [
    'reward',
    'rate-limiter-flexible',
    'Call await limiter.refund(receipt), with the receipt that limiter.consume(key) answered.',
  ],
  ['set', 'rate-limiter-flexible', 'Call limiter.block(key, seconds) or limiter.reset(key).'],
]

/** Adds methods to a limiter that say what to call instead of them. They are in no type, and no loop finds them. */
export function withForeignMethods<Limiter extends object>(limiter: Limiter): Limiter {
  for (const [name, library, remedy] of FOREIGN_METHODS) {
    const value = (): never => {
      throw new RateLimiterError({
        code: 'unknown_method',
        problem: `limiter.${name}() is a method of ${library}`,
        remedy,
      })
    }
    Object.defineProperty(limiter, name, { value, configurable: true })
  }
  return limiter
}
