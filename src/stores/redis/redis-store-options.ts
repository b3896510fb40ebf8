// The options of the Redis store, their defaults and their checks.

import { checkNames, checkWholeNumber, rejectOption } from '../../errors/option-checks.ts'
import { RateLimiterError } from '../../errors/rate-limiter-error.ts'
import { DEFAULT_CONNECT_DEADLINE_MS } from '../resilience/call-deadline.ts'
import type { RedisClient } from './clients/detect-client.ts'

/** Options of `RedisStore`. Clients and failures: https://express-tollgate.github.io/express-tollgate/redis */
export interface RedisStoreOptions {
  /** Connected to Redis 6.2 or later, or to Valkey. The application closes it. */
  readonly client: RedisClient
  /** Each key starts with it. Default: `'tollgate'`. */
  readonly prefix?: string | undefined
  /** How long an answer may take, in milliseconds. Default: 100. */
  readonly deadlineMs?: number | undefined
  /**
   * How long an answer may take until Redis has answered for the first time, in milliseconds from the first use:
   * then the connection may still be made. Default: 1000.
   */
  readonly connectDeadlineMs?: number | undefined
  /**
   * The store remembers the refusals of so many keys. Until such a key is released, but for five seconds at
   * most, its requests are refused without a call to Redis. `false` for none. Default: 10,000.
   */
  readonly refusalCache?: number | false | undefined
  /** Time in milliseconds, for tests. Default: the clock of the server. */
  readonly clock?: { now(): number } | undefined
}

/** Checked options with all defaults. */
export interface RedisStoreSettings {
  readonly client: RedisClient
  readonly prefix: string
  readonly deadlineMs: number
  readonly connectDeadlineMs: number
  readonly refusalCache: number | false
  readonly clock: RedisStoreOptions['clock']
}

const OPTION_NAMES = ['client', 'prefix', 'deadlineMs', 'connectDeadlineMs', 'refusalCache', 'clock']
const DEFAULT_CACHED_REFUSALS = 10_000
const MAX_CACHED_REFUSALS = 10_000_000
const MAX_TIMER_MS = 2 ** 31 - 1

/** @throws RateLimiterError `unknown_option` or `invalid_option` */
export function settingsOf(options: RedisStoreOptions): RedisStoreSettings {
  const {
    client,
    prefix = 'tollgate',
    deadlineMs = 100,
    connectDeadlineMs = DEFAULT_CONNECT_DEADLINE_MS,
    refusalCache = DEFAULT_CACHED_REFUSALS,
    clock,
  } = checkNames('RedisStore', checkNoSendCommand(options), OPTION_NAMES)
  checkWholeNumber('RedisStore.deadlineMs', deadlineMs, 1, MAX_TIMER_MS)
  checkWholeNumber('RedisStore.connectDeadlineMs', connectDeadlineMs, 1, MAX_TIMER_MS)
  checkPrefix('RedisStore.prefix', prefix)
  if (clock !== undefined && typeof clock?.now !== 'function') {
    rejectOption('RedisStore.clock', clock, 'takes a clock', 'Give { now(): number } in milliseconds.')
  }
  if (refusalCache !== false) {
    checkWholeNumber('RedisStore.refusalCache', refusalCache, 1, MAX_CACHED_REFUSALS)
  }
  return { client, prefix, deadlineMs, connectDeadlineMs, refusalCache, clock }
}

/** Throws unless `prefix` can begin the keys of a store. */
export function checkPrefix(option: string, prefix: unknown): void {
  if (typeof prefix === 'string' && /^[!-z|~]*$/.test(prefix.replace(/\{([^{}]+)\}/, '$1'))) return
  const remedy = 'Each key starts with it. One pair of braces may name a slot of a cluster: {app}.'
  rejectOption(option, prefix, 'takes printable ASCII without spaces', remedy)
}

/** Options of rate-limit-redis have the function itself. */
function checkNoSendCommand(options: RedisStoreOptions): RedisStoreOptions {
  const given = Object(options) as Record<string, unknown>
  const name = ['sendCommand', 'sendCommandCluster'].find((each) => typeof given[each] === 'function')
  if (name === undefined) return options
  throw new RateLimiterError({
    code: 'unknown_option',
    option: `RedisStore.${name}`,
    problem: 'is an option of rate-limit-redis',
    remedy: 'Give the Redis client itself: { client }. Or give { client: { sendCommand: (words) => ... } }.',
  })
}
