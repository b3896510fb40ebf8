/**
 * A receiver of webhooks: signed deliveries from a few providers, at an address that anybody can post to.
 *
 * - Forgeries, which are all deliveries without a valid signature, are counted by address: 10 in 10 minutes are
 *   enough to find out that a secret was changed. Who is refused 10 times in as long is banned for a day.
 *   A delivery counts until it is answered, and providers deliver in bursts, with many under way at once: the
 *   ranges that they publish are exempt. Do not exempt a range from which others can send too.
 * - Deliveries are counted by provider, once the signature is checked, so that a forger cannot use up what is a
 *   provider's: 100 at once, as when an outage of ours is over, and 10 a second after that. `Retry-After` tells
 *   providers when to deliver again.
 * - Before all of it, an address may send 3000 requests a minute, a few times what any provider may. That also
 *   holds for forgers within the ranges.
 *
 * Behind a proxy set the app's `trust proxy`, or the proxy is the address that everybody has.
 *
 * Run it with: npx tsx --tsconfig examples/tsconfig.json examples/recipes/webhooks.ts
 *
 *   curl -i -d '{}' http://127.0.0.1:3000/webhooks/payments -H "X-Signature: $(
 *     printf '{}' | openssl dgst -sha256 -hmac payments-secret | sed 's/.* //')"
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import express, { type Express, type Request, type RequestHandler } from 'express'
import { type Clock, createRateLimiter } from 'express-tollgate'
import { assertEveryRouteLimited } from 'express-tollgate/audit'

/** For tests. */
interface Options {
  readonly clock?: Clock
}

type Delivery = Request<{ provider: string }>

/** Secrets by provider. Yours come from the environment. */
const SECRETS: ReadonlyMap<string, string> = new Map([
  ['payments', 'payments-secret'],
  ['parcels', 'parcels-secret'],
])

/** Where the providers say that their deliveries come from. Yours are in their documentation. */
const PUBLISHED_RANGES: readonly string[] = ['192.0.2.0/24', '2001:db8:77::/48']

/** Whether this is the HMAC, in hexadecimal, of the body as it was sent. */
function isSignatureOf(body: Buffer, secret: string, signature: string): boolean {
  const expected = createHmac('sha256', secret).update(body).digest()
  const given = Buffer.from(signature, 'hex')
  return given.length === expected.length && timingSafeEqual(given, expected)
}

function webhook(options: Options): RequestHandler<{ provider: string }>[] {
  const genuine = new WeakSet<Delivery>()

  const forgeries = createRateLimiter({
    ...options,
    name: 'forgeries',
    read: false,
    write: { limit: 10, windowSec: 600, algorithm: 'sliding-window' },
    ban: { after: 10, withinSec: 600, forSec: 86_400 },
    allowList: PUBLISHED_RANGES,
    skipSuccessfulRequests: true,
    // Not by status: a genuine delivery that is refused for the provider's own limit is no forgery.
    requestWasSuccessful: (req: Delivery) => genuine.has(req),
  })

  const checkSignature: RequestHandler<{ provider: string }> = (req, res, next) => {
    const body: Buffer = Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0)
    const secret = SECRETS.get(req.params.provider)
    if (secret === undefined || !isSignatureOf(body, secret, req.get('X-Signature') ?? '')) {
      res.status(401).json({ error: 'wrong_signature' })
      return
    }
    genuine.add(req)
    next()
  }

  const deliveries = createRateLimiter({
    ...options,
    name: 'deliveries',
    read: false,
    write: { limit: 600, windowSec: 60, algorithm: 'token-bucket', burst: 100 },
    // The name in the path, which the signature has just proven.
    keyGenerator: (req: Delivery) => req.params.provider,
  })

  return [forgeries, express.raw({ type: () => true, limit: '256kb' }), checkSignature, deliveries]
}

/** The app: a limiter before everything, and those of the deliveries around the check of the signature. */
export function createApp(options: Options = {}): Express {
  const app = express()
  app.use(createRateLimiter({ ...options, read: 100, write: 3000, windowSec: 60 }))
  app.post('/webhooks/:provider', ...webhook(options), (_req, res) => {
    // Providers wait a few seconds only: note the delivery now, and do what it asks for afterwards.
    res.sendStatus(202)
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
