import type { Store } from '../store.ts'
import type { CallbackStore, CountingStore } from './counting-store.ts'
import { ExpressRateLimitStore } from './express-rate-limit-store.ts'
import { hitCounterOf } from './hit-counter.ts'

/**
 * Makes a store of this library from a store written for express-rate-limit, such as those for MongoDB, Memcached and
 * PostgreSQL. Also from an old store with `incr(key, callback)`.
 *
 * Such a store can add one hit to a counter, and nothing else. So:
 *
 * - A class has one limit, a fixed window. All limits in one store have the same window. A charge costs one unit. There are
 *   no bans. A limiter that needs more is an error when it is created.
 * - Never more charges are allowed than the limit has units, also for many at the same time and from several processes. The
 *   exception: a refund that reaches the store after the window of its charge has ended is taken from the next window.
 * - A refusal is counted too. So a refund lets a client in again only if no charge of the client was refused before.
 * - `Retry-After` is the `resetTime` of the store. A store that says none gets a whole window.
 *
 * The app owns the store: `close()` of the result calls its `shutdown()`.
 *
 * @throws RateLimiterError `invalid_option` if it is not a store of express-rate-limit
 *
 * @example
 * const store = fromExpressRateLimitStore(new MemcachedStore({ locations: ['localhost:11211'] }))
 * app.use(createRateLimiter({ limit: 100, windowSec: 60, store }))
 */
export function fromExpressRateLimitStore(store: CountingStore | CallbackStore): Store {
  return new ExpressRateLimitStore(hitCounterOf(store))
}
