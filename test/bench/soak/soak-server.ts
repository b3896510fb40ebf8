/** One of the processes of the soak: an Express app whose limiter counts in Redis, and the report that it gives on request. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { Redis } from 'ioredis'
import { createRateLimiter } from '../../../src/index.ts'
import { isPromiseLike } from '../../../src/maybe-promise.ts'
import { RedisStore } from '../../../src/stores/redis/index.ts'
import { Latencies } from './latencies.ts'
import type { Listening, ServerReport, SoakQuestion } from './soak-processes.ts'

const LIMIT = 100
const WINDOW_SEC = 10
const MIB = 2 ** 20

const [, , url = '', processes = '1'] = process.argv
const client = new Redis(url, { lazyConnect: true })
client.on('error', () => undefined)
const store = new RedisStore({ client })
let answeredAtMs = 0
noteAnswers()
const limiter = createRateLimiter({
  ...{ read: LIMIT, windowSec: WINDOW_SEC, store, fallbackShare: 1 / Number(processes) },
  trustProxy: 'loopback',
  // It fails on purpose; the parent says when.
  logger: { info() {}, warn() {} },
})
const latencies = new Latencies()

/** Notes when Redis itself has answered: an answer that comes at once is out of the store's memory. */
function noteAnswers(): void {
  const consume = store.consume.bind(store)
  store.consume = (charge) => {
    const answer = consume(charge)
    if (!isPromiseLike(answer)) return answer
    return answer.then((decision) => {
      answeredAtMs = Date.now()
      return decision
    })
  }
}

const app = express()
app.use((_req, res, next) => {
  const beganAtMs = performance.now()
  res.once('finish', () => latencies.note(performance.now() - beganAtMs))
  next()
})
app.use(limiter)
app.get('/', (_req, res) => {
  res.json({ ok: true })
})

function report(): ServerReport {
  globalThis.gc?.()
  const { heapUsed, rss } = process.memoryUsage()
  const { lateReplies } = limiter.health()
  return {
    ...{ latencies: latencies.record, lateReplies, deadlineMs: store.deadlineMs },
    ...{ heapMiB: heapUsed / MIB, rssMiB: rss / MIB },
  }
}

process.on('message', ({ id, ask }: SoakQuestion) => {
  const answer = ask === 'state' ? { circuit: limiter.health().state, answeredAtMs } : report()
  process.send?.({ id, answer })
})
// However the parent has ended, no other process asks for reports.
process.once('disconnect', () => process.exit())

const server = createServer(app)
// A connection that the server closes just when a request comes would look like a request without an answer.
server.keepAliveTimeout = 0
server.listen(0, '127.0.0.1', () => {
  const listening: Listening = { port: (server.address() as AddressInfo).port }
  process.send?.(listening)
})
