import { checkNames } from '../errors/option-checks.ts'
import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import { remedyForFlexibleLimiter } from './flexible-limiter.ts'
import { OPTION_HINTS } from './option-hints.ts'
import type { RateLimiterOptions } from './rate-limiter-options.ts'

/** The names of all options. A record, so that the compiler reports a name that is missing here. */
const KNOWN: Readonly<Record<keyof RateLimiterOptions, true>> = {
  limit: true,
  read: true,
  write: true,
  plans: true,
  plan: true,
  preflight: true,
  windowSec: true,
  ttlSec: true,
  trustProxy: true,
  clientIpHeader: true,
  ipv6Subnet: true,
  allowList: true,
  denyList: true,
  ban: true,
  store: true,
  name: true,
  classify: true,
  keyGenerator: true,
  cost: true,
  settles: true,
  unit: true,
  skip: true,
  legacyHeaders: true,
  resetFormat: true,
  standardHeaders: true,
  exposeHeaders: true,
  statusCode: true,
  message: true,
  handler: true,
  problemDetails: true,
  skipSuccessfulRequests: true,
  skipFailedRequests: true,
  requestWasSuccessful: true,
  onStoreError: true,
  storeDeadlineMs: true,
  fallbackShare: true,
  logger: true,
  mode: true,
  requestPropertyName: true,
  clock: true,
}

export const OPTION_NAMES: readonly string[] = Object.keys(KNOWN)

/** Returns the own options of the object, and throws unless it is an object with known names only. */
export function checkOptionNames<Options extends object>(options: Options): Options {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new RateLimiterError({
      code: 'invalid_option',
      value: options,
      problem: 'createRateLimiter takes an object of options',
      remedy: 'Give an object such as { limit: 100, windowSec: 60 }.',
    })
  }
  const remedy = remedyForFlexibleLimiter(options)
  if (remedy !== undefined) {
    throw new RateLimiterError({
      code: 'invalid_option',
      problem: 'createRateLimiter takes options, and got a limiter of rate-limiter-flexible',
      remedy,
    })
  }
  return checkNames('', options, OPTION_NAMES, OPTION_HINTS)
}
