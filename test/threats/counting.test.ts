import http from 'node:http'
import net from 'node:net'
import type { NextFunction, Request, Response } from 'express'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { createRateLimiter, MemoryStore, type RateLimiterOptions, type Store } from '../../src/index.ts'
import { FakeClock } from '../../src/testing/index.ts'
import { EXPRESS_VERSIONS } from '../http/express-versions.ts'
import { listening } from '../http/listening.ts'
import { rawGet, sendRaw } from '../http/raw-http.ts'

/** The same counters, answered a tick later, as a store behind a network would. */
function asynchronous(store: MemoryStore): Store {
  return {
    capabilities: store.capabilities,
    consume: async (charge) => store.consume(charge),
    refund: async (receipt) => store.refund(receipt),
  }
}

describe.each(EXPRESS_VERSIONS)('counting on %s', (_name, express) => {
  function appWith(options: RateLimiterOptions<Request, Response>): ReturnType<typeof express> {
    const app = express()
    app.use(createRateLimiter(options))
    app.get('/status/:status', (req: Request, res) => {
      res.sendStatus(Number(req.params.status))
    })
    app.use((_req: Request, res: Response) => {
      res.json({})
    })
    return app
  }

  it.each(['memory', 'asynchronous'])(
    'threat 11: ten requests in one packet, limit 5: five with remaining 4 to 0, then five refused (%s store)',
    async (kind) => {
      const store = kind === 'memory' ? new MemoryStore() : asynchronous(new MemoryStore())
      await listening(appWith({ read: 5, store }), async (port) => {
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

  it('threat 12: of 200 requests in parallel with limit 50 exactly 50 are admitted', async () => {
    await listening(appWith({ read: 50 }), async (port) => {
      const statuses = await Promise.all(
        Array.from({ length: 200 }, async () => (await sendRaw(port, rawGet('/')))[0]?.status),
      )
      expect(statuses.filter((status) => status === 200)).toHaveLength(50)
      expect(statuses.filter((status) => status === 429)).toHaveLength(150)
    })
  })

  it.each([{}, { skipFailedRequests: true }, { skipSuccessfulRequests: true }])(
    'threat 13: nine aborted requests, limit 3: the handler runs three times (%o)',
    async (options) => {
      let handled = 0
      const app = express()
      app.use(createRateLimiter({ read: 3, ...options }))
      app.use((req: Request, res: Response) => {
        handled++
        // The handler answers after the client has gone, as handlers do.
        req.socket.once('close', () => res.sendStatus(500))
      })
      await listening(app, async (port) => {
        for (let turn = 0; turn < 9; turn++) {
          await new Promise<void>((resolve) => {
            const socket = net.connect(port, '127.0.0.1', () => socket.write(rawGet('/')))
            socket.on('error', () => undefined)
            socket.on('close', () => resolve())
            socket.on('data', () => socket.destroy())
            setTimeout(() => socket.resetAndDestroy(), 30)
          })
        }
      })
      expect(handled).toBe(3)
    },
  )

  it('threat 13: a charge is given back for completed responses of the wanted kind only', async () => {
    const failed = appWith({ read: 3, skipFailedRequests: true })
    for (const status of [500, 404, 400, 503]) await request(failed).get(`/status/${status}`).expect(status)
    await request(failed).get('/status/200').expect('X-RateLimit-Remaining', '2')

    const successful = appWith({ read: 3, skipSuccessfulRequests: true })
    for (const status of [200, 204, 304]) await request(successful).get(`/status/${status}`).expect(status)
    await request(successful).get('/status/401').expect('X-RateLimit-Remaining', '2')
    await request(successful).get('/status/401').expect('X-RateLimit-Remaining', '1')
  })

  it('threat 13: a refusal is a failed response and gives nothing back', async () => {
    const app = appWith({ read: 2, skipSuccessfulRequests: true, requestWasSuccessful: () => true })
    const limiter = createRateLimiter({ read: 1, skipFailedRequests: true })
    const strict = express()
    strict.use(limiter)
    strict.use((_req: Request, res: Response) => {
      res.json({})
    })
    await request(strict).get('/').expect(200)
    for (let turn = 0; turn < 3; turn++) await request(strict).get('/').expect(429)
    await request(app).get('/').expect('X-RateLimit-Remaining', '1')
  })

  it('threat 14: a request is charged on arrival, before its body and its handler', async () => {
    const limiter = createRateLimiter({ write: 2 })
    const app = express()
    app.use(limiter)
    app.use(express.json())
    app.use((_req: Request, res: Response) => {
      res.json({})
    })
    await listening(app, async (port) => {
      for (let turn = 0; turn < 2; turn++) {
        await new Promise<void>((resolve) => {
          const socket = net.connect(port, '127.0.0.1')
          socket.on('error', () => undefined)
          socket.on('close', () => resolve())
          // A body is announced and never comes.
          socket.write(
            'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n',
          )
          setTimeout(() => socket.resetAndDestroy(), 30)
        })
      }
      expect((await limiter.peek('127.0.0.1', { class: 'write' })).allowed).toBe(false)
    })
  })

  it('threat 15: refused in the instant before the reset, admitted at the reset', async () => {
    const clock = new FakeClock(0)
    const app = appWith({ read: 1, windowSec: 30 * 86_400, clock })
    await request(app)
      .get('/')
      .expect(200)
      .expect('X-RateLimit-Reset', String(30 * 86_400))
    clock.advance(30 * 86_400_000 - 1)
    await request(app).get('/').expect(429).expect('Retry-After', '1')
    clock.advance(1)
    await request(app).get('/').expect(200)
    clock.advance(-3_600_000)
    await request(app)
      .get('/')
      .expect(429)
      .expect('Retry-After', String(30 * 86_400))
  })

  it.each([
    ['NaN', () => Number.NaN],
    ['Infinity', () => Number.POSITIVE_INFINITY],
    ['a negative number', () => -5],
    ['a fraction', () => 0.5],
    ['zero', () => 0],
    ['a string', () => '5' as unknown as number],
    ['nothing', () => undefined as unknown as number],
    ['a promise of NaN', async () => Number.NaN],
    [
      'an exception',
      () => {
        throw new Error('the tariff is gone')
      },
    ],
    [
      'a thrown undefined',
      () => {
        throw undefined
      },
    ],
    ['a rejection with nothing', () => Promise.reject(undefined)],
    ['a rejection with the word router', () => Promise.reject('router')],
  ])(
    'threat 16: a limit or cost function that gives %s is an error, never unlimited',
    async (_what, give) => {
      for (const options of [{ read: give }, { read: 5, cost: give }] as RateLimiterOptions[]) {
        const app = express()
        app.use(createRateLimiter(options))
        app.get('/', (_req: Request, res) => {
          res.json({})
        })
        app.use((error: Error, _req: Request, res: Response, _next: NextFunction) => {
          res.status(500).json({ error: error.message })
        })
        const { status, body } = await request(app).get('/')
        expect(status).toBe(500)
        expect(body.error).toMatch(/^(read|cost): |^the tariff is gone$|^a function of the options threw/)
      }
    },
  )

  it('threat 16: a thenable that answers nothing, or twice, is taken at its first word', async () => {
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

  it('threat 16: a cost above the limit is an error that says so, not an endless wait', async () => {
    const app = appWith({ read: 5, cost: () => 6 })
    app.use((error: Error, _req: Request, res: Response, _next: NextFunction) => {
      res.status(500).json({ error: error.message })
    })
    const { status, body, headers } = await request(app).get('/')
    expect(status).toBe(500)
    expect(headers['retry-after']).toBeUndefined()
    expect(body.error).toBe(
      'cost: can never be admitted by the read limit of 5, got 6. ' +
        'Lower the cost, or raise the limit to at least 6.',
    )
  })

  it('threat 17: refused by one of two limiters: each counts by itself, and both ask for the later instant', async () => {
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

describe('counting in the store', () => {
  it('threat 17: refused by one of several limits, none is charged', () => {
    const store = new MemoryStore({ clock: new FakeClock() })
    const base = { ttlMs: 90_000, algorithm: 'fixed-window' as const }
    const tight = { ...base, name: 'tight', limit: 1, burst: 1, windowMs: 1000 }
    const wide = { ...base, name: 'wide', limit: 5, burst: 5, windowMs: 60_000 }
    for (const limits of [
      [tight, wide],
      [wide, tight],
    ]) {
      const key = limits.map(({ name }) => name).join()
      expect(store.consume({ key, limits, cost: 1 }).allowed).toBe(true)
      for (let turn = 0; turn < 9; turn++) expect(store.consume({ key, limits, cost: 1 }).allowed).toBe(false)
      const states = store.peek({ key, limits, cost: 1 }).limits
      expect(Object.fromEntries(states.map(({ name, remaining }) => [name, remaining]))).toEqual({
        tight: 0,
        wide: 4,
      })
    }
    store.close()
  })

  it('threat 12: a plain node:http server admits exactly the limit too', async () => {
    const limiter = createRateLimiter({ read: 20 })
    const server = http.createServer((req, res) => limiter(req, res, () => res.end('ok')))
    await listening(server, async (port) => {
      const responses = await sendRaw(port, rawGet('/').repeat(60), 60)
      expect(responses.filter(({ status }) => status === 429)).toHaveLength(40)
    })
  })
})
