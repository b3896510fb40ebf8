import http from 'node:http'
import type { Request, Response } from 'express'
import request from 'supertest'
import { describe, expect, it, vi } from 'vitest'
import { createRateLimiter, type RateLimiterOptions } from '../../../src/index.ts'
import { FakeClock } from '../../../src/tools/testing/index.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'
import { withListeningServer } from '../../support/http/listening-server.ts'
import { textBeforeAddress } from '../../support/thrown-by.ts'

const HEADERS = [
  'x-ratelimit-limit',
  'x-ratelimit-remaining',
  'x-ratelimit-reset',
  'retry-after',
  'cache-control',
]

/** The headers of a response that a limiter sets. */
function limitHeaders(headers: Record<string, string>): Record<string, string> {
  const names = Object.keys(headers).filter((name) => HEADERS.includes(name) || name.startsWith('ratelimit'))
  return Object.fromEntries(names.map((name) => [name, headers[name] ?? '']))
}

describe.each(EXPRESS_VERSIONS)('one limiter on %s', (_name, express) => {
  function appWith(options: RateLimiterOptions): ReturnType<typeof express> {
    const app = express()
    app.use(createRateLimiter(options))
    app.use((req: Request, res: Response) => {
      res.json(req.rateLimit ?? {})
    })
    return app
  }

  it('allows the limit, refuses the next request with all headers, and allows a request after Retry-After', async () => {
    const clock = new FakeClock(1_700_000_000_000)
    const app = appWith({ read: 2, write: 1, windowSec: 60, clock })
    expect(limitHeaders((await request(app).get('/').expect(200)).headers)).toEqual({
      'x-ratelimit-limit': '2',
      'x-ratelimit-remaining': '1',
      'x-ratelimit-reset': '1700000060',
    })
    clock.advance(42_800)
    await request(app).get('/').expect(200).expect('X-RateLimit-Remaining', '0')
    const refused = await request(app).get('/').expect(429)
    expect(limitHeaders(refused.headers)).toEqual({
      'x-ratelimit-limit': '2',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': '1700000060',
      'retry-after': '18',
      'cache-control': 'no-store',
    })
    expect(refused.headers['content-type']).toBe('application/json')
    expect(refused.text).toBe('{"error":"rate_limit_exceeded"}')
    await request(app).post('/').expect(200).expect('X-RateLimit-Limit', '1')
    clock.advance(17_199)
    await request(app).get('/').expect(429).expect('Retry-After', '1')
    clock.advance(1)
    await request(app).get('/').expect(200)
  })

  it('has defaults of 1000 reads and 200 writes in a minute', async () => {
    const app = appWith({})
    await request(app).get('/').expect('X-RateLimit-Limit', '1000').expect('X-RateLimit-Remaining', '999')
    await request(app).post('/').expect('X-RateLimit-Limit', '200').expect('X-RateLimit-Remaining', '199')
  })

  it('sets req.rateLimit', async () => {
    const clock = new FakeClock(0)
    const { body } = await request(appWith({ read: 10, cost: () => 3, clock })).get('/')
    expect(body).toEqual({
      limit: 10,
      used: 3,
      remaining: 7,
      resetTime: '1970-01-01T00:01:00.000Z',
      key: '127.0.0.1',
      class: 'read',
      allowed: true,
      banned: false,
      retryAfterMs: 0,
      limits: [{ name: 'read', limit: 10, remaining: 7, resetMs: 60_000 }],
    })
    const renamed = express()
    renamed.use(createRateLimiter({ requestPropertyName: 'quota' }))
    renamed.use((req: Request & { quota?: { limit: number } }, res: Response) => {
      res.json([req.rateLimit === undefined, req.quota?.limit])
    })
    expect((await request(renamed).get('/')).body).toEqual([true, 1000])
  })

  it('does not limit a class with false, and calls a limit function for each request', async () => {
    const app = appWith({ read: false, write: (req: Request) => (req.get('X-Plan') === 'gold' ? 50 : 5) })
    expect(limitHeaders((await request(app).get('/').expect(200)).headers)).toEqual({})
    await request(app).post('/').set('X-Plan', 'gold').expect('X-RateLimit-Limit', '50')
    await request(app).post('/').expect('X-RateLimit-Limit', '5').expect('X-RateLimit-Remaining', '3')
    const asynchronous = appWith({ read: async () => 7 })
    await request(asynchronous).get('/').expect('X-RateLimit-Limit', '7')
  })

  it('accepts a limit with its own window and name', async () => {
    const clock = new FakeClock(0)
    const app = appWith({
      read: { limit: 3, windowSec: 0.5, name: 'burst' },
      standardHeaders: 'draft-11',
      clock,
    })
    const { headers } = await request(app).get('/')
    expect(headers['ratelimit-policy']).toBe('"burst";q=3;w=1')
    expect(headers.ratelimit).toBe('"burst";r=2;t=1')
    clock.advance(500)
    await request(app).get('/').expect('X-RateLimit-Remaining', '2')
  })

  it('uses the functions classify, keyGenerator, cost and skip', async () => {
    const app = appWith({
      read: 10,
      write: 5,
      classify: (req) => (req.path === '/export' ? 'write' : 'read'),
      keyGenerator: async (req, _res, clientKey) => req.get('X-User') ?? clientKey,
      cost: (req) => Number(req.query.cost ?? 1),
      skip: async (req) => req.path === '/health',
    })
    await request(app).get('/export').expect('X-RateLimit-Limit', '5')
    await request(app).get('/?cost=4').set('X-User', 'ann').expect('X-RateLimit-Remaining', '6')
    await request(app).get('/?cost=7').set('X-User', 'ann').expect(429).expect('X-RateLimit-Remaining', '6')
    await request(app).get('/?cost=7').set('X-User', 'bob').expect(200).expect('X-RateLimit-Remaining', '3')
    expect((await request(app).get('/')).body.key).toBe('127.0.0.1')
    expect(limitHeaders((await request(app).get('/health')).headers)).toEqual({})
  })

  it('gives each function the response too, with what middleware has noted on it', async () => {
    const app = express()
    app.use((req, res, next) => {
      res.locals.user = req.get('X-User')
      next()
    })
    const limiter = createRateLimiter({
      clock: new FakeClock(),
      read: (_req, res) => (res.locals.user === 'ann' ? 6 : 3),
      write: false,
      classify: (_req, res) => (res.locals.user === 'root' ? 'write' : 'read'),
      keyGenerator: (_req, res, clientKey) => res.locals.user ?? clientKey,
      cost: (_req, res) => (res.locals.user === 'bob' ? 2 : 1),
      skip: (_req, res) => res.locals.user === 'monitor',
      message: (_req, res) => `Slow down, ${res.locals.user}`,
      skipFailedRequests: true,
      requestWasSuccessful: (_req, res) => res.locals.user !== 'eve',
    })
    app.use(limiter, (_req, res) => void res.json({}))
    const remainingOf = async (user: string): Promise<string | undefined> =>
      (await request(app).get('/').set('X-User', user)).headers['x-ratelimit-remaining']
    expect(await Promise.all(['ann', 'bob', 'root', 'monitor'].map(remainingOf))).toEqual([
      '5',
      '1',
      undefined,
      undefined,
    ])
    expect([await remainingOf('eve'), await remainingOf('eve')]).toEqual(['2', '2'])
    expect((await request(app).get('/').set('X-User', 'bob')).text).toBe('Slow down, bob')
  })

  it.each([
    [{ message: 'Slow down' }, 'text/plain; charset=utf-8', 'Slow down'],
    [{ message: { code: 7 } }, 'application/json', '{"code":7}'],
    [{ message: () => ({ code: 8 }) }, 'application/json', '{"code":8}'],
    [{ message: async () => 'Asynchronous' }, 'text/plain; charset=utf-8', 'Asynchronous'],
    [
      { problemDetails: true },
      'application/problem+json',
      '{"type":"https://iana.org/assignments/http-problem-types#quota-exceeded",' +
        '"title":"Too many requests from this client","status":429,"violated-policies":["read"]}',
    ],
  ] as ReadonlyArray<[RateLimiterOptions, string, string]>)(
    'refuses with the body of %o',
    async (options, contentType, text) => {
      const app = appWith({ read: 1, ...options })
      await request(app).get('/').expect(200)
      const refused = await request(app).get('/').expect(429)
      expect(refused.headers['content-type']).toBe(contentType)
      expect(refused.headers['content-length']).toBe(String(text.length))
      expect(refused.text).toBe(text)
      expect(refused.headers['retry-after']).toBe('60')
    },
  )

  it('refuses with statusCode and handler of the options, and the handler may call next', async () => {
    const app = appWith({
      read: 1,
      statusCode: 420,
      handler: (req, res, next, info) => {
        if (req.path === '/next') next()
        else res.json({ allowed: info.allowed, wait: info.retryAfterMs > 0 })
      },
    })
    await request(app).get('/').expect(200)
    const { body } = await request(app)
      .get('/')
      .expect(420)
      .expect('Cache-Control', 'no-store')
      .expect('Retry-After', '60')
    expect(body).toEqual({ allowed: false, wait: true })
    await request(app).get('/next').expect(200)
  })

  it('sends Retry-After, but no legacy headers, with legacyHeaders: false', async () => {
    const app = appWith({ read: 1, legacyHeaders: false })
    expect(limitHeaders((await request(app).get('/')).headers)).toEqual({})
    const { headers } = await request(app).get('/').expect(429)
    expect(limitHeaders(headers)).toEqual({ 'retry-after': '60', 'cache-control': 'no-store' })
  })

  it.each([
    [
      'draft-6',
      {
        'ratelimit-policy': '2;w=60',
        'ratelimit-limit': '2',
        'ratelimit-remaining': '1',
        'ratelimit-reset': '60',
      },
    ],
    ['draft-7', { 'ratelimit-policy': '2;w=60', ratelimit: 'limit=2, remaining=1, reset=60' }],
    ['draft-8', { 'ratelimit-policy': '"read";q=2;w=60', ratelimit: '"read";r=1;t=60' }],
    ['draft-11', { 'ratelimit-policy': '"read";q=2;w=60', ratelimit: '"read";r=1;t=60' }],
    [true, { 'ratelimit-policy': '"read";q=2;w=60', ratelimit: '"read";r=1;t=60' }],
  ] as const)('sends the headers of %s', async (standardHeaders, expected) => {
    const app = appWith({ read: 2, legacyHeaders: false, standardHeaders })
    expect(limitHeaders((await request(app).get('/')).headers)).toEqual(expected)
  })

  it('sends the remaining seconds with resetFormat: delta', async () => {
    await request(appWith({ resetFormat: 'delta' }))
      .get('/')
      .expect('X-RateLimit-Reset', '60')
  })

  it('counts and reports in shadow mode, and refuses no request', async () => {
    const app = appWith({ read: 1, mode: 'shadow' })
    await request(app).get('/').expect(200)
    const { body, headers } = await request(app).get('/').expect(200)
    expect(body).toMatchObject({ allowed: false, remaining: 0 })
    expect(headers['retry-after']).toBeUndefined()
    expect(headers['x-ratelimit-remaining']).toBe('0')
  })

  it('uses the setting trust proxy of the app', async () => {
    const app = express()
    app.set('trust proxy', 'loopback')
    app.use(createRateLimiter())
    app.use((req: Request, res: Response) => {
      res.json({ key: req.rateLimit?.key, ip: req.ip })
    })
    const { body } = await request(app).get('/').set('X-Forwarded-For', '6.6.6.6, 203.0.113.7')
    expect(body).toEqual({ key: '203.0.113.7', ip: '203.0.113.7' })
  })

  it('detects app.use(createRateLimiter) without the call', async () => {
    const app = express()
    app.use(createRateLimiter as unknown as ReturnType<typeof createRateLimiter>)
    app.use((error: Error, _req: Request, res: Response, _next: unknown) => {
      res.status(500).json({ error: error.message })
    })
    const { body } = await request(app).get('/').expect(500)
    expect(textBeforeAddress('not_called', body.error)).toBe(
      'createRateLimiter was called with a request. ' +
        'Write app.use(createRateLimiter()), with parentheses.',
    )
  })

  it('passes an error to next after it was closed', async () => {
    const limiter = createRateLimiter()
    const app = express()
    app.use(limiter)
    app.use((error: Error, _req: Request, res: Response, _next: unknown) => {
      res.status(500).json({ error: error.message })
    })
    await limiter.close()
    await limiter.close()
    const { body } = await request(app).get('/').expect(500)
    expect(textBeforeAddress('closed', body.error)).toBe(
      "the limiter 'default' was closed. " + 'Close it after the last request.',
    )
  })
})

describe('a request', () => {
  it('reaches next in the same tick, without a promise or a timer, with the memory store', async () => {
    const limiter = createRateLimiter({ read: 1 })
    // The first client of a store starts the timer that forgets clients.
    await limiter.consume('198.51.100.1', { class: 'read' })
    const timers = vi.spyOn(globalThis, 'setTimeout')
    const thens = vi.spyOn(Promise.prototype, 'then')
    const req = { method: 'GET', headers: {}, socket: { remoteAddress: '203.0.113.7' } }
    const next = vi.fn()
    limiter(req as unknown as http.IncomingMessage, new http.ServerResponse(req as never), next)
    expect(next).toHaveBeenCalledTimes(1)
    expect(next).toHaveBeenLastCalledWith()
    expect(timers).not.toHaveBeenCalled()
    expect(thens).not.toHaveBeenCalled()
    vi.restoreAllMocks()
  })

  it('is limited on plain node:http', async () => {
    const limiter = createRateLimiter({ read: 1, trustProxy: true })
    const server = http.createServer((req, res) => limiter(req, res, () => res.end('served')))
    await withListeningServer(server, async (port) => {
      const url = `http://127.0.0.1:${port}/`
      const first = await fetch(url, { headers: { 'X-Forwarded-For': '203.0.113.7' } })
      expect([first.status, await first.text()]).toEqual([200, 'served'])
      const second = await fetch(url, { headers: { 'X-Forwarded-For': '203.0.113.7' } })
      expect([second.status, await second.text()]).toEqual([429, '{"error":"rate_limit_exceeded"}'])
      const other = await fetch(url, { headers: { 'X-Forwarded-For': '203.0.113.8' } })
      expect(other.status).toBe(200)
    })
  })
})
