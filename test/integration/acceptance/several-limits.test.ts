import type { Request, Response } from 'express'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import {
  createRateLimiter,
  type LimitOptions,
  MemoryStore,
  type RateLimiterOptions,
} from '../../../src/index.ts'
import { FakeClock } from '../../../src/tools/testing/index.ts'
import { asynchronous } from '../../support/asynchronous-store.ts'
import { HeldResponses } from '../../support/held-responses.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'
import { withListeningServer } from '../../support/http/listening-server.ts'

const EPOCH_SEC = 1_700_000_000
const CLIENT = '127.0.0.1'

const BURST_AND_HOUR: readonly LimitOptions[] = [
  { limit: 10, windowSec: 1, name: 'burst' },
  { limit: 1000, windowSec: 3600, name: 'hour' },
]

describe.each(EXPRESS_VERSIONS)('several limits on %s', (_name, express) => {
  /** An app whose requests cost `?cost=`, with its limiter and its clock. */
  function limitedApp(options: RateLimiterOptions) {
    const clock = new FakeClock(EPOCH_SEC * 1000)
    const limiter = createRateLimiter({
      clock,
      cost: (req) => Number(req.query.cost ?? 1),
      ...options,
    })
    const app = express()
    app.use(limiter)
    app.get('/status/:status', (req: Request, res: Response) => {
      res.sendStatus(Number(req.params.status))
    })
    app.use((req: Request, res: Response) => {
      res.json(req.rateLimit ?? {})
    })
    return { app, limiter, clock }
  }

  describe('a burst of 10 in a second and 1000 in an hour', () => {
    it.each([true, 'draft-8', 'draft-11'] as const)(
      'have their names in the headers (%s)',
      async (standardHeaders) => {
        const { app } = limitedApp({ read: BURST_AND_HOUR, standardHeaders })
        const { headers } = await request(app).get('/').expect(200)
        expect(headers['ratelimit-policy']).toBe('"burst";q=10;w=1, "hour";q=1000;w=3600')
        expect(headers.ratelimit).toBe('"burst";r=9;t=1, "hour";r=999;t=3600')
      },
    )

    it('refuse because of the burst, with its Retry-After, while the hour has units', async () => {
      const { app, limiter, clock } = limitedApp({
        read: BURST_AND_HOUR,
        standardHeaders: true,
        problemDetails: true,
      })
      for (let turn = 0; turn < 17; turn++) {
        await limiter.consume(CLIENT, { class: 'read', cost: 10 })
        clock.advance(1000)
      }
      await limiter.consume(CLIENT, { class: 'read', cost: 8 })
      clock.set((EPOCH_SEC + 3600 - 1931) * 1000)
      const last = await request(app).get('/?cost=10').expect(200)
      expect(last.headers.ratelimit).toBe('"burst";r=0;t=1, "hour";r=812;t=1931')
      for (let turn = 0; turn < 3; turn++) {
        const refused = await request(app).get('/').expect(429).expect('Retry-After', '1')
        expect(refused.headers.ratelimit, 'a refusal uses no units').toBe(
          '"burst";r=0;t=1, "hour";r=812;t=1931',
        )
        expect(refused.headers['ratelimit-policy']).toBe('"burst";q=10;w=1, "hour";q=1000;w=3600')
        expect(JSON.parse(refused.text)['violated-policies']).toEqual(['burst'])
      }
      clock.advance(1000)
      await request(app).get('/').expect(200)
    })

    it('refuse because of both, with the later Retry-After, if both have no units', async () => {
      const { app, limiter, clock } = limitedApp({
        read: BURST_AND_HOUR,
        standardHeaders: true,
        problemDetails: true,
      })
      for (let turn = 0; turn < 99; turn++) {
        await limiter.consume(CLIENT, { class: 'read', cost: 10 })
        clock.advance(1000)
      }
      clock.set((EPOCH_SEC + 3600 - 1931) * 1000)
      await request(app).get('/?cost=10').expect(200)
      const refused = await request(app).get('/').expect(429).expect('Retry-After', '1931')
      expect(refused.headers.ratelimit).toBe('"burst";r=0;t=1, "hour";r=0;t=1931')
      expect(JSON.parse(refused.text)['violated-policies']).toEqual(['burst', 'hour'])
      clock.advance(1000)
      const byTheHour = await request(app).get('/').expect(429).expect('Retry-After', '1930')
      expect(JSON.parse(byTheHour.text)['violated-policies']).toEqual(['hour'])
      clock.advance(1_930_000 - 1)
      await request(app).get('/').expect(429).expect('Retry-After', '1')
      clock.advance(1)
      await request(app).get('/').expect(200)
    })

    it.each([
      [
        'draft-6',
        {
          'ratelimit-policy': '10;w=1, 1000;w=3600',
          'ratelimit-limit': '10',
          'ratelimit-remaining': '9',
          'ratelimit-reset': '1',
        },
      ],
      ['draft-7', { 'ratelimit-policy': '10;w=1, 1000;w=3600', ratelimit: 'limit=10, remaining=9, reset=1' }],
    ] as const)(
      'are both policies in %s, and the tighter one has the state',
      async (standardHeaders, expected) => {
        const { app } = limitedApp({ read: BURST_AND_HOUR, standardHeaders })
        const { headers } = await request(app).get('/')
        expect(headers).toMatchObject(expected)
      },
    )

    it('show the tighter one in the legacy headers and in req.rateLimit, which lists both', async () => {
      const { app, clock } = limitedApp({
        read: [
          { limit: 10, windowSec: 1, name: 'burst' },
          { limit: 12, windowSec: 3600, name: 'hour' },
        ],
      })
      const first = await request(app).get('/?cost=4').expect('X-RateLimit-Limit', '10')
      expect(first.body).toEqual({
        unit: 'requests',
        limit: 10,
        used: 4,
        remaining: 6,
        resetTime: new Date((EPOCH_SEC + 1) * 1000).toISOString(),
        key: CLIENT,
        class: 'read',
        allowed: true,
        banned: false,
        retryAfterMs: 0,
        limits: [
          { name: 'burst', limit: 10, remaining: 6, resetMs: 1000 },
          { name: 'hour', limit: 12, remaining: 8, resetMs: 3_600_000 },
        ],
      })
      clock.advance(1000)
      const second = await request(app)
        .get('/?cost=2')
        .expect('X-RateLimit-Limit', '12')
        .expect('X-RateLimit-Remaining', '6')
        .expect('X-RateLimit-Reset', String(EPOCH_SEC + 3600))
      expect(second.body).toMatchObject({ limit: 12, used: 6, remaining: 6 })
      expect(second.body.limits.map(({ remaining }: { remaining: number }) => remaining)).toEqual([8, 6])
    })

    it('show the one that resets later if both have the same number of units', async () => {
      const { app } = limitedApp({
        read: [
          { limit: 5, windowSec: 9 },
          { limit: 5, windowSec: 7 },
        ],
      })
      await request(app)
        .get('/')
        .expect('X-RateLimit-Remaining', '4')
        .expect('X-RateLimit-Reset', String(EPOCH_SEC + 9))
    })
  })

  it('get names from class, limiter and window if they have none', async () => {
    const read = [
      { limit: 5, windowSec: 1 },
      { limit: 9, windowSec: 90 },
      { limit: 8, windowSec: 90 },
      { limit: 99 },
    ]
    const plain = await request(limitedApp({ read, standardHeaders: true }).app).get('/')
    expect(plain.headers['ratelimit-policy']).toBe(
      '"read-1s";q=5;w=1, "read-90s";q=9;w=90, "read-90s-2";q=8;w=90, "read-1m";q=99;w=60',
    )
    const named = limitedApp({
      name: 'login',
      write: [
        { limit: 5, windowSec: 0.5 },
        { limit: 9, windowSec: 3600 },
      ],
      standardHeaders: true,
    })
    const { headers } = await request(named.app).post('/')
    expect(headers.ratelimit).toBe('"login-write-500ms";r=4;t=1, "login-write-1h";r=8;t=3600')
  })

  it('give the latest Retry-After of the limits that refused', async () => {
    const { app } = limitedApp({
      read: [
        { limit: 2, windowSec: 5, name: 'five' },
        { limit: 100, windowSec: 900, name: 'large' },
        { limit: 2, windowSec: 30, name: 'thirty' },
        { limit: 3, windowSec: 60, name: 'sixty' },
      ],
      problemDetails: true,
    })
    await request(app).get('/?cost=2').expect(200)
    const refused = await request(app).get('/').expect(429).expect('Retry-After', '30')
    expect(JSON.parse(refused.text)['violated-policies']).toEqual(['five', 'thirty'])
    expect(
      refused.headers['x-ratelimit-reset'],
      'the tightest limit is the one without units that resets later',
    ).toBe(String(EPOCH_SEC + 30))
    // The request costs two units, and the fourth limit has one, so it refuses too.
    const costlier = await request(app).get('/?cost=2').expect(429).expect('Retry-After', '60')
    expect(JSON.parse(costlier.text)['violated-policies']).toEqual(['five', 'thirty', 'sixty'])
  })

  describe('a token bucket of 100 in a minute', () => {
    const read: LimitOptions = { limit: 100, windowSec: 60, algorithm: 'token-bucket' }

    it('shows its units, and the seconds after which it would have regained as many', async () => {
      const { app } = limitedApp({ read, standardHeaders: true })
      const { headers } = await request(app).get('/').expect('X-RateLimit-Limit', '100')
      expect(headers['ratelimit-policy']).toBe('"read";q=100;w=60')
      // 99 units of 0.6 s each are 59.4 s.
      expect(headers.ratelimit).toBe('"read";r=99;t=60')
    })

    it('gives the time until the next unit if it is empty', async () => {
      const { app, clock } = limitedApp({ read, standardHeaders: true })
      expect((await request(app).get('/?cost=100').expect(200)).headers.ratelimit).toBe('"read";r=0;t=1')
      const refused = await request(app).get('/').expect(429).expect('Retry-After', '1')
      expect(refused.headers.ratelimit).toBe('"read";r=0;t=1')
      await request(app).get('/?cost=5').expect(429).expect('Retry-After', '3')
      clock.advance(599)
      await request(app).get('/').expect(429)
      clock.advance(1)
      await request(app).get('/').expect(200)
      await request(app).get('/').expect(429)
    })

    it.each([
      [{ ...read, burst: 20 }, '"read";q=20;w=12', '20', '19'],
      [{ ...read, burst: 300 }, '"read";q=300;w=180', '300', '299'],
      [{ limit: 7, windowSec: 60, burst: 3, algorithm: 'token-bucket' }, '"read";q=3;w=26', '3', '2'],
    ] as ReadonlyArray<[LimitOptions, string, string, string]>)(
      'shows its size, and the time in which it fills: %o',
      async (bucket, policy, limit, remaining) => {
        const { app } = limitedApp({ read: bucket, standardHeaders: true })
        const { headers } = await request(app).get('/')
        expect(headers['ratelimit-policy']).toBe(policy)
        expect([headers['x-ratelimit-limit'], headers['x-ratelimit-remaining']]).toEqual([limit, remaining])
      },
    )
  })

  it('count with their own algorithms', async () => {
    const { app, clock } = limitedApp({
      read: [
        { limit: 4, windowSec: 8, name: 'fixed' },
        { limit: 4, windowSec: 8, name: 'sliding', algorithm: 'sliding-window' },
        { limit: 4, windowSec: 8, name: 'bucket', algorithm: 'token-bucket' },
      ],
      standardHeaders: true,
    })
    const statesAt = async (ms: number, cost = 1): Promise<string | undefined> => {
      clock.set(EPOCH_SEC * 1000 + ms)
      return (await request(app).get(`/?cost=${cost}`)).headers.ratelimit
    }
    expect(await statesAt(0)).toBe('"fixed";r=3;t=8, "sliding";r=3;t=8, "bucket";r=3;t=6')
    // Two seconds later the bucket has regained its unit, but the windows have not.
    expect(await statesAt(2000)).toBe('"fixed";r=2;t=6, "sliding";r=2;t=6, "bucket";r=3;t=6')
    expect(await statesAt(7000, 2)).toBe('"fixed";r=0;t=1, "sliding";r=0;t=1, "bucket";r=2;t=4')
    // All units of the fixed window are back. In the sliding window, only one unit is 8 seconds old.
    expect(await statesAt(8000)).toBe('"fixed";r=3;t=8, "sliding";r=0;t=2, "bucket";r=1;t=2')
  })

  it('charge a cost to all limits, or to none', async () => {
    const { app, limiter } = limitedApp({
      read: [
        { limit: 10, windowSec: 60, name: 'fixed' },
        { limit: 20, windowSec: 60, name: 'sliding', algorithm: 'sliding-window' },
        { limit: 60, windowSec: 60, burst: 15, name: 'bucket', algorithm: 'token-bucket' },
      ],
    })
    const remaining = async (): Promise<number[]> =>
      (await limiter.peek(CLIENT, { class: 'read' })).limits.map((state) => state.remaining)
    await request(app).get('/?cost=7').expect(200)
    expect(await remaining()).toEqual([3, 13, 8])
    await request(app).get('/?cost=4').expect(429)
    expect(await remaining()).toEqual([3, 13, 8])
    await request(app).get('/?cost=3').expect(200)
    expect(await remaining()).toEqual([0, 10, 5])
  })

  it.each(['memory', 'asynchronous'])(
    'give a charge back to all limits, by their own algorithms (%s store)',
    async (kind) => {
      const clock = new FakeClock(0)
      const store = new MemoryStore({ clock })
      const limiter = createRateLimiter({
        read: [
          { limit: 10, windowSec: 5, name: 'fixed' },
          { limit: 10, windowSec: 60, name: 'sliding', algorithm: 'sliding-window' },
          { limit: 10, windowSec: 20, name: 'bucket', algorithm: 'token-bucket' },
        ],
        cost: () => 4,
        skipFailedRequests: true,
        store: kind === 'memory' ? store : asynchronous(store),
        clock,
      })
      const held = new HeldResponses()
      const app = express()
      app.use(limiter)
      app.get('/held', held.handler)
      const remaining = async (): Promise<number[]> =>
        (await limiter.peek(CLIENT, { class: 'read', cost: 1 })).limits.map((state) => state.remaining)
      await withListeningServer(app, async (port) => {
        const url = `http://127.0.0.1:${port}/held`
        const first = await held.hold(url)
        expect(await remaining()).toEqual([6, 6, 6])
        await first.finish(500)
        expect(await remaining()).toEqual([10, 10, 10])

        const late = await held.hold(url)
        clock.advance(6000)
        const last = await held.hold(url)
        // The fixed window is a new one, and the bucket has regained three of the first four units.
        expect(await remaining()).toEqual([6, 2, 5])
        await late.finish(500)
        expect(await remaining(), 'only units that still count are given back').toEqual([6, 6, 6])
        await last.finish(200)
        expect(await remaining()).toEqual([6, 6, 6])
      })
    },
  )

  it('count the classes separately', async () => {
    const { app } = limitedApp({
      read: [{ limit: 2, windowSec: 1 }, { limit: 9 }],
      write: [{ limit: 3, windowSec: 1 }, { limit: 5 }],
    })
    await request(app).get('/?cost=2').expect(200)
    await request(app).get('/').expect(429)
    await request(app).post('/').expect(200).expect('X-RateLimit-Remaining', '2')
  })

  describe('Retry-After over two limiters', () => {
    const second = { name: 'second', read: { limit: 1, windowSec: 10 } }

    /** Sends a request at each of these times, in seconds. Only the last one must be refused. */
    async function sendUntilRefused(times: readonly number[], limiters: readonly RateLimiterOptions[]) {
      const clock = new FakeClock(0)
      const app = express()
      for (const options of limiters) app.use(createRateLimiter({ ...options, clock }))
      app.use((_req: Request, res: Response) => {
        res.json({})
      })
      let last = await request(app).get('/')
      for (const timeSec of times.slice(1)) {
        expect(last.status).toBe(200)
        clock.set(timeSec * 1000)
        last = await request(app).get('/')
      }
      expect(last.status).toBe(429)
      return { app, clock, retryAfterSec: Number(last.headers['retry-after']) }
    }

    it.each([
      ['an empty bucket', [0, 0], { limit: 2, windowSec: 60, algorithm: 'token-bucket' }, 1, 30],
      [
        'a bucket that has not enough units for the same cost',
        [0, 0],
        { limit: 60, windowSec: 60, burst: 40, algorithm: 'token-bucket' },
        20,
        20,
      ],
      [
        'a bucket with some units, but not enough',
        [0, 0],
        { limit: 60, windowSec: 60, burst: 60, algorithm: 'token-bucket' },
        25,
        15,
      ],
      [
        'a sliding window without units',
        [0, 0],
        { limit: 2, windowSec: 60, algorithm: 'sliding-window' },
        1,
        60,
      ],
      [
        'a sliding window whose oldest unit comes back first',
        [0, 40, 40],
        { limit: 3, windowSec: 60, algorithm: 'sliding-window' },
        1,
        20,
      ],
      [
        'a sliding window whose oldest charge has to come back',
        [0, 10, 20, 20],
        { limit: 9, windowSec: 60, algorithm: 'sliding-window' },
        2,
        40,
      ],
      ['a fixed window without units', [0, 40, 40], { limit: 3, windowSec: 60 }, 1, 20],
    ] as ReadonlyArray<[string, readonly number[], LimitOptions, number, number]>)(
      'is exact for a limiter after %s',
      async (_what, times, limit, cost, expected) => {
        const limiters = [{ name: 'first', read: limit, cost: () => cost }, second]
        const waited = await sendUntilRefused(times, limiters)
        expect(waited.retryAfterSec).toBe(expected)
        waited.clock.advance(expected * 1000)
        await request(waited.app).get('/').expect(200)

        const early = await sendUntilRefused(times, limiters)
        early.clock.advance((expected - 1) * 1000)
        await request(early.app).get('/').expect(429)
      },
    )

    it('is exact for a limiter after several limits, where another limit is the latest', async () => {
      const read: readonly LimitOptions[] = [
        { limit: 100, windowSec: 3600, algorithm: 'sliding-window' },
        { limit: 2, windowSec: 60, algorithm: 'token-bucket' },
        { limit: 2, windowSec: 25 },
      ]
      const limiters = [{ name: 'first', read }, second]
      const waited = await sendUntilRefused([0, 0], limiters)
      expect(waited.retryAfterSec).toBe(30)
      waited.clock.advance(30_000)
      await request(waited.app).get('/').expect(200)
      const early = await sendUntilRefused([0, 0], limiters)
      early.clock.advance(29_000)
      await request(early.app).get('/').expect(429)
    })

    it.each([
      ['a bucket', { limit: 1, windowSec: 20, algorithm: 'token-bucket' }],
      ['a sliding window', { limit: 1, windowSec: 20, algorithm: 'sliding-window' }],
    ] as ReadonlyArray<[string, LimitOptions]>)(
      'is that of %s that refuses, after a limiter with many units',
      async (_what, read) => {
        const limiters = [
          { name: 'first', read: 1000 },
          { name: 'second', read },
        ]
        const waited = await sendUntilRefused([0, 5], limiters)
        expect(waited.retryAfterSec).toBe(15)
        waited.clock.advance(15_000)
        await request(waited.app).get('/').expect(200)
        const early = await sendUntilRefused([0, 5], limiters)
        early.clock.advance(14_000)
        await request(early.app).get('/').expect(429)
      },
    )

    it.each([
      ['in shadow mode', { mode: 'shadow' }],
      ['that gives refused requests back', { skipFailedRequests: true }],
    ] as ReadonlyArray<[string, RateLimiterOptions]>)(
      'is not extended by a bucket %s',
      async (_what, options) => {
        const read: LimitOptions = { limit: 2, windowSec: 60, algorithm: 'token-bucket' }
        const { retryAfterSec } = await sendUntilRefused(
          [0, 0],
          [{ name: 'first', read, ...options }, second],
        )
        expect(retryAfterSec).toBe(10)
      },
    )
  })
})
