/**
 * A receiver of webhooks: signed deliveries from a few providers, at a URL that everybody can send to.
 *
 * - Deliveries without a valid signature are forgeries. They are counted by address. 10 in 10 minutes are
 *   enough to notice that a secret was changed. A client that is refused 10 times in 10 minutes is banned for
 *   a day. A delivery counts as a forgery until it is answered, and providers send many deliveries at once.
 *   So the published address ranges of the providers are exempt. Do not exempt a range from which others can
 *   send too.
 * - Deliveries with a valid signature are counted by provider, so that a forger cannot use up the limit of a
 *   provider: 100 at once, as after an outage of this server, and 10 a second after that. `Retry-After` is
 *   the time after which the provider should deliver again.
 * - Before both, an address may send 3000 requests a minute, a few times more than any provider may. This
 *   also limits forgers within the published ranges.
 *
 * Behind a proxy, set `trust proxy` of the app. Otherwise all clients have the address of the proxy.
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

/** Secrets by provider. A real app reads them from the environment. */
const SECRETS: ReadonlyMap<string, string> = new Map([
  ['payments', 'payments-secret'],
  ['parcels', 'parcels-secret'],
])

/** The address ranges from which the providers deliver. The documentation of a provider has its ranges. */
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
    // Not by status: a genuine delivery that the limit of its provider refuses is not a forgery.
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
    // The provider in the path. The signature has proven it.
    keyGenerator: (req: Delivery) => req.params.provider,
  })

  return [forgeries, express.raw({ type: () => true, limit: '256kb' }), checkSignature, deliveries]
}

/** The app: a limiter for all requests, and two limiters before and after the check of the signature. */
export function createApp(options: Options = {}): Express {
  const app = express()
  app.use(createRateLimiter({ ...options, read: 100, write: 3000, windowSec: 60 }))
  app.post('/webhooks/:provider', ...webhook(options), (_req, res) => {
    // Providers wait only a few seconds for an answer: store the delivery now, and process it after the
    // answer.
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
