/** What leads to each warning of the library: the example messages of docs/errors.md are the results. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import {
  createRateLimiter,
  MemoryStore,
  type RateLimiter,
  type RateLimiterOptions,
  type RateLimiterWarningCode,
  type Store,
} from '../../../src/index.ts'
import { PersistentMemoryStore } from '../../../src/stores/memory/persistence/index.ts'
import { FaultyStore } from '../../../src/tools/testing/index.ts'
import { withListeningServer } from '../../support/http/listening-server.ts'
import { until } from '../../support/redis/until.ts'

const CLIENT = '203.0.113.7'
const NAME = 'api'

/** Sends one request to a server, and waits for the answer. */
async function ask(listener: RequestListener, headers: Record<string, string> = {}): Promise<void> {
  await withListeningServer(listener, async (port) => {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers })
    await answer.text()
  })
}

/** An app with a limiter, and a route that answers 200. */
function appWith(...limiters: readonly RateLimiter[]): express.Express {
  const app = express()
  for (const limiter of limiters) app.use(limiter)
  return app.get('/', (_req, res) => void res.send('ok'))
}

const limiterWith = (options: RateLimiterOptions): RateLimiter =>
  createRateLimiter({ name: NAME, limit: 100, trustProxy: false, ...options })

/** The state that all copies of the library in a process share: a warning of it appears once in a process. */
const creationState = (): { hasWarnedOfWorker: boolean } =>
  (globalThis as unknown as Record<symbol, { hasWarnedOfWorker: boolean }>)[
    Symbol.for('express-tollgate.creation-warnings')
  ] as { hasWarnedOfWorker: boolean }

function createInWorkerOfPm2(): void {
  const { pm_id: id, instances } = process.env
  Object.assign(process.env, { pm_id: '0', instances: '4' })
  creationState().hasWarnedOfWorker = false
  createRateLimiter({ name: NAME, limit: 100 })
  delete process.env.pm_id
  delete process.env.instances
  Object.assign(process.env, id === undefined ? {} : { pm_id: id, instances })
}

/** Lets a store fail until the circuit breaker opens, and then recover. */
async function failAndRecover(): Promise<void> {
  const store = new FaultyStore(new MemoryStore())
  const limiter = limiterWith({ store })
  store.fail({ kind: 'reject', error: new Error('connect ECONNREFUSED 127.0.0.1:6379') })
  for (let call = 0; call < 5; call++) await limiter.consume(CLIENT)
  store.heal()
  await until('the store decides again', async () => {
    await limiter.consume(CLIENT)
    return limiter.health().state === 'closed'
  })
}

/** Calls `use` with a folder that the messages name as `/var/lib/app`. */
async function inFolder(use: (folder: string) => unknown): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'error-examples-'))
  try {
    await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return folder
}

async function failToSave(folder: string): Promise<void> {
  const warned = new Promise((resolve) => process.once('warning', resolve))
  const store = new PersistentMemoryStore({ persist: { path: join(folder, 'limits'), everySec: 1 } })
  rmSync(folder, { recursive: true })
  await warned
  await store.close().catch(() => undefined)
}

async function failToBanOtherClass(): Promise<void> {
  const store: Store = Object.assign(new MemoryStore(), {
    block: () => Promise.reject(new Error('READONLY You cannot write')),
  })
  const limiter = createRateLimiter({
    ...{ name: NAME, store, read: 1, write: 1, trustProxy: false },
    ban: { after: 1, withinSec: 60, forSec: 600 },
  })
  const app = appWith(limiter)
  await ask(app)
  await ask(app)
}

async function failUnderGuard(): Promise<void> {
  const server = createServer((_req, res) => void res.end())
  limiterWith({ keyGenerator: () => '' }).guard(server, undefined, { beforeMiddleware: true })
  await withListeningServer(server, async (port) => void (await fetch(`http://127.0.0.1:${port}/`)))
}

async function useManyWindows(): Promise<void> {
  const store = new MemoryStore()
  for (let limit = 1; limit <= 17; limit++) {
    const limiter = limiterWith({ store, limit: { limit: 100, windowSec: 60 + limit } })
    await limiter.consume(CLIENT)
    await limiter.close()
  }
}

/** Says where its counters are, as the store in Redis does. */
class RedisStore extends MemoryStore {
  readonly countersAt = 'redis://127.0.0.1:6379/0 tollgate'
}

/** Causes the warning of the code. Where it resolves to a folder, the message names that folder. */
export const WARNING_EXAMPLES: Readonly<Record<RateLimiterWarningCode, () => unknown>> = {
  TOLLGATE_UNTRUSTED_FORWARDED_HEADER: () => ask(appWith(limiterWith({})), { 'X-Forwarded-For': CLIENT }),
  TOLLGATE_PERMISSIVE_TRUST_PROXY: () =>
    ask(appWith(createRateLimiter({ name: NAME, limit: 100 })).set('trust proxy', true), {
      'X-Forwarded-For': CLIENT,
    }),
  TOLLGATE_CLIENT_NOT_NAMED: () =>
    ask(appWith(limiterWith({ trustProxy: 'loopback' })), { 'X-Real-IP': CLIENT }),
  TOLLGATE_UNKNOWN_PEER: () =>
    limiterWith({})(
      { method: 'GET', headers: {}, socket: {} } as never,
      { setHeader() {} } as never,
      () => {},
    ),
  TOLLGATE_UNGROUPED_IPV6_KEY: () => ask(appWith(limiterWith({ keyGenerator: () => '2001:db8::1' }))),
  TOLLGATE_WINDOW_LOOKS_LIKE_MS: () => limiterWith({ windowSec: 60_000 }),
  TOLLGATE_CREATED_IN_REQUEST: () =>
    ask((_req, res) => {
      createRateLimiter({ name: 'orders' })
      res.end()
    }),
  TOLLGATE_NAME_SHARED: () => {
    const store = new MemoryStore()
    limiterWith({ store })
    limiterWith({ store })
  },
  TOLLGATE_COUNTER_CHARGED_TWICE: () =>
    ask(appWith(limiterWith({ store: new RedisStore() }), limiterWith({ store: new RedisStore() }))),
  TOLLGATE_WORKER_COUNTS_ALONE: createInWorkerOfPm2,
  TOLLGATE_COUNTERS_DROPPED: useManyWindows,
  TOLLGATE_STORE_FAILED: failAndRecover,
  TOLLGATE_STORE_RECOVERED: failAndRecover,
  TOLLGATE_STORE_NOT_LOADED: () =>
    inFolder(async (folder) => {
      writeFileSync(join(folder, 'limits'), 'not a file of a store')
      await new PersistentMemoryStore({ persist: { path: join(folder, 'limits') } }).close()
    }),
  TOLLGATE_STORE_NOT_SAVED: () => inFolder(failToSave),
  TOLLGATE_REFUND_FAILED: () =>
    ask(
      appWith(
        limiterWith({
          skipFailedRequests: true,
          requestWasSuccessful: () => {
            throw new TypeError("Cannot read properties of undefined (reading 'ok')")
          },
        }),
      ),
    ),
  TOLLGATE_BAN_FAILED: failToBanOtherClass,
  TOLLGATE_GUARD_FAILED: failUnderGuard,
}
