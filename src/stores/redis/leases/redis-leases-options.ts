// The options of the leases in Redis, their defaults and their checks.

import { checkNames, checkWholeNumber } from '../../../errors/option-checks.ts'
import { DEFAULT_CONNECT_DEADLINE_MS } from '../../resilience/call-deadline.ts'
import type { RedisClient } from '../clients/detect-client.ts'
import { checkPrefix } from '../redis-store-options.ts'

/** Options of `RedisLeases`. */
export interface RedisLeasesOptions {
  /** Connected to Redis 6.2 or later, or to Valkey. The application closes it. */
  readonly client: RedisClient
  /** Each key starts with it, and with `:leases`. Default: `'tollgate'`. */
  readonly prefix?: string | undefined
  /**
   * How long a lease lives unless its process renews it, in milliseconds from 100. A process that dies frees its places
   * within this time. A process that does not run for so long loses its places. Default: 10,000.
   */
  readonly leaseMs?: number | undefined
  /** How long an answer may take, in milliseconds. Default: 100. */
  readonly deadlineMs?: number | undefined
  /**
   * How long an answer may take until Redis has answered for the first time, in milliseconds from the first use.
   * Default: 1000.
   */
  readonly connectDeadlineMs?: number | undefined
}

/** Checked options with all defaults. */
export type RedisLeasesSettings = {
  readonly [Name in keyof RedisLeasesOptions]-?: Exclude<RedisLeasesOptions[Name], undefined>
}

const OPTION_NAMES = ['client', 'prefix', 'leaseMs', 'deadlineMs', 'connectDeadlineMs']
const DEFAULT_LEASE_MS = 10_000
const MAX_TIMER_MS = 2 ** 31 - 1

/** @throws RateLimiterError `unknown_option` or `invalid_option` */
export function leasesSettingsOf(options: RedisLeasesOptions): RedisLeasesSettings {
  const {
    client,
    prefix = 'tollgate',
    leaseMs = DEFAULT_LEASE_MS,
    deadlineMs = 100,
    connectDeadlineMs = DEFAULT_CONNECT_DEADLINE_MS,
  } = checkNames('RedisLeases', options, OPTION_NAMES)
  checkPrefix('RedisLeases.prefix', prefix)
  checkWholeNumber('RedisLeases.leaseMs', leaseMs, 100, MAX_TIMER_MS)
  checkWholeNumber('RedisLeases.deadlineMs', deadlineMs, 1, MAX_TIMER_MS)
  checkWholeNumber('RedisLeases.connectDeadlineMs', connectDeadlineMs, 1, MAX_TIMER_MS)
  return { client, prefix, leaseMs, deadlineMs, connectDeadlineMs }
}
