import type { AddressInfo } from 'node:net'
import express, { type Request, type Response } from 'express'
import {
  createRateLimiter,
  optionsFromEnv,
  RateLimiterError,
  type RateLimiterOptions,
  type Store,
} from 'express-tollgate'
import { assertEveryRouteLimited } from 'express-tollgate/audit'
import { RedisStore } from 'express-tollgate/redis'
import * as testing from 'express-tollgate/testing'

const options: RateLimiterOptions = {
  read: (req) => (req.ip === undefined ? 1 : 2),
  keyGenerator: (req) => req.get('x-api-key') ?? 'nobody',
}

// An option that is undefined counts as left out, with exactOptionalPropertyTypes too.
const { read, write } = optionsFromEnv()
createRateLimiter({ read, write, store: undefined, keyGenerator: undefined })

const app = express()
app.use(createRateLimiter(options))
app.use('/login', createRateLimiter({ name: 'login', write: 5, skip: (req) => req.query.x === 'y' }))
app.get('/', (_req: Request, res: Response) => {
  res.json({ served: true })
})
assertEveryRouteLimited(app)

// Types of a store of one's own follow from the contract.
export const refusing: Store = {
  consume: ({ limits }) => ({
    allowed: false,
    retryAfterMs: 1000,
    limits: limits.map(({ name, limit }) => ({ name, limit, remaining: 0, resetMs: 1000 })),
  }),
}

const errors: string[] = []
const mistakes: readonly (() => unknown)[] = [
  // @ts-expect-error: an option nobody knows does not compile either
  () => createRateLimiter({ windowMs: 60_000 }),
  () => assertEveryRouteLimited(express().get('/', (_req: Request, res: Response) => void res.end())),
  () => new RedisStore({ client: 5 as never }),
]
for (const mistake of mistakes) {
  try {
    mistake()
  } catch (error) {
    errors.push(error instanceof RateLimiterError ? error.code : String(error))
  }
}

const server = app.listen(0, '127.0.0.1', async () => {
  const responses: unknown[] = []
  for (let index = 0; index < 3; index += 1) {
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    const retryAfter = response.headers.get('retry-after')
    responses.push({ status: response.status, retryAfter, body: await response.text() })
  }
  // The limiter is not closed: nothing of it may keep the program alive.
  server.close()
  server.closeAllConnections()
  console.log(JSON.stringify({ node: process.version, errors, responses, testing: Object.keys(testing) }))
})
