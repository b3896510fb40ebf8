/**
 * A server in a process of its own that counts in Redis, for tests that run several. The environment has the
 * address of Redis in REDIS_URL, the Redis client in CLIENT, the limit in LIMIT, and the share of the
 * fallback in SHARE. The header `x-client` is the client key.
 */
import type { AddressInfo } from 'node:net'
import express from 'express'
import { createRateLimiter } from '../../../src/index.ts'
import { RedisStore } from '../../../src/stores/redis/redis-store.ts'
import { CLIENTS } from './clients.ts'

const { REDIS_URL = '', CLIENT = '', LIMIT = '', SHARE = '' } = process.env

const connect = CLIENTS[CLIENT]
if (connect === undefined) throw new Error(`unknown client ${CLIENT}`)
const { client } = await connect(REDIS_URL)
const limiter = createRateLimiter({
  read: Number(LIMIT),
  // Longer than any test, so that no units come back.
  windowSec: 3600,
  store: new RedisStore({ client, deadlineMs: 2000 }),
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
