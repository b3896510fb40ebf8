import http from 'node:http'
import type { Request } from 'express'
import methodOverride from 'method-override'
import request from 'supertest'
import { describe, expect, it, vi } from 'vitest'
import { createRateLimiter, type RateLimiterOptions } from '../../../src/index.ts'
import { FakeClock } from '../../../src/tools/testing/index.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'
import { withListeningServer } from '../../support/http/listening-server.ts'
import { rawGet, sendRaw } from '../../support/http/raw-http.ts'

/** Keys that a store could truncate, split, or confuse with a property of every object. */
const UNUSUAL_KEYS = [
  'a',
  'a:b',
  ':',
  '__proto__',
  'constructor',
  '{}',
  '{a}',
  'a\u0000',
  'a\r\nb',
  '\ud800',
  '\udfff',
  `${'k'.repeat(10_000)}1`,
  `${'k'.repeat(10_000)}2`,
]

describe.each(EXPRESS_VERSIONS)('class and key on %s', (_name, express) => {
  function appWith(options: RateLimiterOptions): ReturnType<typeof express> {
    const app = express()
    app.use(createRateLimiter(options))
    app.use((req: Request, res) => {
      res.json({ class: req.rateLimit?.class })
    })
    return app
  }

  it('threat 8: HEAD and GET share one limit', async () => {
    const app = appWith({ read: 2 })
    await request(app).get('/').expect('X-RateLimit-Remaining', '1')
    await request(app).head('/').expect('X-RateLimit-Remaining', '0')
    await request(app).get('/').expect(429)
    await request(app).head('/').expect(429)
    await request(app).post('/').expect(200)
  })

  it.each([
    ['GET', 'read'],
    ['OPTIONS', 'read'],
    ['TRACE', 'read'],
    // The parser of Node has QUERY from version 22 on. Its class is tested in test/limits on every version.
    ...(http.METHODS.includes('QUERY') ? [['QUERY', 'read']] : []),
    ['POST', 'write'],
    ['PUT', 'write'],
    ['PATCH', 'write'],
    ['DELETE', 'write'],
    ['PROPFIND', 'write'],
    ['LOCK', 'write'],
    ['PURGE', 'write'],
  ])('threat 8: %s is charged as a %s', async (method, requestClass) => {
    await withListeningServer(appWith({ read: 7, write: 5 }), async (port) => {
      const [response] = await sendRaw(
        port,
        `${method} / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
      )
      expect(response?.headers.get('x-ratelimit-limit')).toBe(requestClass === 'read' ? '7' : '5')
    })
  })

  it.each(['limiter first', 'override first'])(
    'threat 8: a POST overridden to GET, and a GET to DELETE, are writes (%s)',
    async (order) => {
      const app = express()
      const limiter = createRateLimiter({ read: 7, write: 5 })
      const override = methodOverride('X-HTTP-Method-Override', { methods: ['GET', 'POST'] })
      for (const middleware of order === 'limiter first' ? [limiter, override] : [override, limiter]) {
        app.use(middleware)
      }
      app.use((req: Request, res) => {
        res.json({ method: req.method, class: req.rateLimit?.class })
      })
      const posted = await request(app).post('/').set('X-HTTP-Method-Override', 'GET')
      expect(posted.body).toEqual({ method: 'GET', class: 'write' })
      const got = await request(app).get('/').set('X-HTTP-Method-Override', 'DELETE')
      expect(got.body).toEqual({ method: 'DELETE', class: 'write' })
      const plain = await request(app).get('/').set('X-HTTP-Method-Override', 'OPTIONS')
      expect(plain.headers['x-ratelimit-limit']).toBe('7')
    },
  )

  it('threat 8: a limiter before and after an override charges the class after the override', async () => {
    const limiter = createRateLimiter({ read: false, write: 2 })
    const app = express()
    app.use(limiter)
    app.use(methodOverride('_method', { methods: ['GET'] }))
    app.use(limiter)
    app.use((_req: Request, res) => {
      res.json({})
    })
    const statuses = []
    for (let turn = 0; turn < 4; turn++) statuses.push((await request(app).get('/?_method=DELETE')).status)
    expect(statuses).toEqual([200, 200, 429, 429])
  })

  // With read limits of 20 a second and 1000 an hour, and writes of 200 a minute, a GET that asks to be a POST read
  // 12,000 times an hour.
  it('threat 33: an override header charges both classes, and the limits of both hold', async () => {
    const clock = new FakeClock()
    const app = appWith({
      read: [
        { limit: 20, windowSec: 1 },
        { limit: 100, windowSec: 3600 },
      ],
      write: { limit: 30, windowSec: 60 },
      clock,
    })
    let served = 0
    await withListeningServer(app, async (port) => {
      const text = rawGet('/', ['X-HTTP-Method-Override: POST'])
      for (let turn = 0; turn < 12; turn++) {
        const responses = await sendRaw(port, text.repeat(25), 25)
        served += responses.filter(({ status }) => status === 200).length
        clock.advance(60_000)
      }
    })
    expect(served).toBe(100)
  })

  it('threat 33: a class that refuses costs the other class nothing', async () => {
    const app = appWith({ read: 10, write: 2 })
    const override = (): request.Test => request(app).get('/').set('X-HTTP-Method-Override', 'POST')
    const first = await override()
    // The tighter class is shown.
    expect([first.status, first.headers['x-ratelimit-limit'], first.body]).toEqual([
      200,
      '2',
      { class: 'write' },
    ])
    await override().expect(200)
    for (let turn = 0; turn < 5; turn++) await override().expect(429)
    // Two reads are used, and not seven: a charge of reads is given back where writes refuse.
    await request(app).get('/').expect('X-RateLimit-Remaining', '7')
  })

  it('threat 33: a refund gives the charges of both classes back', async () => {
    const limiter = createRateLimiter({ read: 5, write: 3, skipSuccessfulRequests: true })
    const app = express()
    app.use(limiter)
    app.use((_req: Request, res) => void res.send('ok'))
    await withListeningServer(app, async (port) => {
      const address = '127.0.0.1'
      for (let turn = 0; turn < 4; turn++) {
        await sendRaw(port, rawGet('/', ['X-HTTP-Method-Override: POST', 'Connection: close']))
      }
      await vi.waitFor(
        async () => {
          const left = await Promise.all([
            limiter.peek(address, { class: 'read' }),
            limiter.peek(address, { class: 'write' }),
          ])
          expect(left.map(({ limits }) => limits[0]?.remaining)).toEqual([5, 3])
        },
        { timeout: 60_000 },
      )
    })
  })

  it.each([
    ['writes are not limited', { read: 2, write: false }, 'GET', 'POST'],
    ['writes are not limited', { read: 2, write: false }, 'POST', 'GET'],
    ['writes have the larger limit', { read: 2, write: 1000 }, 'GET', 'POST'],
    ['reads are not limited', { read: false, write: 2 }, 'GET', 'POST'],
    ['reads are not limited', { read: false, write: 2 }, 'POST', 'GET'],
  ] as const)(
    'threat 8: an override header cannot select the larger limit: %s (%o, %s to %s)',
    async (_what, options, method, override) => {
      const text = `${method} / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nX-HTTP-Method-Override: ${override}\r\n\r\n`
      await withListeningServer(appWith(options), async (port) => {
        const statuses = (await sendRaw(port, text.repeat(4), 4)).map(({ status }) => status)
        expect(statuses).toEqual([200, 200, 429, 429])
      })
    },
  )

  it('threat 9: upper case, trailing slashes, queries and absolute forms of a path share one limit', async () => {
    const targets = [
      '/api/login',
      '/API/LOGIN',
      '/api/login/',
      '/api/login?x=1',
      'http://localhost/api/login',
    ]
    const text = targets.map((target) => `GET ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`).join('')
    await withListeningServer(appWith({ read: 10 }), async (port) => {
      const responses = await sendRaw(port, text, targets.length)
      expect(responses.map(({ headers }) => headers.get('x-ratelimit-remaining'))).toEqual([
        '9',
        '8',
        '7',
        '6',
        '5',
      ])
    })
  })

  it('threat 10: unusual keys never share a counter', async () => {
    for (const key of UNUSUAL_KEYS) {
      const limiter = createRateLimiter({ read: 1, write: 1 })
      for (const other of UNUSUAL_KEYS) {
        if (other !== key) await limiter.consume(other, { class: 'read' })
      }
      expect((await limiter.consume(key, { class: 'read' })).allowed, JSON.stringify(key).slice(0, 30)).toBe(
        true,
      )
      expect((await limiter.consume(key, { class: 'write' })).allowed).toBe(true)
      expect((await limiter.consume(key, { class: 'read' })).allowed).toBe(false)
    }
  })

  it('threat 10: a ban of an unusual key bans no other key', async () => {
    for (const key of UNUSUAL_KEYS) {
      const limiter = createRateLimiter({ read: 1, write: 1 })
      await limiter.block(key, 60)
      for (const requestClass of ['read', 'write'] as const) {
        const banned = []
        for (const other of UNUSUAL_KEYS) {
          if ((await limiter.peek(other, { class: requestClass })).ban !== undefined) banned.push(other)
        }
        expect(banned).toEqual([key])
      }
    }
  })
})
