import { describe } from 'vitest'
import { NO_ANY_REDIS, NO_REDIS } from './redis-server.ts'

/** `describe` for what takes any Redis; skipped, with a line that says how to get one, where there is none. */
export const describeRedis: typeof describe.only = describeUnless(NO_ANY_REDIS)

/** `describe` for what starts, stops and kills servers of its own. */
export const describeRedisServer: typeof describe.only = describeUnless(NO_REDIS)

function describeUnless(reason: string | undefined): typeof describe.only {
  if (reason !== undefined) console.warn(reason)
  return describe.skipIf(reason !== undefined) as typeof describe.only
}
