import type { NextFunction, Request, Response } from 'express'
import request from 'supertest'
import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from 'vitest'
import { documentedAt } from '../../../src/errors/documented-at.ts'
import {
  type CircuitState,
  createRateLimiter,
  type Logger,
  MemoryStore,
  type RateLimiter,
  RateLimiterError,
  type RateLimiterOptions,
  type StoreHealth,
} from '../../../src/index.ts'
import { FaultyStore } from '../../../src/tools/testing/index.ts'
import { asynchronous } from '../../support/asynchronous-store.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'
import { collectWarnings } from '../../support/http/warnings.ts'

// The tests advance the clock for pauses. Timers of the network and of deadlines are real.
beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'Date'] }))
afterEach(() => void vi.useRealTimers())

const warnings = collectWarnings()

/** A bound for conditions that a busy machine delays. */
const WAIT = { timeout: 60_000 }

const DOWN = `the store failed: The store is down. Look at the store and its logs. ${documentedAt('store_failed')}`
const FAILED = `The store of the limiter 'api' failed to decide, and onStoreError applies: ${DOWN}`
const BACK = "The store of the limiter 'api' decides again"

describe.each(EXPRESS_VERSIONS)('the health of a store on %s', (_name, express) => {
  interface Served {
    readonly app: ReturnType<typeof express>
    readonly limiter: RateLimiter
    readonly store: FaultyStore
    readonly lines: string[]
  }

  /** An app with a limit of 100 requests and an asynchronous store. */
  function appWith(options: RateLimiterOptions = {}): Served {
    const store = new FaultyStore(asynchronous(new MemoryStore()))
    const lines: string[] = []
    const logger: Logger = {
      info: (message) => void lines.push(`info: ${message}`),
      warn: (message) => void lines.push(`warn: ${message}`),
    }
    const limiter = createRateLimiter({
      name: 'api',
      read: 100,
      store,
      storeDeadlineMs: 20,
      logger,
      ...options,
    })
    const app = express()
    app.use(limiter)
    app.get('/', (_req: Request, res: Response) => void res.json({}))
    app.use((error: Error, _req: Request, res: Response, _next: NextFunction) => {
      res.status(500).json({ error: error.message })
    })
    return { app, limiter, store, lines }
  }

  /** Sends requests one after another. Resolves to their statuses. */
  async function statusesOf(app: Served['app'], times: number): Promise<readonly number[]> {
    const statuses: number[] = []
    for (let turn = 0; turn < times; turn++) statuses.push((await request(app).get('/')).status)
    return statuses
  }

  it('has each state during an outage of the store and after it', async () => {
    const { app, limiter, store, lines } = appWith({ storeDeadlineMs: 60_000 })
    const startedAt = new Date()
    await request(app).get('/').expect(200)
    expect(limiter.health()).toEqual({
      state: 'closed',
      since: startedAt,
      lastError: undefined,
      lateReplies: 0,
    })
    vi.advanceTimersByTime(5000)
    store.fail({ kind: 'reject' })
    expect(await statusesOf(app, 4)).toEqual([200, 200, 200, 200])
    expect(limiter.health()).toMatchObject({
      state: 'closed',
      since: startedAt,
      lastError: { message: DOWN },
    })
    expect(lines).toEqual([`warn: ${FAILED}`])
    await request(app).get('/').expect(200)
    const openedAt = new Date()
    expect(limiter.health()).toMatchObject({ state: 'open', since: openedAt, lastError: { message: DOWN } })
    const calls = store.calls
    expect(await statusesOf(app, 10)).toEqual(Array(10).fill(200))
    expect(store.calls).toBe(calls)
    vi.advanceTimersByTime(100)
    let failNow = (_error: Error): void => undefined
    const answer = new Promise((_resolve, reject) => {
      failNow = reject
    })
    store.fail({ kind: 'nonsense', answer })
    const probe = request(app)
      .get('/')
      .then(({ status }) => status)
    await vi.waitFor(() => expect(limiter.health().state).toBe('half-open'), WAIT)
    expect(await statusesOf(app, 3)).toEqual([200, 200, 200])
    failNow(new Error('gone'))
    expect([await probe, store.calls]).toEqual([200, calls + 1])
    const gone = `the store failed: gone. Look at the store and its logs. ${documentedAt('store_failed')}`
    expect(limiter.health()).toMatchObject({ state: 'open', lastError: { message: gone } })
    store.heal()
    vi.advanceTimersByTime(200)
    await request(app).get('/').expect(200)
    expect(limiter.health()).toMatchObject({ state: 'closed', lastError: { message: gone } })
    expect(lines).toEqual([`warn: ${FAILED}`, `info: ${BACK}`])
    expect(await warnings.codes()).toEqual([])
  })

  it('causes two process warnings without a logger', async () => {
    const store = new FaultyStore(asynchronous(new MemoryStore()))
    const { app } = appWith({ store, logger: undefined as never })
    store.fail({ kind: 'reject' })
    await statusesOf(app, 7)
    store.heal()
    vi.advanceTimersByTime(100)
    await statusesOf(app, 2)
    expect(await warnings.codes()).toEqual(['TOLLGATE_STORE_FAILED', 'TOLLGATE_STORE_RECOVERED'])
    expect(await warnings.messages()).toEqual([FAILED, BACK])
  })

  it('counts late answers', async () => {
    const { app, limiter, store } = appWith()
    store.fail({ kind: 'late', delayMs: 60 })
    expect(await statusesOf(app, 1)).toEqual([200])
    await vi.waitFor(() => expect(limiter.health().lateReplies).toBe(1), WAIT)
    expect(limiter.health().state).toBe('closed')
  })

  it('changes no header with the fallback, which continues from the counts of the store', async () => {
    const { app, store } = appWith({ standardHeaders: true })
    for (let turn = 0; turn < 90; turn++) await request(app).get('/').expect(200)
    store.fail({ kind: 'reject' })
    for (const remaining of [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]) {
      const { headers } = await request(app).get('/').expect(200)
      expect(headers['x-ratelimit-limit']).toBe('100')
      expect(headers['x-ratelimit-remaining']).toBe(String(remaining))
      expect(headers.ratelimit).toBe(`"api-read";r=${remaining};t=60`)
    }
    await request(app).get('/').expect(429).expect('Retry-After', '60')
  })

  it('changes the limit in the headers with a fallbackShare', async () => {
    const { app, store } = appWith({ fallbackShare: 0.25 })
    store.fail({ kind: 'reject' })
    const { headers } = await request(app).get('/').expect(200)
    expect([headers['x-ratelimit-limit'], headers['x-ratelimit-remaining']]).toEqual(['25', '24'])
  })

  it.each([
    ['allow', 200, undefined],
    ['deny', 503, '5'],
  ] as const)(
    'leaves only RateLimit-Policy with %s, whether the store is called or not',
    async (onStoreError, status, retryAfter) => {
      const { app, limiter, store } = appWith({ onStoreError, standardHeaders: true })
      store.fail({ kind: 'reject' })
      for (let turn = 0; turn < 8; turn++) {
        const { headers } = await request(app).get('/').expect(status)
        expect(headers['ratelimit-policy']).toBe('"api-read";q=100;w=60')
        expect(headers.ratelimit).toBeUndefined()
        expect(headers['x-ratelimit-remaining']).toBeUndefined()
        expect(headers['retry-after']).toBe(retryAfter)
      }
      expect([limiter.health().state, store.calls]).toEqual(['open', 5])
      store.heal()
      vi.advanceTimersByTime(100)
      await request(app).get('/').expect(200).expect('X-RateLimit-Remaining', '99')
      expect(limiter.health().state).toBe('closed')
    },
  )

  it('does not allow a client that the store has refused', async () => {
    const { app, limiter, store } = appWith({ read: 1 })
    await request(app).get('/').expect(200)
    await request(app).get('/').expect(429)
    store.fail({ kind: 'throw' })
    expect(await statusesOf(app, 8)).toEqual(Array(8).fill(429))
    expect(limiter.health().state).toBe('open')
  })

  it('fails no request if the logger fails', async () => {
    const fail = (): never => {
      throw new Error('disk full')
    }
    const { app, store } = appWith({ logger: { info: fail, warn: fail } })
    store.fail({ kind: 'reject' })
    expect(await statusesOf(app, 6)).toEqual(Array(6).fill(200))
    store.heal()
    vi.advanceTimersByTime(100)
    expect(await statusesOf(app, 1)).toEqual([200])
    expect(await warnings.messages()).toEqual([
      `${FAILED} (and the logger failed: disk full)`,
      `${BACK} (and the logger failed: disk full)`,
    ])
  })

  it('fails no request that waits for the store when the limiter is closed', async () => {
    const { app, limiter, store } = appWith({ storeDeadlineMs: 60_000 })
    await request(app).get('/').expect(200)
    store.fail({ kind: 'late', delayMs: 10 })
    const calls = store.calls
    const waiting = request(app)
      .get('/')
      .then(({ status }) => status)
    await vi.waitFor(() => expect(store.calls).toBe(calls + 1), WAIT)
    await limiter.close()
    expect(await waiting).toBe(200)
  })
})

describe('health() of a limiter', () => {
  it('has exact types, and works with the memory store too', async () => {
    const limiter = createRateLimiter()
    await limiter.consume('203.0.113.7', { class: 'read' })
    const health = limiter.health()
    expectTypeOf(health).toEqualTypeOf<StoreHealth>()
    expectTypeOf(health.state).toEqualTypeOf<CircuitState>()
    expectTypeOf(health.since).toEqualTypeOf<Date>()
    expectTypeOf(health.lastError).toEqualTypeOf<RateLimiterError | undefined>()
    expectTypeOf(health.lateReplies).toEqualTypeOf<number>()
    expectTypeOf(console).toExtend<Logger>()
    expect(Object.keys(health)).toEqual(['state', 'since', 'lastError', 'lateReplies'])
    expect(health).toMatchObject({ state: 'closed', lastError: undefined, lateReplies: 0 })
    await limiter.close()
    expect(limiter.health()).toMatchObject({ state: 'closed' })
  })

  it('includes direct charges', async () => {
    const store = new FaultyStore(new MemoryStore())
    const logger = { info: vi.fn(), warn: vi.fn() }
    const limiter = createRateLimiter({ store, onStoreError: 'deny', logger })
    store.fail({ kind: 'throw' })
    for (let turn = 0; turn < 5; turn++) {
      await expect(limiter.consume('203.0.113.7', { class: 'read' })).rejects.toThrow(DOWN)
    }
    expect(limiter.health().state).toBe('open')
    const rejection = await limiter.consume('203.0.113.7', { class: 'read' }).catch((error: unknown) => error)
    expect(rejection).toBeInstanceOf(RateLimiterError)
    expect(rejection).toMatchObject({
      code: 'store_failed',
      message:
        'the circuit breaker is open, because the store failed several times in a row: The store is down. ' +
        `Look at the store and its logs. ${documentedAt('store_failed')}`,
    })
    expect([store.calls, logger.warn.mock.calls.length]).toEqual([5, 1])
  })
})
