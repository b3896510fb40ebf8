import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import type { RateLimitInfo } from './rate-limit-info.ts'

/** What handlers of express-rate-limit read of their fourth parameter, which are its options there. */
const READ_BY_FOREIGN_HANDLERS: readonly (readonly [name: string, remedy: string])[] = [
  ['statusCode', 'Leave res.status() out: the status of the response is set already.'],
  ['windowMs', 'Read info.retryAfterMs, in milliseconds.'],
  ['message', 'Write the body in the handler, such as res.json({ error: ... }).'],
]

/** The same getters for every info, so that they can be added to one info twice. Not enumerable: no copy or JSON reads them. */
const HINTS: PropertyDescriptorMap = Object.fromEntries(
  READ_BY_FOREIGN_HANDLERS.map(([name, remedy]) => {
    const get = (): never => {
      throw new RateLimiterError({
        code: 'unknown_option',
        option: `info.${name}`,
        problem:
          'is an option of express-rate-limit, and the fourth parameter of a handler has no options here',
        remedy,
      })
    }
    return [name, { get }]
  }),
)

/**
 * Prepares the info for a `handler`: an error says what to write instead of options that are not in it. Returns the
 * info itself, and no copy, because the request may hold it too.
 */
export function infoForHandler(info: RateLimitInfo): RateLimitInfo {
  return Object.defineProperties(info, HINTS)
}
