import { checkNames } from '../errors/option-checks.ts'
import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import type { RateLimiterOptions } from './rate-limiter-options.ts'

/** Every option there is; a record, so that the compiler finds the one that is missing here. */
const NAMES: Readonly<Record<keyof RateLimiterOptions, true>> = {
  read: true,
  write: true,
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
  skip: true,
  legacyHeaders: true,
  resetFormat: true,
  standardHeaders: true,
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

/** What other rate limiters call our options. */
const ALIASES: Readonly<Record<string, string>> = {
  windowMs: 'windowSec',
  duration: 'windowSec',
  timeWindow: 'windowSec',
  max: 'read/write',
  limit: 'read/write',
  points: 'read/write',
  passOnStoreError: 'onStoreError',
  keyPrefix: 'name',
  headers: 'legacyHeaders',
  onLimitReached: 'handler',
  whitelist: 'allowList',
  blacklist: 'denyList',
  safelist: 'allowList',
  blocklist: 'denyList',
  blockDuration: 'ban',
  inMemoryBlockDuration: 'ban',
}

/** The options that were given themselves, or an error unless they are an object of known names. */
export function checkOptionNames<Options extends object>(options: Options): Options {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new RateLimiterError({
      code: 'invalid_option',
      value: options,
      problem: 'createRateLimiter takes an object of options',
      remedy: 'Give something like { read: 1000, write: 200, windowSec: 60 }.',
    })
  }
  return checkNames('', options, Object.keys(NAMES), ALIASES)
}
