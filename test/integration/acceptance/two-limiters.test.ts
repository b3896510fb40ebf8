import type { Request, Response } from 'express'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { createRateLimiter, type RateLimiterOptions } from '../../../src/index.ts'
import { FakeClock } from '../../../src/tools/testing/index.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'

describe.each(EXPRESS_VERSIONS)('several limiters on %s', (_name, express) => {
  const clock = new FakeClock(1_700_000_000_000)
  const WIDE: RateLimiterOptions = { name: 'wide', read: 100, windowSec: 3600, clock }
  const TIGHT: RateLimiterOptions = { name: 'tight', read: 3, windowSec: 10, clock }

  function appWith(
    ...limiters: ReadonlyArray<ReturnType<typeof createRateLimiter>>
  ): ReturnType<typeof express> {
    const app = express()
    for (const limiter of limiters) app.use(limiter)
    app.use((req: Request, res: Response) => {
      res.json(req.rateLimit)
    })
    return app
  }

  it('charge once if one limiter is mounted twice, on the app and on a router', async () => {
    const limiter = createRateLimiter({ read: 10 })
    const router = express.Router()
    router.use(limiter)
    router.get('/', limiter, (_req: Request, res: Response) => {
      res.json({})
    })
    const app = express()
    app.use(limiter)
    app.use('/router', router)
    await request(app).get('/router').expect(200).expect('X-RateLimit-Remaining', '9')
    await request(app).get('/router').expect('X-RateLimit-Remaining', '8')
  })

  it.each([
    ['wide first', [WIDE, TIGHT]],
    ['tight first', [TIGHT, WIDE]],
  ])('show the tighter one in the legacy headers and in req.rateLimit (%s)', async (_order, options) => {
    const app = appWith(...options.map((option) => createRateLimiter(option)))
    const { body } = await request(app)
      .get('/')
      .expect('X-RateLimit-Limit', '3')
      .expect('X-RateLimit-Remaining', '2')
      .expect('X-RateLimit-Reset', '1700000010')
    expect(body).toMatchObject({ limit: 3, remaining: 2, limits: [{ name: 'tight-read' }] })
  })

  it('show the one that makes the client wait, also where the other one has fewer units left', async () => {
    const rows = createRateLimiter({
      ...{ name: 'rows', read: 1000, cost: () => 600, clock },
      message: (req) => ({ shown: req.rateLimit?.limits[0]?.name, allowed: req.rateLimit?.allowed }),
    })
    const app = appWith(createRateLimiter(TIGHT), rows)
    // The next request of 600 rows has to wait.
    await request(app).get('/').expect(200).expect('X-RateLimit-Limit', '1000')
    await request(app)
      .get('/')
      .expect(429, { shown: 'rows-read', allowed: false })
      .expect('X-RateLimit-Limit', '1000')
      .expect('X-RateLimit-Remaining', '400')
  })

  it.each(['draft-8', 'draft-11'] as const)(
    'are both listed in %s, in their order',
    async (standardHeaders) => {
      const app = appWith(
        createRateLimiter({ ...WIDE, standardHeaders }),
        createRateLimiter({ ...TIGHT, standardHeaders }),
      )
      const { headers } = await request(app).get('/')
      expect(headers['ratelimit-policy']).toBe('"wide-read";q=100;w=3600, "tight-read";q=3;w=10')
      expect(headers.ratelimit).toBe('"wide-read";r=99;t=3600, "tight-read";r=2;t=10')
    },
  )

  it.each([
    ['draft-7', 'limit=3, remaining=2, reset=10'],
    ['draft-6', undefined],
  ] as const)('have both policies and the state of the tighter one in %s', async (standardHeaders, field) => {
    for (const options of [
      [WIDE, TIGHT],
      [TIGHT, WIDE],
    ]) {
      const app = appWith(...options.map((option) => createRateLimiter({ ...option, standardHeaders })))
      const { headers } = await request(app).get('/')
      expect(headers['ratelimit-policy']?.split(', ').sort()).toEqual(['100;w=3600', '3;w=10'])
      expect(headers.ratelimit).toBe(field)
      if (standardHeaders === 'draft-6') expect(headers['ratelimit-remaining']).toBe('2')
    }
  })

  it('append to the headers of another package', async () => {
    const app = express()
    app.use((_req: Request, res: Response, next: () => void) => {
      res.setHeader('RateLimit-Policy', '"gateway";q=5;w=1')
      res.setHeader('RateLimit', '"gateway";r=4;t=1')
      next()
    })
    app.use(createRateLimiter({ read: 9, standardHeaders: true }))
    const { headers } = await request(app).get('/')
    expect(headers['ratelimit-policy']).toBe('"gateway";q=5;w=1, "read";q=9;w=60')
    expect(headers.ratelimit).toBe('"gateway";r=4;t=1, "read";r=8;t=60')
  })

  it('give the later Retry-After of two limiters without units', async () => {
    const own = new FakeClock(0)
    const app = appWith(
      createRateLimiter({ name: 'hour', read: 2, windowSec: 3600, clock: own }),
      createRateLimiter({ name: 'second', read: 1, windowSec: 1, clock: own }),
    )
    await request(app).get('/').expect(200)
    // The limiter of an hour allows its last unit, and the other one refuses. A second later, the first one
    // would refuse.
    await request(app).get('/').expect(429).expect('Retry-After', '3600').expect('X-RateLimit-Limit', '2')
    own.advance(3_600_000)
    await request(app).get('/').expect(200)
  })

  describe('Retry-After', () => {
    const own = new FakeClock(0)
    const LONG = { name: 'long', windowSec: 3600, clock: own }
    const SHORT = { name: 'short', read: 1, windowSec: 10, clock: own }

    /**
     * Sends requests until one is refused, waits for its Retry-After and sends one more: Retry-After and that
     * status.
     */
    async function waitAndRetry(...options: RateLimiterOptions[]): Promise<[string | undefined, number]> {
      own.set(0)
      const app = appWith(...options.map((option) => createRateLimiter(option)))
      for (let turn = 0; turn < 20; turn++) {
        const { status, headers } = await request(app).get('/')
        if (status !== 429) continue
        own.advance(Number(headers['retry-after']) * 1000)
        return [headers['retry-after'], (await request(app).get('/')).status]
      }
      throw new Error('no request was refused')
    }

    it('depends on the cost that each earlier limiter charges', async () => {
      expect(await waitAndRetry({ ...LONG, read: 10, cost: () => 4 }, SHORT)).toEqual(['3600', 200])
      expect(await waitAndRetry({ ...LONG, read: 8 }, { ...SHORT, read: 5, cost: () => 5 })).toEqual([
        '10',
        200,
      ])
    })

    it('is not extended by a limiter in shadow mode or by one that gives refused requests back', async () => {
      expect(await waitAndRetry({ ...LONG, read: 2, mode: 'shadow' }, SHORT)).toEqual(['10', 200])
      expect(await waitAndRetry({ ...LONG, read: 2, skipFailedRequests: true }, SHORT)).toEqual(['10', 200])
    })

    it('is the same in the info of the handler', async () => {
      own.set(0)
      const app = express()
      app.use(createRateLimiter({ ...LONG, read: 2 }))
      app.use(
        createRateLimiter({
          ...SHORT,
          handler: (_req, res, _next, info) => {
            res.json({ retryAfterMs: info.retryAfterMs })
          },
        }),
      )
      app.use((_req: Request, res: Response) => {
        res.json({})
      })
      await request(app).get('/')
      const { body, headers } = await request(app).get('/').expect(429)
      expect([body.retryAfterMs, headers['retry-after']]).toEqual([3_600_000, '3600'])
    })
  })

  it('show an enforced limit, and not one in shadow mode, with any numbers of units', async () => {
    for (const order of [0, 1]) {
      const limiters = [
        createRateLimiter({ name: 'enforced', read: 9 }),
        createRateLimiter({ name: 'trial', read: 2, mode: 'shadow' }),
      ]
      const app = appWith(...(order === 0 ? limiters : limiters.reverse()))
      const { body } = await request(app).get('/').expect('X-RateLimit-Limit', '9')
      expect(body.limit).toBe(9)
    }
  })

  it.each([
    ['draft-7', 'draft-8', 'limit=1000, remaining=999, reset=60', '1000;w=60'],
    ['draft-8', 'draft-7', '"a-read";r=999;t=60', '"a-read";q=1000;w=60'],
    ['draft-6', 'draft-11', undefined, '1000;w=60'],
    [
      'draft-8',
      'draft-11',
      '"a-read";r=999;t=60, "b-read";r=999;t=60',
      '"a-read";q=1000;w=60, "b-read";q=1000;w=60',
    ],
  ] as const)('never mix drafts in one header: %s, then %s', async (first, second, field, policy) => {
    const app = appWith(
      createRateLimiter({ name: 'a', standardHeaders: first }),
      createRateLimiter({ name: 'b', standardHeaders: second }),
    )
    const { headers } = await request(app).get('/')
    expect([headers.ratelimit, headers['ratelimit-policy']]).toEqual([field, policy])
  })

  it('decide again at a second position, unless they have charged the request', async () => {
    const later = createRateLimiter<Request & { user?: string }>({
      read: 2,
      skip: (req) => req.user === undefined && req.headers.authorization !== undefined,
    })
    const app = express()
    app.use(later)
    app.use((req: Request & { user?: string }, _res: Response, next: () => void) => {
      if (req.headers.authorization !== undefined) req.user = 'ann'
      next()
    })
    app.use(later)
    app.use((_req: Request, res: Response) => {
      res.json({})
    })
    const statuses = []
    for (let turn = 0; turn < 4; turn++) {
      statuses.push((await request(app).get('/').set('Authorization', 'Bearer x')).status)
    }
    expect(statuses).toEqual([200, 200, 429, 429])
  })

  it('count separately in one store, by their names', async () => {
    const { MemoryStore } = await import('../../../src/index.ts')
    const store = new MemoryStore()
    const app = appWith(
      createRateLimiter({ name: 'a', read: 5, store }),
      createRateLimiter({ name: 'b', read: 7, store }),
    )
    await request(app).get('/').expect('X-RateLimit-Remaining', '4')
    await request(app).get('/').expect('X-RateLimit-Remaining', '3')
  })
})
