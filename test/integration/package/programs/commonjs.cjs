const express = require('express')
const { createRateLimiter, RateLimiterError } = require('express-tollgate')
const { assertEveryRouteLimited } = require('express-tollgate/audit')
const { RedisStore } = require('express-tollgate/redis')
const testing = require('express-tollgate/testing')

const app = express()
app.use(createRateLimiter({ read: 2 }))
app.get('/', (_req, res) => res.json({ served: true }))
assertEveryRouteLimited(app)

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
  // The audit of the other module format knows this limiter, too.
  const other = await import('express-tollgate/audit')
  other.assertEveryRouteLimited(app)
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
