import http from 'node:http'
import type { NextFunction, Request, Response } from 'express'
import fc from 'fast-check'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { createRateLimiter, MemoryStore, type RateLimiterOptions } from '../../../src/index.ts'
import { FakeClock } from '../../../src/tools/testing/index.ts'
import { asynchronous } from '../../support/asynchronous-store.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'
import { withListeningServer } from '../../support/http/listening-server.ts'
import { rawGet, sendRaw } from '../../support/http/raw-http.ts'
import { textBeforeAddress } from '../../support/thrown-by.ts'
import { ALGORITHMS } from './algorithms.ts'

const STORES = { memory: () => new MemoryStore(), asynchronous: () => asynchronous(new MemoryStore()) }
const STORE_KINDS = ['memory', 'asynchronous'] as const

/** Numbers of parallel requests and limits: more requests than the limit, fewer, and as many. */
const PARALLEL_REQUESTS = [
  [80, 25],
  [20, 25],
  [25, 25],
] as const

describe.each(EXPRESS_VERSIONS)('counting on %s', (_name, express) => {
  function appWith(options: RateLimiterOptions): ReturnType<typeof express> {
    const app = express()
    app.use(createRateLimiter(options))
    app.use((_req: Request, res: Response) => {
      res.json({})
    })
    app.use((error: Error, _req: Request, res: Response, _next: NextFunction) => {
      res.status(500).json({ error: error.message })
    })
    return app
  }

  describe.each(ALGORITHMS)('with a %s', (algorithm) => {
    it.each(STORE_KINDS)(
      'threat 11: of ten requests in one packet with limit 5, five are allowed and five refused (%s store)',
      async (kind) => {
        const app = appWith({ read: { limit: 5, windowSec: 3600, algorithm }, store: STORES[kind]() })
        await withListeningServer(app, async (port) => {
          const responses = await sendRaw(port, rawGet('/').repeat(10), 10)
          expect(
            responses.map(({ status, headers }) => [status, headers.get('x-ratelimit-remaining')]),
          ).toEqual([
            [200, '4'],
            [200, '3'],
            [200, '2'],
            [200, '1'],
            [200, '0'],
            ...Array.from({ length: 5 }, () => [429, '0']),
          ])
        })
      },
    )

    it.each(STORE_KINDS.flatMap((kind) => PARALLEL_REQUESTS.map((counts) => [kind, ...counts] as const)))(
      'threat 12: with a %s store, %d parallel requests and limit %d, exactly the smaller number is allowed',
      async (kind, count, limit) => {
        const app = appWith({ read: { limit, windowSec: 86_400, algorithm }, store: STORES[kind]() })
        await withListeningServer(app, async (port) => {
          const responses = await Promise.all(Array.from({ length: count }, () => sendRaw(port, rawGet('/'))))
          const statuses = responses.map(([first]) => first?.status).sort()
          const allowed = Math.min(count, limit)
          expect(statuses).toEqual([
            ...Array.from({ length: allowed }, () => 200),
            ...Array.from({ length: count - allowed }, () => 429),
          ])
        })
      },
    )

    it('threat 12: parallel requests of 3 units never use more units than the limit', async () => {
      const clock = new FakeClock()
      const limiter = createRateLimiter({ read: { limit: 50, algorithm }, cost: () => 3, clock })
      const app = express()
      app.use(limiter)
      await withListeningServer(app, async (port) => {
        const responses = await Promise.all(Array.from({ length: 40 }, () => sendRaw(port, rawGet('/'))))
        // The app has no route, so an allowed request gets 404.
        expect(responses.filter(([first]) => first?.status === 404)).toHaveLength(16)
        expect((await limiter.peek('127.0.0.1', { class: 'read' })).limits[0]?.remaining).toBe(2)
      })
    })

    it('threat 14: a request is charged on arrival, before its body and its handler', async () => {
      const clock = new FakeClock()
      const limiter = createRateLimiter({ write: { limit: 2, algorithm }, clock })
      const app = express()
      app.use(limiter)
      app.use((_req: Request, res: Response) => {
        // The answer 102 shows the test that the request has arrived without its body.
        res.writeProcessing()
      })
      const head =
        'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n'
      await withListeningServer(app, async (port) => {
        const statuses = []
        for (let turn = 0; turn < 3; turn++) statuses.push((await sendRaw(port, head))[0]?.status)
        expect(statuses).toEqual([102, 102, 429])
      })
      expect((await limiter.peek('127.0.0.1', { class: 'write' })).allowed).toBe(false)
    })
  })

  it.each([
    ['NaN', () => Number.NaN],
    ['Infinity', () => Number.POSITIVE_INFINITY],
    ['a negative number', () => -5],
    ['a fraction', () => 0.5],
    ['zero', () => 0],
    ['a number beyond what a header can hold', () => 1e15],
    ['a string', () => '5' as unknown as number],
    ['undefined', () => undefined as unknown as number],
    ['an array of a number', () => [1] as unknown as number],
    ['a promise of NaN', async () => Number.NaN],
    ['a promise of Infinity', async () => Number.POSITIVE_INFINITY],
    [
      'an exception',
      () => {
        throw new Error('the function failed')
      },
    ],
    [
      'a thrown undefined',
      () => {
        throw undefined
      },
    ],
    ['a rejection with undefined', () => Promise.reject(undefined)],
    ['a rejection with the word router', () => Promise.reject('router')],
  ])(
    'threat 16: a limit or cost function with the result %s is an error, never unlimited',
    async (what, result) => {
      const settings: RateLimiterOptions[] = [
        // A limit of 0 refuses every request: see below.
        ...(what === 'zero' ? [] : [{ read: result }]),
        ...ALGORITHMS.map((algorithm) => ({ read: { limit: 5, algorithm }, cost: result })),
        { read: ALGORITHMS.map((algorithm) => ({ limit: 5, algorithm })), cost: result },
      ]
      for (const options of settings) {
        const { status, body } = await request(appWith(options as RateLimiterOptions)).get('/')
        expect(status).toBe(500)
        expect(body.error).toMatch(/^(read|cost): |^the function failed$|^a function among the options threw/)
      }
    },
  )

  it('threat 16: only the first answer of a thenable counts', async () => {
    const once = { then: (resolve: (skipped: boolean) => void) => resolve(false) } as PromiseLike<boolean>
    const twice = {
      then(resolve: (key: string) => void) {
        resolve('k')
        resolve('k')
      },
    } as PromiseLike<string>
    for (const options of [{ skip: () => once }, { keyGenerator: () => twice }]) {
      const app = appWith({ read: 2, ...options })
      const statuses = []
      for (let turn = 0; turn < 3; turn++) statuses.push((await request(app).get('/')).status)
      expect(statuses).toEqual([200, 200, 429])
    }
  })

  it.each<[string, RateLimiterOptions]>([
    ['a limit', { read: 0 }],
    ['a limit with a cost', { read: 0, cost: () => 5 }],
    ['a function', { read: () => 0 }],
    ['one of several limits', { read: [{ limit: 5 }, { limit: 0, windowSec: 60 }] }],
    ['a sliding window', { read: { limit: 0, algorithm: 'sliding-window' } }],
    ['a token bucket', { read: { limit: 0, burst: 9, algorithm: 'token-bucket' } }],
  ])('%s of 0 refuses every request, without asking the store', async (_what, options) => {
    const app = appWith(options as RateLimiterOptions)
    for (let turn = 0; turn < 3; turn++) {
      const { status, headers, body } = await request(app).get('/')
      expect(status).toBe(429)
      expect(headers).toMatchObject({
        'retry-after': '60',
        'x-ratelimit-limit': '0',
        'x-ratelimit-remaining': '0',
      })
      expect(body).toEqual({ error: 'rate_limit_exceeded' })
    }
    await request(app).post('/').expect(200)
  })

  it('a limit function that returns false limits nothing', async () => {
    const read = (req: Request): number | false => (req.get('x-staff') === '1' ? false : 1)
    const app = appWith({ read })
    for (let turn = 0; turn < 3; turn++) {
      const { headers } = await request(app).get('/').set('X-Staff', '1').expect(200)
      expect(headers['x-ratelimit-limit']).toBeUndefined()
    }
    await request(app).get('/').expect(200)
    await request(app).get('/').expect(429)
  })

  it.each([
    [{ read: 5 }, "'read' of 5, got 6. Lower the cost, or raise the limit to at least 6."],
    [{ read: () => 5 }, "'read' of 5, got 6. Lower the cost, or raise the limit to at least 6."],
    [
      { read: { limit: 5, algorithm: 'sliding-window' } },
      "'read' of 5, got 6. Lower the cost, or raise the limit to at least 6.",
    ],
    [
      { read: { limit: 100, burst: 5, algorithm: 'token-bucket' } },
      "'read' of 5, got 6. Lower the cost, or raise its burst to at least 6.",
    ],
    [
      { read: [{ limit: 50 }, { limit: 5, windowSec: 1 }, { limit: 6, windowSec: 2 }] },
      "'read-1s' of 5, got 6. Lower the cost, or raise the limit to at least 6.",
    ],
  ] as ReadonlyArray<[RateLimiterOptions, string]>)(
    'threat 16: a cost above the limit of %o is an error with a reason, not an endless wait',
    async (options, message) => {
      const { status, body, headers } = await request(appWith({ ...options, cost: () => 6 })).get('/')
      expect(status).toBe(500)
      expect(headers['retry-after']).toBeUndefined()
      expect(textBeforeAddress('cost_above_capacity', body.error)).toBe(
        `cost: can never be admitted by the limit ${message}`,
      )
    },
  )

  describe.each(ALGORITHMS)('threat 17: refused by a %s', (tightAlgorithm) => {
    it.each(
      ALGORITHMS.flatMap((wideAlgorithm) => [
        [wideAlgorithm, 'after'],
        [wideAlgorithm, 'before'],
      ]),
    )('with a %s %s it, which is charged for allowed requests only', async (wideAlgorithm, position) => {
      const tight = { limit: 2, windowSec: 10, name: 'tight', algorithm: tightAlgorithm }
      const wide = { limit: 9, windowSec: 3600, name: 'wide', algorithm: wideAlgorithm }
      const limiter = createRateLimiter({
        read: (position === 'after' ? [tight, wide] : [wide, tight]) as never,
        clock: new FakeClock(),
      })
      const app = express()
      app.use(limiter)
      await withListeningServer(app, async (port) => {
        const responses = await sendRaw(port, rawGet('/').repeat(8), 8)
        expect(responses.map(({ status }) => status)).toEqual([404, 404, ...Array(6).fill(429)])
      })
      const { limits } = await limiter.peek('127.0.0.1', { class: 'read' })
      expect(Object.fromEntries(limits.map(({ name, remaining }) => [name, remaining]))).toEqual({
        tight: 0,
        wide: 7,
      })
    })
  })

  it('threat 17: two limiters count separately, and a refusal by one has the later Retry-After', async () => {
    const clock = new FakeClock()
    const app = express()
    app.use(createRateLimiter({ name: 'hour', read: 1, windowSec: 3600, clock }))
    app.use(createRateLimiter({ name: 'second', read: 1, windowSec: 1, clock }))
    app.use((_req: Request, res: Response) => {
      res.json({})
    })
    await request(app).get('/').expect(200)
    await request(app).get('/').expect(429).expect('Retry-After', '3600')
  })
})

describe('counting without a framework', () => {
  it('threat 12: a plain node:http server allows exactly the limit too', async () => {
    const limiter = createRateLimiter({ read: 20 })
    const server = http.createServer((req, res) => limiter(req, res, () => res.end('ok')))
    await withListeningServer(server, async (port) => {
      const responses = await sendRaw(port, rawGet('/').repeat(60), 60)
      expect(responses.filter(({ status }) => status === 429)).toHaveLength(40)
    })
  })

  it('threat 17: the order of limits changes only the order of their states', async () => {
    const limits = [
      { name: 'fixed', limit: 4, windowSec: 5, algorithm: 'fixed-window' },
      { name: 'sliding', limit: 6, windowSec: 9, algorithm: 'sliding-window' },
      { name: 'bucket', limit: 5, windowSec: 7, burst: 4, algorithm: 'token-bucket' },
    ] as const
    const stepsArbitrary = fc.array(
      fc.record({ waitMs: fc.integer({ min: 0, max: 4000 }), cost: fc.integer({ min: 1, max: 4 }) }),
      {
        minLength: 5,
        maxLength: 40,
      },
    )
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([...limits], { minLength: 3 }),
        stepsArbitrary,
        async (shuffled, steps) => {
          const clock = new FakeClock(0)
          const one = createRateLimiter({ read: limits, clock })
          const other = createRateLimiter({ read: shuffled, clock })
          for (const { waitMs, cost } of steps) {
            clock.advance(waitMs)
            const answers = [
              await one.consume('client', { class: 'read', cost }),
              await other.consume('client', { class: 'read', cost }),
            ]
            const [here, there] = answers.map(({ receipt: _receipt, ...decision }) => ({
              ...decision,
              limits: decision.limits.toSorted((a, b) => a.name.localeCompare(b.name)),
            }))
            expect(there).toEqual(here)
          }
        },
      ),
      { numRuns: 50 },
    )
  })
})
