/**
 * A server of one process that counts in Redis, for tests that run several: told where Redis is by REDIS_URL, of which
 * kind its client is by CLIENT, and what it may grant by LIMIT and SHARE. A client of it is who `x-client` says.
 */
import type { AddressInfo } from 'node:net'
import express from 'express'
import { createRateLimiter } from '../../../src/index.ts'
import { RedisStore } from '../../../src/stores/redis/redis-store.ts'
import { CLIENTS } from './clients.ts'

const { REDIS_URL = '', CLIENT = '', LIMIT = '', SHARE = '' } = process.env

const connect = CLIENTS[CLIENT]
if (connect === undefined) throw new Error(`no client ${CLIENT}`)
const { client } = await connect(REDIS_URL)
const limiter = createRateLimiter({
  read: Number(LIMIT),
  // Longer than any test, so that nothing is given again.
  windowSec: 3600,
  store: new RedisStore({ client, deadlineMs: 500 }),
  fallbackShare: Number(SHARE),
  keyGenerator: (req) => String(req.headers['x-client']),
  logger: { info: () => undefined, warn: () => undefined },
})

const app = express()
app.get('/health', (_req, res) => {
  const { state, lateReplies, lastError } = limiter.health()
  res.json({ state, lateReplies, lastError: lastError?.message })
})
app.use(limiter)
app.get('/', (_req, res) => {
  res.json({})
})
const server = app.listen(0, '127.0.0.1', () => {
  process.send?.((server.address() as AddressInfo).port)
})
process.once('disconnect', () => process.exit())
