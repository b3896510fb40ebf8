/**
 * A public API. Whoever shows a valid key has the quotas of its account, wherever the requests come from;
 * everybody else has those of an address, which are less. Each request is held to two limits at once, and
 * charged to both or to none:
 *
 * - a burst by the second: it keeps one client from crowding out the others, and is forgotten a second later.
 *   Pages make a dozen requests at once, so 20 are no abuse;
 * - a quota by the hour: what the plan includes. It slides, or twice as much would pass around each full hour.
 *
 * Writes cost more to serve and have a fifth of it. Without a key there is enough to try the API out.
 *
 * Clients without one pass both limiters, the stricter first: what that refuses is not charged to the other,
 * which skips nobody, so that the audit can vouch for it. A wrong key is none, so that guesses are limited too.
 * Behind a proxy set the app's `trust proxy`, or the proxy is the address that everybody has.
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

/** Accounts by the hashes of their keys: the keys themselves are kept by nobody but their owners. */
const ACCOUNTS: ReadonlyMap<string, string> = new Map([
  [sha256('key-of-acme'), 'acme'],
  [sha256('key-of-globex'), 'globex'],
])

/** The account whose key the request shows; undefined without a key, and with a wrong one. */
function accountOf(req: Request): string | undefined {
  const key = req.get('X-API-Key')
  return key === undefined ? undefined : ACCOUNTS.get(sha256(key))
}

/** Limits clients without a key, by address. */
function anonymousLimiter(options: Options): RateLimiter<Request> {
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
    skip: (req: Request) => accountOf(req) !== undefined,
    standardHeaders: true,
    problemDetails: true,
  })
}

/** Limits everybody: by account, and by address where there is none. */
function apiLimiter(options: Options): RateLimiter<Request> {
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
    keyGenerator: (req: Request, address) => {
      const account = accountOf(req)
      return account === undefined ? address : `account:${account}`
    },
    standardHeaders: true,
    problemDetails: true,
  })
}

/** The app: both limiters before everything, then the check of the key, then the API. */
export function createApp(options: Options = {}): Express {
  const app = express()
  app.use(anonymousLimiter(options), apiLimiter(options))
  app.use((req, res, next) => {
    const mayPass =
      accountOf(req) !== undefined || (req.rateLimit?.class === 'read' && req.get('X-API-Key') === undefined)
    if (mayPass) next()
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
