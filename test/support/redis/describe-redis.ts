import { describe } from 'vitest'
import { NO_ANY_REDIS, NO_REDIS } from './redis-server.ts'

/**
 * `describe` for tests that can use any Redis. Without one they are skipped, and a message names what to
 * install.
 */
export const describeRedis: typeof describe.only = describeUnless(NO_ANY_REDIS)

/** `describe` for tests that start, stop and kill servers. */
export const describeRedisServer: typeof describe.only = describeUnless(NO_REDIS)

function describeUnless(reason: string | undefined): typeof describe.only {
  if (reason !== undefined) console.warn(reason)
  return describe.skipIf(reason !== undefined) as typeof describe.only
}
