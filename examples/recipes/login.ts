/**
 * A login that withstands guessing. Only failures count, by address and by user name at once, and a stranger
 * elsewhere cannot lock a user out for long:
 *
 * - An address may fail 10 times a minute and 50 times a day, which is room for an office that mistypes. One
 *   that is refused 10 times in 10 minutes does not read the answers: it is banned for an hour.
 * - A user name has 5 tries, and gets one back every 3 minutes: however many addresses an attacker has, that is
 *   485 guesses on the first day. More would make guessing easy; a longer wait would make locking out easy.
 * - At an address from which the user has logged in before, the name has tries of its own. Strangers elsewhere
 *   cannot use those up. From a new address the owner waits for one try, 3 minutes, once an attack is over.
 * - A form on a strange page can make its visitors post, but no JSON: what is no JSON is no attempt, lest the
 *   visitors' own addresses be banned for it.
 *
 * Strangers at the user's own address, in one office say, share what it may fail. An attempt counts until it is
 * answered, so no more than 5 are under way at once for one name, and 5 for each known address of its user.
 * Behind a proxy set the app's `trust proxy`, or the proxy is the address that everybody has.
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

/** Whether this is the user's password; it takes as long to say so of a user who does not exist. */
type CheckPassword = (name: string, password: string) => Promise<boolean>

/** For tests. */
interface Options {
  readonly clock?: Clock
  readonly checkPassword?: CheckPassword
}

const scryptAsync = promisify<string, string, number, Buffer>(scrypt)
const hash = (password: string): Promise<Buffer> => scryptAsync(password, 'a-real-app-salts-each', 32)
const PASSWORD_HASHES: ReadonlyMap<string, Buffer> = new Map([['ada', await hash('difference-engine')]])
/** Compared with when the name is unknown, so that names cannot be told apart by the time it takes. */
const NOBODY: Buffer = await hash('')

const isPasswordOf: CheckPassword = async (name, password) => {
  const known = PASSWORD_HASHES.get(name)
  const matches = timingSafeEqual(await hash(password), known ?? NOBODY)
  return known !== undefined && matches
}

/** One name for all its spellings. Users are looked up by it too: no spelling has a count of its own. */
function nameOf(req: Request): string {
  const { name } = (req.body ?? {}) as Record<string, unknown>
  const normal = typeof name === 'string' ? name.normalize('NFKC').trim().toLowerCase() : ''
  // No user has a longer name, and names that nobody has need not be remembered one by one.
  return normal.length <= 64 ? normal : ''
}

/** Errors of ours are no guesses of theirs. */
const wasNoGuess = (_req: Request, { statusCode }: Response): boolean => statusCode < 400 || statusCode >= 500

/**
 * The last 5 addresses from which each user logged in. Only success writes to it, so that it grows with the
 * number of users. A real app keeps it beside the password hash, or in a signed cookie.
 */
class KnownAddresses {
  readonly #ofUsers = new Map<string, readonly string[]>()

  has(name: string, address: string): boolean {
    return this.#ofUsers.get(name)?.includes(address) === true
  }

  add(name: string, address: string): void {
    const others = (this.#ofUsers.get(name) ?? []).filter((known) => known !== address)
    this.#ofUsers.set(name, [address, ...others].slice(0, 5))
  }
}

function onlyJson(req: Request, res: Response, next: () => void): void {
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
    requestWasSuccessful: wasNoGuess,
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
    keyGenerator: (req: Request, address) => {
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
  router.post('/', onlyJson, byAddress, express.json({ limit: '1kb' }), byName, (req, res, next) => {
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

/** The app: a limiter before everything, and two stricter ones before the login. */
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
