/**
 * Four processes behind one port that count together in Redis.
 *
 *   npm run cluster
 *
 * REDIS_URL          the URL of Redis. Default: redis://127.0.0.1:6379
 * REDIS_DEADLINE_MS  how long a decision may wait for Redis, in milliseconds. Default: 100
 * PORT               the port on 127.0.0.1; 0 for any free port. Default: 3000
 * LIMIT              reads that a client has in a minute. Default: 100
 */
import cluster from 'node:cluster'
import express from 'express'
import { createRateLimiter } from 'express-tollgate'
import { RedisStore } from 'express-tollgate/redis'
import { Redis } from 'ioredis'

const PROCESSES = 4
const SIGNALS = ['SIGINT', 'SIGTERM'] as const

const {
  REDIS_URL = 'redis://127.0.0.1:6379',
  REDIS_DEADLINE_MS = '100',
  PORT = '3000',
  LIMIT = '100',
} = process.env

if (cluster.isPrimary) startWorkers()
else serve()

function startWorkers(): void {
  let listening = 0
  let stopping = false
  const stop = (): void => {
    stopping = true
    cluster.disconnect()
  }
  cluster.on('listening', (_worker, { port }) => {
    listening++
    // The other processes start after the first one listens. So an error at the start is reported once.
    if (listening === 1) for (let index = 1; index < PROCESSES; index++) cluster.fork()
    if (listening === PROCESSES) console.log(`${PROCESSES} processes serve on http://127.0.0.1:${port}`)
  })
  cluster.on('exit', (worker, code, signal) => {
    if (stopping) return
    if (listening < PROCESSES) {
      process.exitCode = 1
      stop()
      return
    }
    console.error(`Process ${worker.process.pid} ended with ${signal ?? code}. A new process replaces it.`)
    cluster.fork()
  })
  for (const signal of SIGNALS) process.on(signal, stop)
  cluster.fork()
}

function serve(): void {
  // A terminal sends its signal to all processes at once. The workers ignore it: the primary process stops
  // them.
  for (const signal of SIGNALS) process.on(signal, () => undefined)
  if (!/^rediss?:\/\/[^/]/.test(REDIS_URL)) fail('REDIS_URL must be a URL such as redis://127.0.0.1:6379.')
  if (!/^[1-9]\d{0,14}$/.test(LIMIT)) fail(`LIMIT must be a whole number from 1, got '${LIMIT}'.`)
  const client = new Redis(REDIS_URL, { lazyConnect: true })
  const store = new RedisStore({ client, deadlineMs: Number(REDIS_DEADLINE_MS) })
  const limiter = createRateLimiter({
    limit: Number(LIMIT),
    store,
    // If Redis fails, each process allows its share, so that all together allow no more than the limit.
    fallbackShare: 1 / PROCESSES,
  })
  const app = express()
  app.use(limiter)
  app.get('/', (_req, res) => {
    res.json({ process: process.pid, store: limiter.health().state })
  })
  const server = app.listen(Number(PORT), '127.0.0.1')
  server.once('error', (error) => fail(`Cannot serve on ${PORT}: ${error.message}`))
  cluster.worker?.once('disconnect', () => {
    server.close()
    void limiter.close().then(() => store.close())
    client.disconnect()
  })
}

function fail(message: string): never {
  console.error(message)
  process.exit(1)
}
