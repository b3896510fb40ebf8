import express from 'express'
import { createRateLimiter } from 'express-tollgate'
import { RedisStore } from 'express-tollgate/redis'
import { Redis } from 'ioredis'
import serverlessHttp from 'serverless-http'

// Outside of the handler: one limiter and one connection for all requests of this instance.
const { REDIS_URL } = process.env
export const store = REDIS_URL && new RedisStore({ client: new Redis(REDIS_URL, { lazyConnect: true }) })

const app = express()
app.use(
  createRateLimiter({
    limit: 5,
    windowSec: 10,
    trustProxy: 'adapter', // behind an application load balancer. Behind API Gateway: false
    ...(store ? { store } : {}), // without Redis each instance counts by itself
  }),
)
app.get('/', (req, res) => {
  res.json({ chargedTo: req.rateLimit.key })
})

export const handler = serverlessHttp(app)
