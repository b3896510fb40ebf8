import express from 'express'
import { createRateLimiter } from 'express-tollgate'
import { RedisStore } from 'express-tollgate/redis'
import { Cluster } from 'ioredis'

// Some nodes of the cluster are enough: ioredis finds the others.
const nodes = (process.env.REDIS_NODES ?? '127.0.0.1:7000').split(',').map((node) => {
  const [host, port] = node.split(':')
  return { host, port: Number(port) }
})
const client = new Cluster(nodes, { lazyConnect: true })
const store = new RedisStore({ client })
const limiter = createRateLimiter({ limit: 5, windowSec: 10, store })

const app = express()
app.use(limiter)
app.get('/', (_req, res) => {
  res.json({ process: process.pid, store: limiter.health().state })
})

// The app also starts without Redis. Then each process counts by itself until Redis is back.
await store.ready().catch((error) => console.error(error.message))
const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', (error) => {
  if (error) throw error
  console.log(`Serving on http://127.0.0.1:${server.address().port}`)
})

process.once('SIGTERM', () => {
  server.close(async () => {
    await limiter.close()
    await store.close()
    client.disconnect()
  })
})
