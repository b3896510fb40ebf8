import { Redis } from 'ioredis'
import {
  BurstyRateLimiter,
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterUnion,
  RLWrapperBlackAndWhite,
} from 'rate-limiter-flexible'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { LIMIT_HINTS, OPTION_HINTS } from '../../src/options/option-hints.ts'
import { OPTION_NAMES } from '../../src/options/option-names.ts'
import { settingsOf } from '../support/parsed-settings.ts'
import { textOf } from '../support/project-files.ts'
import { thrownBy } from '../support/thrown-by.ts'

/** The names of the members of types in a declaration file of another library. */
function memberNames(path: string, typeNames: RegExp): string[] {
  const names: string[] = []
  const visit = (node: ts.Node): void => {
    const isType = ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)
    if (isType && typeNames.test(node.name.text)) collect(node)
    else ts.forEachChild(node, visit)
  }
  const collect = (node: ts.Node): void => {
    // The members of a member's own type are no options.
    if (ts.isPropertySignature(node) && ts.isIdentifier(node.name)) names.push(node.name.text)
    else ts.forEachChild(node, collect)
  }
  visit(ts.createSourceFile(path, textOf(path), ts.ScriptTarget.Latest, true))
  return names
}

const LIBRARIES: Readonly<Record<string, readonly string[]>> = {
  'express-rate-limit': memberNames('node_modules/express-rate-limit/dist/index.d.ts', /^Options$/),
  'rate-limit-redis': ['sendCommand', 'sendCommandCluster', 'prefix', 'resetExpiryOnChange'],
  'express-slow-down': ['delayAfter', 'delayMs', 'maxDelayMs', 'headers'],
  'rate-limiter-flexible': memberNames(
    'node_modules/rate-limiter-flexible/types.d.ts',
    /^IRateLimiter(?:Store|Cluster|Mongo|Postgres|Redis|StoreNoAutoExpiry)?Options$/,
  ),
}

describe('the options of other libraries', () => {
  it.each(Object.entries(LIBRARIES))(
    '%s: each is an option here, or its error says what to write',
    (_library, names) => {
      expect(names.length).toBeGreaterThan(3)
      const neither = names.filter(
        (name) => !OPTION_NAMES.includes(name) && !Object.hasOwn(OPTION_HINTS, name),
      )
      expect(neither).toEqual([])
    },
  )

  it('name only options that exist, and none that exists has a hint', () => {
    const hints = Object.values(OPTION_HINTS)
    const named = hints.flatMap(({ nearest = '' }) => nearest.split('/')).filter((name) => name !== '')
    expect(named.filter((name) => !OPTION_NAMES.includes(name))).toEqual([])
    expect(OPTION_NAMES.filter((name) => Object.hasOwn(OPTION_HINTS, name))).toEqual([])
    for (const { nearest = 'limit' } of Object.values(LIMIT_HINTS)) {
      expect(['limit', 'windowSec']).toContain(nearest)
    }
  })

  it.each<readonly [name: string, value: unknown, message: string]>([
    [
      'windowMs',
      60_000,
      "is an option of express-rate-limit, got 60000. Did you mean 'windowSec'? Write windowSec: 60.",
    ],
    [
      'windowMs',
      '1m',
      "is an option of express-rate-limit, got '1m'. Did you mean 'windowSec'? Write windowSec, in seconds.",
    ],
    ['max', 100, "is an option of express-rate-limit, got 100. Did you mean 'limit'? Write limit: 100."],
    ['max', true, "is an option of express-rate-limit, got true. Did you mean 'limit'? Write limit."],
    [
      'identifier',
      'api',
      "is an option of express-rate-limit, got 'api'. Did you mean 'name'? Write name: 'api'.",
    ],
    [
      'passOnStoreError',
      true,
      "is an option of express-rate-limit, got true. Did you mean 'onStoreError'? Write onStoreError: 'allow'.",
    ],
    [
      'passOnStoreError',
      false,
      "is an option of express-rate-limit, got false. Did you mean 'onStoreError'? Write onStoreError: 'deny'.",
    ],
    [
      'validate',
      false,
      'is an option of express-rate-limit, got false. Leave it out: options are always checked.',
    ],
    [
      'delayMs',
      500,
      "is an option of express-slow-down, got 500. Leave it out: requests above a limit are refused here. To delay them, give requestPropertyName: 'slowDown', and read req.slowDown.used after the limiter.",
    ],
    [
      'prefix',
      'rl:',
      "is an option of rate-limit-redis, got 'rl:'. Did you mean 'name'? Write name, which is part of every key. RedisStore has a prefix too.",
    ],
    [
      'sendCommand',
      () => 1,
      "is an option of rate-limit-redis, got a function. Leave it out, and give store: new RedisStore({ client }) of 'express-tollgate/redis'.",
    ],
    ['points', 5, "is an option of rate-limiter-flexible, got 5. Did you mean 'limit'? Write limit: 5."],
    [
      'duration',
      2,
      "is an option of rate-limiter-flexible, got 2. Did you mean 'windowSec'? Write windowSec: 2.",
    ],
    [
      'blockDuration',
      60,
      "is an option of rate-limiter-flexible, got 60. Did you mean 'ban'? Write ban: { after: 1, withinSec: 1, forSec: 60 }.",
    ],
    [
      'timeWindow',
      60_000,
      "is an option of @fastify/rate-limit, got 60000. Did you mean 'windowSec'? Write windowSec: 60.",
    ],
    [
      'algorithm',
      'sliding-window',
      "belongs to a limit, got 'sliding-window'. Write limit: { limit: 100, algorithm: 'sliding-window' }.",
    ],
    ['per', 'day', "belongs to a limit, got 'day'. Write limit: { limit: 100, per: 'month' }."],
    [
      'timeZone',
      'UTC',
      "belongs to a limit, got 'UTC'. Write limit: { limit: 100, per: 'month', timeZone: 'Europe/Berlin' }.",
    ],
    ['startsOn', 5, "belongs to a limit, got 5. Write limit: { limit: 100, per: 'month', startsOn: 5 }."],
    [
      'burst',
      20,
      "belongs to a limit, got 20. Write limit: { limit: 100, algorithm: 'token-bucket', burst: 20 }.",
    ],
  ])('%s: %o', (name, value, message) => {
    const error = thrownBy(() => settingsOf({ [name]: value }))
    expect(error).toMatchObject({ code: 'unknown_option', option: name })
    expect(error.message).toBe(`${name}: ${message}`)
  })

  it.each([true, false, 'draft-6', 'draft-7', 'draft-8'])(
    'standardHeaders: %s of express-rate-limit is a value here too',
    (standardHeaders) => {
      expect(() => settingsOf({ standardHeaders })).not.toThrow()
    },
  )
})

describe('a limiter of rate-limiter-flexible', () => {
  const memory = new RateLimiterMemory({ points: 5, duration: 2 })
  const redis = new RateLimiterRedis({
    storeClient: new Redis({ lazyConnect: true, password: 'hidden' }),
    ...{ points: 5, duration: 2 },
  })
  const inMemory = 'and no store, for counters in memory.'
  const limit = 'limit: 5, windowSec: 2'

  it.each<readonly [limiter: object, name: string, remedy: string]>([
    [memory, 'RateLimiterMemory', `Give limit: { ${limit} }, ${inMemory}`],
    [
      redis,
      'RateLimiterRedis',
      `Give limit: { ${limit} }, and store: new RedisStore({ client }) of 'express-tollgate/redis'.`,
    ],
    [
      new RateLimiterUnion(memory, new RateLimiterMemory({ keyPrefix: 'b', points: 5, duration: 2 })),
      'RateLimiterUnion',
      `Give limit: { limit: 100, windowSec: 60 }, ${inMemory}`,
    ],
    [new BurstyRateLimiter(memory, memory), 'BurstyRateLimiter', inMemory],
    [new RLWrapperBlackAndWhite({ limiter: memory }), 'RLWrapperBlackAndWhite', inMemory],
  ])('is no store and no options: %#', (limiter, name, remedy) => {
    const { message } = thrownBy(() => settingsOf({ store: limiter }))
    expect(message).toContain(`store: takes a store, and got ${name}, a limiter of rate-limiter-flexible. `)
    expect(message.endsWith(remedy)).toBe(true)
    expect(message).not.toContain('hidden')
    expect(thrownBy(() => settingsOf(limiter)).message).toMatch(
      /^createRateLimiter takes options, and got a limiter of rate-limiter-flexible\. /,
    )
  })
})
