import { createRequire } from 'node:module'
import express from 'express'
import { createRateLimiter, RateLimiterError } from 'express-tollgate'
import { assertEveryRouteLimited } from 'express-tollgate/audit'
import { RedisStore } from 'express-tollgate/redis'
import * as testing from 'express-tollgate/testing'

const app = express()
app.use(createRateLimiter({ read: 2 }))
app.get('/', (_req, res) => res.json({ served: true }))
assertEveryRouteLimited(app)
// The audit of the other module format knows this limiter, too.
createRequire(import.meta.url)('express-tollgate/audit').assertEveryRouteLimited(app)

const errors = []
for (const mistake of [
  () => createRateLimiter({ windowMs: 60_000 }),
  () => assertEveryRouteLimited(unlimited()),
  () => new RedisStore({ client: 5 }),
]) {
  try {
    mistake()
  } catch (error) {
    errors.push(error instanceof RateLimiterError ? error.code : String(error))
  }
}

function unlimited() {
  return express().get('/', (_req, res) => res.end())
}

const server = app.listen(0, '127.0.0.1', async () => {
  const responses = []
  for (let index = 0; index < 3; index += 1) {
    const response = await fetch(`http://127.0.0.1:${server.address().port}/`)
    const retryAfter = response.headers.get('retry-after')
    responses.push({ status: response.status, retryAfter, body: await response.text() })
  }
  // The limiter is not closed: nothing of it may keep the program alive.
  server.close()
  server.closeAllConnections()
  console.log(JSON.stringify({ node: process.version, errors, responses, testing: Object.keys(testing) }))
})
