import type { Request, Response } from 'express'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { createRateLimiter, type RateLimiterOptions } from '../../src/index.ts'
import { FakeClock } from '../../src/testing/index.ts'
import { EXPRESS_VERSIONS } from '../http/express-versions.ts'

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

  it('charges once when one limiter is mounted twice, globally and on a router', async () => {
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
  ])('shows the tighter of two in the legacy headers and on the request (%s)', async (_order, options) => {
    const app = appWith(...options.map((option) => createRateLimiter(option)))
    const { body } = await request(app)
      .get('/')
      .expect('X-RateLimit-Limit', '3')
      .expect('X-RateLimit-Remaining', '2')
      .expect('X-RateLimit-Reset', '1700000010')
    expect(body).toMatchObject({ limit: 3, remaining: 2, limits: [{ name: 'tight-read' }] })
  })

  it.each(['draft-8', 'draft-11'] as const)(
    'lists both in %s, in the order of the way',
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
  ] as const)('lists both policies and shows the tighter state in %s', async (standardHeaders, field) => {
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

  it('appends to what a limiter of somebody else has set', async () => {
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

  it('asks to wait for the later of two limiters that have nothing left', async () => {
    const own = new FakeClock(0)
    const app = appWith(
      createRateLimiter({ name: 'hour', read: 2, windowSec: 3600, clock: own }),
      createRateLimiter({ name: 'second', read: 1, windowSec: 1, clock: own }),
    )
    await request(app).get('/').expect(200)
    // The hour admits its last unit, the second refuses: a second later the hour would refuse.
    await request(app).get('/').expect(429).expect('Retry-After', '3600').expect('X-RateLimit-Limit', '2')
    own.advance(3_600_000)
    await request(app).get('/').expect(200)
  })

  it('keeps limiters of one store apart by their names', async () => {
    const { MemoryStore } = await import('../../src/index.ts')
    const store = new MemoryStore()
    const app = appWith(
      createRateLimiter({ name: 'a', read: 5, store }),
      createRateLimiter({ name: 'b', read: 7, store }),
    )
    await request(app).get('/').expect('X-RateLimit-Remaining', '4')
    await request(app).get('/').expect('X-RateLimit-Remaining', '3')
  })
})
