/**
 * A login that limits password guessing. Only failed attempts count, by address and by user name at the same
 * time. An attacker at another address cannot keep a user from logging in for long:
 *
 * - An address may fail 10 times a minute and 50 times a day. This is enough for the typing errors of an
 *   office. An address that is refused 10 times in 10 minutes ignores the answers, so it is banned for an
 *   hour.
 * - A user name has 5 attempts, and regains one every 3 minutes. So there are at most 485 guesses on the
 *   first day, from any number of addresses. More attempts would make guessing easy. With a longer wait, an
 *   attacker could easily keep the user out.
 * - For each address from which the user has logged in before, the name has separate attempts. Attackers at
 *   other addresses cannot use them up. At a new address, the owner waits at most 3 minutes after the end of
 *   an attack.
 * - A form on another website can make its visitors send a POST, but not one with JSON. So a body of another
 *   type is rejected before it is counted: otherwise the addresses of the visitors could be banned.
 *
 * An attacker at the address of the user, for example in the same office, shares the failures of that
 * address. An attempt counts until it is answered, so at most 5 are under way at once for one name, and 5 for
 * each known address of its user. Behind a proxy, set `trust proxy` of the app. Otherwise all clients have
 * the address of the proxy.
 *
 * Run it with: npx tsx --tsconfig examples/tsconfig.json examples/recipes/login.ts
 *
 *   curl -i -H 'Content-Type: application/json' -d '{"name":"ada","password":"?"}' http://127.0.0.1:3000/login
 */
import { scrypt, timingSafeEqual } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import express, { type Express, type Request, type RequestHandler, type Response, type Router } from 'express'
import { type Clock, createRateLimiter, type RateLimitInfo } from 'express-tollgate'
import { assertEveryRouteLimited } from 'express-tollgate/audit'

/** Whether this is the password of the user. It takes the same time for a user who does not exist. */
type CheckPassword = (name: string, password: string) => Promise<boolean>

/** For tests. */
interface Options {
  readonly clock?: Clock
  readonly checkPassword?: CheckPassword
}

const scryptAsync = promisify<string, string, number, Buffer>(scrypt)
const hash = (password: string): Promise<Buffer> => scryptAsync(password, 'a-real-app-salts-each', 32)
const PASSWORD_HASHES: ReadonlyMap<string, Buffer> = new Map([['ada', await hash('difference-engine')]])
/** The hash for unknown names, so that the time of an answer does not show whether a name exists. */
const UNKNOWN_USER_HASH: Buffer = await hash('')

const isPasswordOf: CheckPassword = async (name, password) => {
  const known = PASSWORD_HASHES.get(name)
  const matches = timingSafeEqual(await hash(password), known ?? UNKNOWN_USER_HASH)
  return known !== undefined && matches
}

/** The same name for all spellings. Users are looked up by it too, so all spellings share one count. */
function nameOf(req: Request): string {
  const { name } = (req.body ?? {}) as Record<string, unknown>
  const normal = typeof name === 'string' ? name.normalize('NFKC').trim().toLowerCase() : ''
  // No user has a longer name. All longer names share one count, so that they take no memory.
  return normal.length <= 64 ? normal : ''
}

/** An error of the server is not a failed guess of the client. */
const isNotAFailedGuess = (_req: Request, { statusCode }: Response): boolean =>
  statusCode < 400 || statusCode >= 500

/**
 * The last 5 addresses from which each user logged in. Only a successful login adds to it, so it grows with
 * the number of users. A real app stores the addresses with the password hash, or in a signed cookie.
 */
class KnownAddresses {
  readonly #addressesByUser = new Map<string, readonly string[]>()

  has(name: string, address: string): boolean {
    return this.#addressesByUser.get(name)?.includes(address) === true
  }

  add(name: string, address: string): void {
    const others = (this.#addressesByUser.get(name) ?? []).filter((known) => known !== address)
    this.#addressesByUser.set(name, [address, ...others].slice(0, 5))
  }
}

function requireJson(req: Request, res: Response, next: () => void): void {
  if (req.is('application/json')) next()
  else res.status(415).json({ error: 'send_json' })
}

function loginLimiters(
  shared: Pick<Options, 'clock'>,
  knownAddresses: KnownAddresses,
): { readonly byAddress: RequestHandler; readonly byName: RequestHandler } {
  const failures = {
    ...shared,
    read: false,
    skipSuccessfulRequests: true,
    requestWasSuccessful: isNotAFailedGuess,
  } as const
  const byAddress = createRateLimiter({
    ...failures,
    name: 'login-address',
    write: [
      { limit: 10, windowSec: 60, algorithm: 'sliding-window' },
      { limit: 50, windowSec: 86_400, algorithm: 'sliding-window' },
    ],
    ban: { after: 10, withinSec: 600, forSec: 3600 },
    requestPropertyName: 'byAddress',
  })
  const byName = createRateLimiter({
    ...failures,
    name: 'login-name',
    write: { algorithm: 'token-bucket', burst: 5, limit: 20, windowSec: 3600 },
    keyGenerator: (req, _res, address) => {
      const name = nameOf(req)
      return JSON.stringify(knownAddresses.has(name, address) ? [name, address] : [name])
    },
  })
  return { byAddress, byName }
}

function loginRouter(checkPassword: CheckPassword, shared: Pick<Options, 'clock'>): Router {
  const knownAddresses = new KnownAddresses()
  const { byAddress, byName } = loginLimiters(shared, knownAddresses)
  const router = express.Router()
  router.get('/', (_req, res) => {
    res.json({ fields: ['name', 'password'] })
  })
  router.post('/', requireJson, byAddress, express.json({ limit: '1kb' }), byName, (req, res, next) => {
    const name = nameOf(req)
    const { password } = (req.body ?? {}) as Record<string, unknown>
    const answer = (isRight: boolean): void => {
      const address = (req as { byAddress?: RateLimitInfo }).byAddress?.key
      if (isRight && address !== undefined) knownAddresses.add(name, address)
      if (isRight) res.json({ welcome: name })
      else res.status(401).json({ error: 'wrong_name_or_password' })
    }
    checkPassword(name, typeof password === 'string' ? password : '')
      .then(answer)
      .catch(next)
  })
  return router
}

/** The app: a limiter for all requests, and two stricter limiters for the login. */
export function createApp({ checkPassword = isPasswordOf, ...shared }: Options = {}): Express {
  const app = express()
  app.use(createRateLimiter({ ...shared, read: 1000, write: 200, windowSec: 60 }))
  app.use('/login', loginRouter(checkPassword, shared))
  assertEveryRouteLimited(app)
  return app
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = createApp().listen(Number(process.env.PORT ?? 3000), '127.0.0.1', (error) => {
    if (error) throw error
    console.log(`Serving on http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  })
}
