import { createRateLimiter, optionsFromEnv, type RateLimiter } from 'express-tollgate'
import { createStore } from './store.ts'

/** The limiters of the server. */
export interface Limiters {
  /** Stands before everything, WebSocket upgrades included. */
  readonly everything: RateLimiter
  /** Stands before what makes up much data at once, besides. */
  readonly demoSeed: RateLimiter
  /** Stands before what issues credentials, besides. */
  readonly apiKeys: RateLimiter
  /** Where they count, for people. */
  readonly counters: string
  close(): Promise<void>
}

/** Makes the limiters from `API_RATE_LIMIT_*` and `REDIS_URL`; the stricter two keep limits of their own. */
export function createLimiters(env: Readonly<Record<string, string | undefined>>): Limiters {
  const options = optionsFromEnv(env)
  // Whom to believe about addresses is the same question for every limiter.
  const trust = options.trustProxy === undefined ? {} : { trustProxy: options.trustProxy }
  const { store, description, close } = createStore(env)
  const shared = store === undefined ? trust : { ...trust, store }
  const everything = createRateLimiter({ ...options, ...shared })
  const demoSeed = createRateLimiter({ ...shared, name: 'demo-seed', write: 5, windowSec: 60 })
  const apiKeys = createRateLimiter({ ...shared, name: 'api-keys', write: 10, windowSec: 600 })
  return {
    everything,
    demoSeed,
    apiKeys,
    counters: description,
    async close() {
      await Promise.all([everything.close(), demoSeed.close(), apiKeys.close()])
      await close()
    },
  }
}
