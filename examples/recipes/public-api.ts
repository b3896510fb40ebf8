/**
 * A public API. A client with a valid key has the limits of its account at every address. Every other client
 * has the smaller limits of its address. Each request is checked against two limits at once, and charged to
 * both or to none:
 *
 * - A burst per second, so that one client cannot take the whole capacity. A page makes a dozen requests at
 *   once, so 20 are normal.
 * - A quota per hour, which the plan of the account includes. It is a sliding window: with a fixed window,
 *   twice the quota would be allowed around each full hour.
 *
 * Writes cost the server more, so their limits are a fifth of the limits for reads. The limits without a key
 * are enough to try the API.
 *
 * Clients without a key meet both limiters, the stricter one first. A request that the first one refuses is
 * not charged to the second one. The second one skips no request, so the audit can prove that every route is
 * limited. A wrong key counts as no key, so attempts to guess a key are limited too. Behind a proxy, set
 * `trust proxy` of the app. Otherwise all clients have the address of the proxy.
 *
 * Run it with: npx tsx --tsconfig examples/tsconfig.json examples/recipes/public-api.ts
 *
 *   curl -i -H 'X-API-Key: key-of-acme' http://127.0.0.1:3000/items
 */
import { createHash } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import express, { type Express, type Request } from 'express'
import { type Clock, createRateLimiter, type RateLimiter } from 'express-tollgate'
import { assertEveryRouteLimited } from 'express-tollgate/audit'

/** For tests. */
interface Options {
  readonly clock?: Clock
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Accounts by the hashes of their keys. Only the owners have the keys themselves. */
const ACCOUNTS: ReadonlyMap<string, string> = new Map([
  [sha256('key-of-acme'), 'acme'],
  [sha256('key-of-globex'), 'globex'],
])

/** The account of the key in the request; undefined without a key and with a wrong key. */
function accountOf(req: Request): string | undefined {
  const key = req.get('X-API-Key')
  return key === undefined ? undefined : ACCOUNTS.get(sha256(key))
}

/** Limits clients without a key, by address. */
function anonymousLimiter(options: Options): RateLimiter {
  return createRateLimiter({
    ...options,
    name: 'anonymous',
    read: [
      { name: 'anonymous-burst', limit: 5, windowSec: 1 },
      { name: 'anonymous-hourly', limit: 100, windowSec: 3600, algorithm: 'sliding-window' },
    ],
    write: [
      { name: 'anonymous-write-burst', limit: 1, windowSec: 1 },
      { name: 'anonymous-write-hourly', limit: 20, windowSec: 3600, algorithm: 'sliding-window' },
    ],
    skip: (req) => accountOf(req) !== undefined,
    standardHeaders: true,
    problemDetails: true,
  })
}

/** Limits all clients: by account, or by address without an account. */
function apiLimiter(options: Options): RateLimiter {
  return createRateLimiter({
    ...options,
    name: 'api',
    read: [
      { name: 'burst', limit: 20, windowSec: 1 },
      { name: 'hourly', limit: 1000, windowSec: 3600, algorithm: 'sliding-window' },
    ],
    write: [
      { name: 'write-burst', limit: 4, windowSec: 1 },
      { name: 'write-hourly', limit: 200, windowSec: 3600, algorithm: 'sliding-window' },
    ],
    keyGenerator: (req, _res, address) => {
      const account = accountOf(req)
      return account === undefined ? address : `account:${account}`
    },
    standardHeaders: true,
    problemDetails: true,
  })
}

/** The app: both limiters for all requests, then the check of the key, then the API. */
export function createApp(options: Options = {}): Express {
  const app = express()
  app.use(anonymousLimiter(options), apiLimiter(options))
  app.use((req, res, next) => {
    const isAuthorized =
      accountOf(req) !== undefined || (req.rateLimit?.class === 'read' && req.get('X-API-Key') === undefined)
    if (isAuthorized) next()
    else res.status(401).json({ error: 'a_valid_key_is_needed' })
  })
  app.get('/items', (_req, res) => {
    res.json({ items: [] })
  })
  app.post('/items', (_req, res) => {
    res.status(201).json({})
  })
  assertEveryRouteLimited(app)
  return app
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = createApp().listen(Number(process.env.PORT ?? 3000), '127.0.0.1', (error) => {
    if (error) throw error
    console.log(`Serving on http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  })
}
