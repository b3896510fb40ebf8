import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { RateLimiter, Store, StoreErrorPolicy } from '../../src/index.ts'
import type { RedisServer } from '../support/redis/redis-server.ts'
import { bombard, CONNECTIONS } from './autocannon.ts'
import type { Benchmark, Figures, Run } from './benchmark.ts'
import type { ContestantName } from './contestants/contestant.ts'
import { loadBuild, loadRedisPart } from './contestants/express-tollgate.ts'
import { spreadText } from './table.ts'
import { startWatchedRedis } from './watched-redis.ts'

interface OutageSettings {
  readonly seconds: number
}

const SECONDS = 5
const LIMIT = 999_999_999
const WINDOW_SEC = 3600
/** More than it takes to open the circuit, should each of them fail. */
const MOST_FAILURES = 100
/** Says nothing: that the store fails is what is measured. */
const LOGGER = { info() {}, warn() {} }

const CONTESTANTS: readonly ContestantName[] = [
  'express-tollgate',
  'express-tollgate, allow',
  'express-tollgate, deny',
  'express-tollgate, MemoryStore',
]

/** What they do when the store fails, where it is not to go on with local counters. */
const POLICIES: Partial<Readonly<Record<ContestantName, StoreErrorPolicy>>> = {
  'express-tollgate, allow': 'allow',
  'express-tollgate, deny': 'deny',
}

/** The name of the workload, for code that looks up its figures. */
export const OUTAGE_WORKLOAD = 'admitted'

export const outage: Benchmark<OutageSettings> = {
  name: 'outage',
  summary: `requests a second over loopback, ${CONNECTIONS} connections, while Redis is gone, and with memory alone`,
  checked:
    'every answer is 200, and with deny 503; Redis answered before it was killed, the circuit was open throughout, and every request was counted, with allow and deny none',
  columns: [
    { figure: 'perSecond', heading: 'requests a second', text: spreadText },
    { figure: 'latencyMs', heading: 'mean latency, ms', text: spreadText },
  ],
  runs({ scale }) {
    return CONTESTANTS.map(
      (contestant): Run<OutageSettings> => ({
        workload: OUTAGE_WORKLOAD,
        contestant,
        settings: { seconds: SECONDS * scale },
      }),
    )
  },
  measure(contestant, settings, dist) {
    if (contestant === 'express-tollgate, MemoryStore') return measureMemory(settings, dist)
    return measureOutage(settings, dist, POLICIES[contestant] ?? 'memory')
  },
}

async function measureMemory({ seconds }: OutageSettings, dist: string): Promise<Figures> {
  const { MemoryStore } = await loadBuild(dist)
  return measureWith(new MemoryStore(), dist, 'memory', (url) => count(url, seconds))
}

async function measureOutage(
  { seconds }: OutageSettings,
  dist: string,
  policy: StoreErrorPolicy,
): Promise<Figures> {
  const { Redis } = await import('ioredis')
  const { RedisStore } = await loadRedisPart(dist)
  const server = await startWatchedRedis()
  const client = new Redis(server.url, { lazyConnect: true })
  client.on('error', () => undefined)
  try {
    return await measureWith(new RedisStore({ client }), dist, policy, async (url, limiter) => {
      await loseRedis(url, limiter, server)
      const figures = await (policy === 'memory' ? count(url, seconds) : countNone(url, seconds, policy))
      assert.notEqual(limiter.health().state, 'closed', 'the store never came back')
      return figures
    })
  } finally {
    client.disconnect()
    await server.stop()
  }
}

async function measureWith(
  store: Store,
  dist: string,
  onStoreError: StoreErrorPolicy,
  measure: (url: string, limiter: RateLimiter) => Promise<Figures>,
): Promise<Figures> {
  const { createRateLimiter } = await loadBuild(dist)
  const options = { read: LIMIT, windowSec: WINDOW_SEC, onStoreError, logger: LOGGER } as const
  const limiter = createRateLimiter({ ...options, store })
  const { server, url } = await serve(limiter)
  try {
    return await measure(url, limiter)
  } finally {
    server.closeAllConnections()
    server.close()
    await limiter.close()
    await store.close?.()
  }
}

async function serve(limiter: RateLimiter): Promise<{ readonly server: Server; readonly url: string }> {
  const { default: express } = await import('express')
  const app = express()
  app.use(limiter)
  app.get('/', (_req, res) => {
    res.json({ ok: true })
  })
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}

/** Has Redis answer first, then kills it, and sends requests until it is no longer asked. */
async function loseRedis(url: string, limiter: RateLimiter, server: RedisServer): Promise<void> {
  const before = await remainingAfterOne(url)
  assert.equal(await remainingAfterOne(url), before - 1, 'Redis counts')
  assert.equal(limiter.health().lastError, undefined, 'Redis answers')
  const exited = once(server.process, 'exit')
  server.process.kill('SIGKILL')
  await exited
  for (let sent = 0; limiter.health().state === 'closed' && sent < MOST_FAILURES; sent++) {
    await (await fetch(url)).arrayBuffer()
  }
  assert.equal(limiter.health().state, 'open', 'the circuit opens')
}

/** Requests for so long, all each of which must be counted. */
async function count(url: string, seconds: number): Promise<Figures> {
  // For the compiler; where the time is too short to be one, it would only cost more of it.
  if (seconds >= 1) await bombard(url, 1, 200)
  const before = await remainingAfterOne(url)
  const { perSecond, latencyMs, answers } = await bombard(url, seconds, 200)
  const counted = before - (await remainingAfterOne(url)) - 1
  // Some may be on their way when the time is up.
  assert.ok(counted >= answers && counted <= answers + CONNECTIONS, `${counted} of ${answers} are counted`)
  return { perSecond, latencyMs }
}

/** Requests for a time in which they are answered and not counted. */
async function countNone(url: string, seconds: number, policy: 'allow' | 'deny'): Promise<Figures> {
  const status = policy === 'allow' ? 200 : 503
  if (seconds >= 1) await bombard(url, 1, status)
  const { perSecond, latencyMs } = await bombard(url, seconds, status)
  const { headers } = await fetch(url)
  assert.equal(headers.get('X-RateLimit-Remaining'), null, 'what remains is unknown')
  return { perSecond, latencyMs }
}

async function remainingAfterOne(url: string): Promise<number> {
  const response = await fetch(url)
  await response.arrayBuffer()
  assert.equal(response.status, 200, 'every request is admitted')
  return Number(response.headers.get('X-RateLimit-Remaining'))
}
