import type { NextFunction, Request, Response } from 'express'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { createRateLimiter, MemoryStore, type StoreErrorPolicy } from '../../../src/index.ts'
import { type Fault, FaultyStore } from '../../../src/tools/testing/index.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'
import { collectWarnings } from '../../support/http/warnings.ts'

const FAULTS: readonly Fault[] = [
  { kind: 'throw' },
  { kind: 'reject' },
  { kind: 'hang' },
  // Later than the deadline of a busy process, which is ten times as long.
  { kind: 'late', delayMs: 1000 },
  { kind: 'nonsense', answer: undefined },
  { kind: 'nonsense', answer: { allowed: true } },
  { kind: 'nonsense', answer: { allowed: 'yes', retryAfterMs: 0, limits: [] } },
]

const warnings = collectWarnings()

describe.each(EXPRESS_VERSIONS)('a failing store on %s', (_name, express) => {
  function appWith(
    onStoreError: StoreErrorPolicy | undefined,
    problemDetails = false,
  ): [ReturnType<typeof express>, FaultyStore] {
    const store = new FaultyStore(new MemoryStore())
    const app = express()
    app.use(
      createRateLimiter({
        read: 2,
        store,
        storeDeadlineMs: 20,
        standardHeaders: true,
        problemDetails,
        ...(onStoreError === undefined ? {} : { onStoreError }),
      }),
    )
    app.get('/', (_req: Request, res: Response) => {
      res.json({})
    })
    app.use((error: Error, _req: Request, res: Response, _next: NextFunction) => {
      res.status(500).json({ error: error.message })
    })
    return [app, store]
  }

  it.each(FAULTS)('is replaced by counters of this process by default: %o', async (fault) => {
    const [app, store] = appWith(undefined)
    store.fail(fault)
    const statuses = []
    for (let turn = 0; turn < 4; turn++) statuses.push((await request(app).get('/')).status)
    expect(statuses).toEqual([200, 200, 429, 429])
    expect(await warnings.codes()).toEqual(['TOLLGATE_STORE_FAILED'])
    store.heal()
    // A store that only answered late has counted the requests.
    await request(app)
      .get('/')
      .expect(fault.kind === 'late' ? 429 : 200)
  })

  it.each(FAULTS)('allows requests with allow, and sends only RateLimit-Policy: %o', async (fault) => {
    const [app, store] = appWith('allow')
    store.fail(fault)
    for (let turn = 0; turn < 4; turn++) {
      const { headers } = await request(app).get('/').expect(200)
      expect(headers['ratelimit-policy']).toBe('"read";q=2;w=60')
      expect(headers.ratelimit).toBeUndefined()
      expect(headers['x-ratelimit-limit']).toBeUndefined()
    }
  })

  it.each(FAULTS)('causes 503 with Retry-After and without RateLimit with deny: %o', async (fault) => {
    const [app, store] = appWith('deny')
    store.fail(fault)
    const { headers, text } = await request(app).get('/').expect(503)
    expect(headers['retry-after']).toBe('5')
    expect(headers['cache-control']).toBe('no-store')
    expect(headers.ratelimit).toBeUndefined()
    expect(text).toBe('{"error":"rate_limiter_unavailable"}')
    store.heal()
    await request(app).get('/').expect(200)
  })

  it('causes 503 with problem details if they are enabled', async () => {
    const [app, store] = appWith('deny', true)
    store.fail({ kind: 'reject' })
    const { headers, text } = await request(app).get('/').expect(503)
    expect(headers['content-type']).toBe('application/problem+json')
    expect(JSON.parse(text)).toEqual({
      type: 'https://iana.org/assignments/http-problem-types#temporary-reduced-capacity',
      title: 'The rate limiter cannot count requests at present',
      status: 503,
    })
  })

  it('gives charges back to the store or the fallback that counted them', async () => {
    const store = new FaultyStore(new MemoryStore())
    const app = express()
    app.use(createRateLimiter({ read: 2, store, skipSuccessfulRequests: true }))
    app.get('/', (_req: Request, res: Response) => {
      res.json({})
    })
    store.fail({ kind: 'throw' })
    for (let turn = 0; turn < 5; turn++) await request(app).get('/').expect(200)
    store.heal()
    for (let turn = 0; turn < 5; turn++) await request(app).get('/').expect(200)
  })
})
