/**
 * Four processes behind one port that count together in Redis.
 *
 *   npm run cluster
 *
 * REDIS_URL  where Redis is. Default: redis://127.0.0.1:6379
 * PORT       where to serve, on 127.0.0.1. Default: 3000; 0 takes any free port
 * LIMIT      reads that a client has in a minute. Default: 100
 */
import cluster from 'node:cluster'
import express from 'express'
import { createRateLimiter } from 'express-tollgate'
import { RedisStore } from 'express-tollgate/redis'
import { Redis } from 'ioredis'

const PROCESSES = 4

const { REDIS_URL = 'redis://127.0.0.1:6379', PORT = '3000', LIMIT = '100' } = process.env

if (cluster.isPrimary) startWorkers()
else serve()

function startWorkers(): void {
  let listening = 0
  cluster.on('listening', (_worker, { port }) => {
    listening++
    if (listening === PROCESSES) console.log(`${PROCESSES} processes serve on http://127.0.0.1:${port}`)
  })
  let stopping = false
  cluster.on('exit', (worker, code) => {
    if (stopping) return
    console.error(`Process ${worker.process.pid} ended with ${code}; another takes its place.`)
    cluster.fork()
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      stopping = true
      cluster.disconnect()
    })
  }
  for (let index = 0; index < PROCESSES; index++) cluster.fork()
}

function serve(): void {
  const client = new Redis(REDIS_URL, { lazyConnect: true })
  const store = new RedisStore({ client })
  const limiter = createRateLimiter({
    read: Number(LIMIT),
    store,
    // Should Redis fail, each process grants its part, and all together no more than the limit.
    fallbackShare: 1 / PROCESSES,
  })
  const app = express()
  app.use(limiter)
  app.get('/', (_req, res) => {
    res.json({ process: process.pid, store: limiter.health().state })
  })
  const server = app.listen(Number(PORT), '127.0.0.1')
  cluster.worker?.once('disconnect', () => {
    server.close()
    void limiter.close().then(() => store.close())
    client.disconnect()
  })
  server.once('error', (error) => {
    console.error(`cannot serve on ${PORT}: ${error.message}`)
    process.exitCode = 1
  })
}
