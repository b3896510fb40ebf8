/**
 * A login with a limit of its own: five failed attempts in a quarter of an hour, beside the limits that
 * hold for everything. Run it with: npx tsx --tsconfig examples/tsconfig.json examples/login-router.ts
 *
 *   curl -i -H 'Content-Type: application/json' -d '{"name":"ada","password":"?"}' http://127.0.0.1:3000/login
 */
import { scryptSync, timingSafeEqual } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import express, { type Express, Router } from 'express'
import { createRateLimiter } from 'express-tollgate'
import { assertEveryRouteLimited } from 'express-tollgate/audit'

const SALT = 'an-example-has-one-salt-only'
const PASSWORD_HASHES: ReadonlyMap<string, Buffer> = new Map([['ada', hash('difference-engine')]])
/** Compared with when the name is unknown, so that names cannot be told apart by the time it takes. */
const NOBODY: Buffer = hash('')

function hash(password: string): Buffer {
  return scryptSync(password, SALT, 32)
}

function loginRouter(): Router {
  const router = Router()
  router.use(
    createRateLimiter({
      name: 'login',
      // The form may be looked at; that is for the limiter of the whole app.
      read: false,
      write: 5,
      windowSec: 900,
      // An attempt that succeeds is given back: whoever knows the password is never locked out by using it.
      skipSuccessfulRequests: true,
    }),
  )
  router.get('/', (_req, res) => {
    res.json({ fields: ['name', 'password'] })
  })
  router.post('/', express.json({ limit: '1kb' }), (req, res) => {
    const { name, password } = (req.body ?? {}) as Record<string, unknown>
    const known = typeof name === 'string' ? PASSWORD_HASHES.get(name) : undefined
    const matches = timingSafeEqual(hash(typeof password === 'string' ? password : ''), known ?? NOBODY)
    if (known !== undefined && matches) res.json({ welcome: name })
    else res.status(401).json({ error: 'wrong_name_or_password' })
  })
  return router
}

/** The app: a limiter before everything, and a stricter one before the login. */
export function createApp(): Express {
  const app = express()
  app.use(createRateLimiter({ read: 1000, write: 200, windowSec: 60 }))
  app.use('/login', loginRouter())
  app.get('/', (_req, res) => {
    res.json({ hello: 'world' })
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
