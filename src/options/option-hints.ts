import type { OptionHint } from '../errors/option-checks.ts'

/** A hint with the name that is right here, and how to write the value. */
function renamed(of: string, nearest: string, remedy: OptionHint['remedy']): OptionHint {
  return { of, nearest, remedy }
}

/** Writes a number as an option; without the number if the value is none. */
function written(option: string, factor = 1): (value: unknown) => string {
  return (value) =>
    typeof value === 'number' ? `Write ${option}: ${value * factor}.` : `Write ${option} instead.`
}

const inSeconds = (ms: unknown): string =>
  typeof ms === 'number' ? `Write windowSec: ${ms / 1000}.` : 'Write windowSec, in seconds.'

const budget = (units: unknown): string =>
  typeof units === 'number' ? `Write limit: ${units}.` : 'Write limit.'

const ERL = 'express-rate-limit'
const SLOW = 'express-slow-down'
const REDIS = 'rate-limit-redis'
const FLEXIBLE = 'rate-limiter-flexible'

const NO_DELAY =
  "Leave it out: requests above a limit are refused here. To delay them, give requestPropertyName: 'slowDown', and read req.slowDown.used after the limiter."
const OF_STORE = "Leave it out, and give store: new RedisStore({ client }) of 'express-tollgate/redis'."
const OF_DATABASE =
  "Leave it out. To count in a database, give store: fromExpressRateLimitStore(store) of 'express-tollgate/express-rate-limit-store'."
const BAN = 'Write ban: { after: 10, withinSec: 60, forSec: 600 }, with your numbers.'

const banFor = (seconds: unknown): string =>
  typeof seconds === 'number' && seconds > 0
    ? `Write ban: { after: 1, withinSec: 1, forSec: ${seconds} }.`
    : BAN

const ofLimit = (example: string): OptionHint => ({
  problem: 'belongs to a limit',
  remedy: `Write limit: { limit: 100, ${example} }.`,
})

const writeUnit =
  (beside: 'limits' | 'plans') =>
  (unit: unknown): string =>
    `Write ${typeof unit === 'string' ? `unit: '${unit}'` : "unit: 'tokens'"} beside the ${beside}.`

/** A limiter has one unit. */
const unitOfLimiter = (within: 'limits' | 'plans'): Record<string, OptionHint> =>
  all(['unit', 'units'], {
    problem: `belongs to the limiter, for all its ${within}`,
    remedy: writeUnit(within),
  })

/** Options of a limit that users look for beside the limits of a limiter or of a plan. */
const HINTS_OF_LIMITS: Readonly<Record<string, OptionHint>> = {
  per: ofLimit("per: 'month'"),
  timeZone: ofLimit("per: 'month', timeZone: 'Europe/Berlin'"),
  startsOn: ofLimit("per: 'month', startsOn: 5"),
  algorithm: ofLimit("algorithm: 'sliding-window'"),
  burst: ofLimit("algorithm: 'token-bucket', burst: 20"),
}

const all = (names: readonly string[], hint: OptionHint): Record<string, OptionHint> =>
  Object.fromEntries(names.map((name) => [name, hint]))

/** What to write instead of the options of other rate limiters. */
export const OPTION_HINTS: Readonly<Record<string, OptionHint>> = {
  windowMs: renamed(ERL, 'windowSec', inSeconds),
  max: renamed(ERL, 'limit', budget),
  identifier: renamed(ERL, 'name', (name) =>
    typeof name === 'string' ? `Write name: '${name}'.` : 'Write name, as a text.',
  ),
  passOnStoreError: renamed(
    ERL,
    'onStoreError',
    (passes) => `Write onStoreError: '${passes === true ? 'allow' : 'deny'}'.`,
  ),
  validate: { of: ERL, remedy: 'Leave it out: options are always checked.' },
  retryAfter: { of: ERL, remedy: 'Leave it out: Retry-After is the exact time.' },
  headers: renamed(ERL, 'legacyHeaders', 'Write legacyHeaders instead.'),
  draft_polli_ratelimit_headers: renamed(ERL, 'standardHeaders', "Write standardHeaders: 'draft-6'."),
  onLimitReached: renamed(ERL, 'handler', 'Write handler(req, res, next, info), which answers the request.'),
  ...all(['delayMs', 'delayAfter', 'maxDelayMs'], { of: SLOW, remedy: NO_DELAY }),
  ...all(['sendCommand', 'sendCommandCluster', 'resetExpiryOnChange'], { of: REDIS, remedy: OF_STORE }),
  prefix: renamed(REDIS, 'name', 'Write name, which is part of every key. RedisStore has a prefix too.'),
  points: renamed(FLEXIBLE, 'limit', budget),
  duration: renamed(FLEXIBLE, 'windowSec', written('windowSec')),
  keyPrefix: renamed(FLEXIBLE, 'name', 'Write name, which is part of every key.'),
  blockDuration: renamed(FLEXIBLE, 'ban', banFor),
  blockOnConsumed: renamed(FLEXIBLE, 'ban', BAN),
  ...all(['inMemoryBlockDuration', 'inMemoryBlockOnConsumed'], {
    of: FLEXIBLE,
    remedy: 'Leave it out: a RedisStore refuses by itself whom Redis has refused.',
  }),
  ...all(['execEvenly', 'execEvenlyMinDelayMs'], { of: FLEXIBLE, remedy: NO_DELAY }),
  insuranceLimiter: renamed(
    FLEXIBLE,
    'onStoreError',
    "Leave it out: onStoreError: 'memory' is the default, and goes on in memory.",
  ),
  timeoutMs: renamed(FLEXIBLE, 'storeDeadlineMs', written('storeDeadlineMs')),
  ...all(
    [
      'storeClient',
      'storeType',
      'useRedisPackage',
      'useRedis3AndLowerPackage',
      'customIncrTtlLuaScript',
      'rejectIfRedisNotReady',
    ],
    renamed(FLEXIBLE, 'store', OF_STORE),
  ),
  ...all(
    [
      ...['dbName', 'tableName', 'tableCreated', 'schemaName', 'schema'],
      ...['indexKeyPrefix', 'disableIndexesCreation', 'clearExpiredByTimeout'],
    ],
    { of: FLEXIBLE, remedy: OF_DATABASE },
  ),
  ...all(['whiteList', 'whitelist', 'safelist'], renamed(FLEXIBLE, 'allowList', 'Write allowList instead.')),
  ...all(['blackList', 'blacklist', 'blocklist'], renamed(FLEXIBLE, 'denyList', 'Write denyList instead.')),
  timeWindow: renamed('@fastify/rate-limit', 'windowSec', inSeconds),
  ...HINTS_OF_LIMITS,
  ...all(['qu', 'quotaUnit'], { problem: 'is not an option', nearest: 'unit', remedy: writeUnit('limits') }),
}

/** The same for the options of one limit. */
export const LIMIT_HINTS: Readonly<Record<string, OptionHint>> = {
  windowMs: renamed(ERL, 'windowSec', inSeconds),
  max: renamed(ERL, 'limit', written('limit')),
  points: renamed(FLEXIBLE, 'limit', written('limit')),
  duration: renamed(FLEXIBLE, 'windowSec', written('windowSec')),
  ...unitOfLimiter('limits'),
}

/** The same for the options of one plan. */
export const PLAN_HINTS: Readonly<Record<string, OptionHint>> = {
  ...HINTS_OF_LIMITS,
  ...unitOfLimiter('plans'),
}
