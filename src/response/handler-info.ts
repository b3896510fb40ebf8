import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import type { RateLimitInfo } from './rate-limit-info.ts'

/** What handlers of express-rate-limit read of their fourth parameter, which are its options there. */
const READ_BY_FOREIGN_HANDLERS: readonly (readonly [name: string, remedy: string])[] = [
  ['statusCode', 'Leave res.status() out: the status of the response is set already.'],
  ['windowMs', 'Read info.retryAfterMs, in milliseconds.'],
  ['message', 'Write the body in the handler, such as res.json({ error: ... }).'],
]

const PROTOTYPE = {}
for (const [name, remedy] of READ_BY_FOREIGN_HANDLERS) {
  const get = (): never => {
    throw new RateLimiterError({
      code: 'unknown_option',
      option: `info.${name}`,
      problem:
        'is an option of express-rate-limit, and the fourth parameter of a handler has no options here',
      remedy,
    })
  }
  Object.defineProperty(PROTOTYPE, name, { get })
}

/** The info as a `handler` gets it: an error says what to write instead of options that are not in it. */
export function infoForHandler(info: RateLimitInfo): RateLimitInfo {
  return Object.assign(Object.create(PROTOTYPE), info)
}
