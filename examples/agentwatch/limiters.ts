import { createRateLimiter, optionsFromEnv, type RateLimiter } from 'express-tollgate'
import type { ConcurrencyLimiter } from 'express-tollgate/concurrency'
import { Budgets } from './budgets.ts'
import type { Watch } from './domain/watch.ts'
import { createStore } from './store.ts'

/** The limiters of the server. */
export interface Limiters {
  /** Limits all requests, including WebSocket upgrades. */
  readonly everything: RateLimiter
  /** Also limits the route that invents much data at once. */
  readonly demoSeed: RateLimiter
  /** Also limits the route that issues keys. */
  readonly apiKeys: RateLimiter
  /** Also limit the requests for events, by the plan of the tenant. */
  readonly budgets: Budgets
  /** All of them. */
  readonly all: readonly (RateLimiter | ConcurrencyLimiter)[]
  /** The place of the counters, for a message. */
  readonly storeDescription: string
  close(): Promise<void>
}

/** Creates the limiters from `API_RATE_LIMIT_*` and `REDIS_URL`. The two stricter ones have fixed limits. */
export function createLimiters(
  env: Readonly<Record<string, string | undefined>>,
  watch: Watch,
  redisDeadlineMs?: number,
): Limiters {
  const options = optionsFromEnv(env)
  // All limiters trust the same proxies.
  const trust = options.trustProxy === undefined ? {} : { trustProxy: options.trustProxy }
  const stores = createStore(env, redisDeadlineMs)
  const { store } = stores
  const shared = store === undefined ? trust : { ...trust, store }
  const everything = createRateLimiter({ ...options, ...shared })
  const demoSeed = createRateLimiter({ ...shared, name: 'demo-seed', write: 5, windowSec: 60 })
  const apiKeys = createRateLimiter({ ...shared, name: 'api-keys', write: 10, windowSec: 600 })
  const budgets = new Budgets(watch, trust, stores)
  const all = [everything, demoSeed, apiKeys, budgets.tokens, budgets.inFlight]
  return {
    everything,
    demoSeed,
    apiKeys,
    budgets,
    all,
    storeDescription: stores.description,
    async close() {
      await Promise.all(all.map((limiter) => limiter.close()))
      await stores.close()
    },
  }
}
