import { type DescribeSuite, describeUnless } from '../describe-unless.ts'
import { NO_ANY_REDIS, NO_REDIS } from './redis-server.ts'

/** `describe` for tests that can use any Redis. */
export const describeRedis: DescribeSuite = describeUnless(NO_ANY_REDIS)

/** `describe` for tests that start, stop and kill servers. */
export const describeRedisServer: DescribeSuite = describeUnless(NO_REDIS)
