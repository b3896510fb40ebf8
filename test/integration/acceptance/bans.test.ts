import type { Request, Response } from 'express'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import {
  createRateLimiter,
  MemoryStore,
  type RateLimiterOptions,
  type Store,
  type StoreCapabilities,
} from '../../../src/index.ts'
import { FakeClock, FaultyStore } from '../../../src/tools/testing/index.ts'
import { asynchronous } from '../../support/asynchronous-store.ts'
import { HeldResponses } from '../../support/held-responses.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'
import { withListeningServer } from '../../support/http/listening-server.ts'
import { rawGet, sendRaw } from '../../support/http/raw-http.ts'
import { collectWarnings } from '../../support/http/warnings.ts'
import { rejectionOf, thrownBy } from '../../support/thrown-by.ts'
import { BAN, type BanningApp, banningApp, CLIENT, CountingOnlyStore, EPOCH_SEC, expectRetryAfterInTurn } from './banning-app.ts'

const warnings = collectWarnings()

describe.each(EXPRESS_VERSIONS)('bans on %s', (_name, express) => {
  const limited = (options?: RateLimiterOptions<Request, Response>): BanningApp =>
    banningApp(express, options)

  describe('the ban option', () => {
    it('makes the third refusal a ban, and tells of it in every header', async () => {
      const { app } = limited({ standardHeaders: true })
      await expectRetryAfterInTurn(app, ['-', '-', '60', '60'])
      const banned = await request(app).get('/').expect(429)
      expect(banned.headers).toMatchObject({
        'retry-after': '600',
        'cache-control': 'no-store',
        'x-ratelimit-limit': '2',
        'x-ratelimit-remaining': '0',
        'x-ratelimit-reset': String(EPOCH_SEC + 600),
        'ratelimit-policy': '"read";q=2;w=60',
        ratelimit: '"read";r=0;t=600',
      })
      expect(banned.text).toBe('{"error":"rate_limit_exceeded"}')
    })

    it('holds in both classes, and with an asynchronous store too', async () => {
      for (const store of [undefined, asynchronous(new MemoryStore({ clock: new FakeClock(0) }))]) {
        const { app } = limited({
          write: 7,
          standardHeaders: true,
          ...(store === undefined ? {} : { store }),
        })
        await expectRetryAfterInTurn(app, ['-', '-', '60', '60', '600'])
        const { headers } = await request(app).post('/').expect(429)
        expect(headers).toMatchObject({
          'retry-after': '600',
          'x-ratelimit-limit': '7',
          'x-ratelimit-remaining': '0',
          ratelimit: '"write";r=0;t=600',
        })
      }
    })

    it('a ban that comes of writes holds for reads, and leaves a class without a limit open', async () => {
      const { app } = limited()
      await expectRetryAfterInTurn(app, ['-', '-', '60', '60', '600'], 'post')
      await expectRetryAfterInTurn(app, ['600'])
      const open = limited({ read: false })
      await expectRetryAfterInTurn(open.app, ['-', '-', '60', '60', '600'], 'post')
      await expectRetryAfterInTurn(open.app, ['-'])
    })

    it('counts the refusals of each class by itself', async () => {
      const { app } = limited()
      await expectRetryAfterInTurn(app, ['-', '-', '60', '60'])
      await expectRetryAfterInTurn(app, ['-', '-', '60', '60'], 'post')
      await expectRetryAfterInTurn(app, ['600'])
    })

    it('lasts to the millisecond, is not prolonged by knocking, and counts from nothing afterwards', async () => {
      const { app, clock } = limited()
      await expectRetryAfterInTurn(app, ['-', '-', '60', '60', '600'])
      for (let second = 100; second < 600; second += 100) {
        clock.set((EPOCH_SEC + second) * 1000)
        await expectRetryAfterInTurn(app, [String(600 - second)])
        await expectRetryAfterInTurn(app, [String(600 - second)], 'post')
      }
      clock.set((EPOCH_SEC + 600) * 1000 - 1)
      await expectRetryAfterInTurn(app, ['1'])
      await expectRetryAfterInTurn(app, ['1'], 'post')
      clock.advance(1)
      await expectRetryAfterInTurn(app, ['-', '-', '60', '60', '600'])
    })

    it('asks for the later of the ban and the limits, and tells them apart afterwards', async () => {
      const { app, clock } = limited({ read: { limit: 2, windowSec: 3600 }, ban: { ...BAN, forSec: 30 } })
      await expectRetryAfterInTurn(app, ['-', '-', '3600', '3600', '3600'])
      await expectRetryAfterInTurn(app, ['30'], 'post')
      clock.advance(30_000)
      // The ban is over, and two more refusals are none.
      await expectRetryAfterInTurn(app, ['3570', '3570'])
      await expectRetryAfterInTurn(app, ['-'], 'post')
    })

    it('is for so many refusals in so long only', async () => {
      const { app, clock } = limited({
        read: { limit: 1, windowSec: 3600 },
        ban: { after: 2, withinSec: 8, forSec: 7200 },
      })
      await expectRetryAfterInTurn(app, ['-', '3600'])
      // Ten seconds are more than the window and the eighth of it that it may take longer.
      clock.advance(10_000)
      await expectRetryAfterInTurn(app, ['3590'])
      clock.advance(7999)
      await expectRetryAfterInTurn(app, ['7200'])
    })

    it('bans at the first refusal where one is too many', async () => {
      const { app } = limited({ ban: { ...BAN, after: 1 } })
      await expectRetryAfterInTurn(app, ['-', '-', '600', '600'])
    })

    it.each(['sliding-window', 'token-bucket'] as const)(
      'bans by refusals of a %s too',
      async (algorithm) => {
        const { app, clock } = limited({ read: { limit: 2, windowSec: 60, algorithm } })
        const wait = algorithm === 'token-bucket' ? '30' : '60'
        await expectRetryAfterInTurn(app, ['-', '-', wait, wait, '600'])
        clock.advance(600_000)
        await expectRetryAfterInTurn(app, ['-', '-', wait])
      },
    )

    it('bans by refusals of several limits, one refusal each', async () => {
      const { app } = limited({
        read: [
          { limit: 1, windowSec: 1, name: 'second' },
          { limit: 9, windowSec: 60, name: 'minute' },
        ],
        standardHeaders: true,
      })
      await expectRetryAfterInTurn(app, ['-', '1', '1'])
      const { headers } = await request(app).get('/').expect(429).expect('Retry-After', '600')
      expect(headers.ratelimit).toBe('"second";r=0;t=600, "minute";r=0;t=600')
    })

    it('bans where a function decides on the limit', async () => {
      const { app } = limited({ read: async () => 1 })
      await expectRetryAfterInTurn(app, ['-', '60', '60', '600'])
    })

    it('tells the handler and the request', async () => {
      const seen: unknown[] = []
      const { app } = limited({
        handler: (req, res, _next, info) => {
          seen.push([
            info.banned,
            info.remaining,
            info.retryAfterMs,
            info.resetTime.toISOString(),
            req.rateLimit === info,
          ])
          res.end()
        },
      })
      await expectRetryAfterInTurn(app, ['-', '-', '60', '60', '600'])
      const atMinute = new Date((EPOCH_SEC + 60) * 1000).toISOString()
      const atEnd = new Date((EPOCH_SEC + 600) * 1000).toISOString()
      expect(seen).toEqual([
        [false, 0, 60_000, atMinute, true],
        [false, 0, 60_000, atMinute, true],
        [true, 0, 600_000, atEnd, true],
      ])
    })

    it('in shadow mode bans nobody, and says who would be', async () => {
      const { app } = limited({ mode: 'shadow' })
      const seen = []
      for (let turn = 0; turn < 6; turn++) {
        const { body, headers } = await request(app).get('/').expect(200)
        seen.push([body.allowed, body.banned, headers['retry-after']])
      }
      expect(seen).toEqual([
        [true, false, undefined],
        [true, false, undefined],
        [false, false, undefined],
        [false, false, undefined],
        [false, true, undefined],
        [false, true, undefined],
      ])
      expect((await request(app).post('/').expect(200)).body).toMatchObject({ allowed: false, banned: true })
    })

    it('names no limit in problem details: it is the ban that refuses', async () => {
      const { app } = limited({
        read: [
          { limit: 2, windowSec: 1, name: 'second' },
          { limit: 9, windowSec: 60, name: 'minute' },
        ],
        problemDetails: true,
      })
      const violated = []
      for (let turn = 0; turn < 5; turn++) {
        const { status, headers, text } = await request(app).get('/')
        if (status === 200) continue
        expect(headers['content-type']).toBe('application/problem+json')
        violated.push(JSON.parse(text)['violated-policies'])
      }
      expect(violated).toEqual([['second'], ['second'], []])
    })

    it('bans the key that a function gives, and nobody else', async () => {
      const { app } = limited({ keyGenerator: (req) => req.get('X-User') ?? 'nobody' })
      const statusOf = async (user: string): Promise<number> =>
        (await request(app).get('/').set('X-User', user)).status
      for (let turn = 0; turn < 5; turn++) await statusOf('ann')
      expect((await request(app).get('/').set('X-User', 'ann')).headers['retry-after']).toBe('600')
      expect(await statusOf('bob')).toBe(200)
      expect(await statusOf('Ann')).toBe(200)
    })

    it('leaves skipped requests alone, and does not count them', async () => {
      const { app } = limited({ skip: (req) => req.path === '/health' })
      await expectRetryAfterInTurn(app, ['-', '-', '60', '60'])
      for (let turn = 0; turn < 5; turn++) await request(app).get('/health').expect(200)
      await expectRetryAfterInTurn(app, ['600'])
      await request(app).get('/health').expect(200)
    })

    it('does not count what costs more than there can be, for that is no refusal', async () => {
      const { app } = limited({ cost: (req) => Number(req.query.cost ?? 1) })
      for (let turn = 0; turn < 5; turn++) {
        const { body } = await request(app).get('/?cost=3').expect(500)
        expect(body.error).toBe(
          "cost: can never be admitted by the limit 'read' of 2, got 3. Lower the cost, or raise the limit to at least 3.",
        )
      }
      await expectRetryAfterInTurn(app, ['-', '-', '60', '60', '600'])
    })

    it('outlasts the charges that are given back while it lasts', async () => {
      const clock = new FakeClock(0)
      const limiter = createRateLimiter({ read: 2, ban: BAN, skipFailedRequests: true, clock })
      const held = new HeldResponses()
      const app = express()
      app.use(limiter)
      app.get('/', held.handler)
      await withListeningServer(app, async (port) => {
        const url = `http://127.0.0.1:${port}/`
        const requests = [await held.hold(url), await held.hold(url)]
        const waits = []
        for (let turn = 0; turn < 3; turn++) waits.push((await fetch(url)).headers.get('retry-after'))
        expect(waits).toEqual(['60', '60', '600'])
        for (const one of requests) await one.finish(500)
        expect((await fetch(url)).headers.get('retry-after')).toBe('600')
        await limiter.unblock(CLIENT)
        expect((await limiter.peek(CLIENT)).limits[0]?.remaining, 'both were given back all the same').toBe(2)
      })
    })

    it('asks for longer than the ban where a limiter in front has nothing left by then', async () => {
      const clock = new FakeClock(EPOCH_SEC * 1000)
      const app = express()
      app.use(createRateLimiter({ name: 'outer', read: { limit: 4, windowSec: 7200 }, clock }))
      app.use(createRateLimiter({ name: 'inner', read: 1, ban: { ...BAN, after: 2 }, clock }))
      app.use((_req: Request, res: Response) => {
        res.json({})
      })
      // The fourth request takes the last unit of the outer one: no try succeeds before it has more.
      await expectRetryAfterInTurn(app, ['-', '60', '600', '7200', '7200'])
    })

    it('a clock set back lets nobody out, and keeps nobody in for longer', async () => {
      const { app, clock } = limited()
      await expectRetryAfterInTurn(app, ['-', '-', '60', '60', '600'])
      clock.advance(-3_600_000)
      await expectRetryAfterInTurn(app, ['600'])
      await expectRetryAfterInTurn(app, ['600'], 'post')
      clock.advance(600_000 - 1)
      await expectRetryAfterInTurn(app, ['1'])
      clock.advance(1)
      await expectRetryAfterInTurn(app, ['-'])
    })

    it('a ban that is over stays over when the clock is set back', async () => {
      const { app, clock } = limited({ ban: { ...BAN, forSec: 10 } })
      await expectRetryAfterInTurn(app, ['-', '-', '60', '60', '60'])
      clock.advance(61_000)
      await expectRetryAfterInTurn(app, ['-'])
      clock.advance(-3_600_000)
      expect((await request(app).get('/')).body).toMatchObject({ banned: false })
    })

    it('holds under a flood of ten times as many new addresses as the store remembers', async () => {
      const clock = new FakeClock(EPOCH_SEC * 1000)
      const store = new MemoryStore({ maxKeys: 50, clock })
      const limiter = createRateLimiter({ read: 2, ban: BAN, store, trustProxy: 'loopback', clock })
      const app = express()
      app.use(limiter)
      const from = (address: string): string => rawGet('/', [`X-Forwarded-For: ${address}`])
      await withListeningServer(app, async (port) => {
        await sendRaw(port, from('203.0.113.7').repeat(5), 5)
        await limiter.block('203.0.113.8', 600)
        const flood = Array.from({ length: 500 }, (_, turn) => from(`198.51.${turn >> 8}.${turn & 255}`))
        await sendRaw(port, flood.join(''), 500)
        const answers = await sendRaw(port, from('203.0.113.7') + from('203.0.113.8'), 2)
        expect(answers.map(({ headers }) => headers.get('retry-after'))).toEqual(['600', '600'])
      })
      store.close()
    })
  })

  describe('refusals of consume()', () => {
    it('count like those of requests, and their ban holds in both classes', async () => {
      const { app, limiter } = limited()
      await expectRetryAfterInTurn(app, ['-', '-', '60'])
      expect(await limiter.consume(CLIENT)).toMatchObject({ allowed: false, retryAfterMs: 60_000 })
      expect(await limiter.consume(CLIENT)).toEqual({
        allowed: false,
        retryAfterMs: 600_000,
        limits: [{ name: 'read', limit: 2, remaining: 0, resetMs: 600_000 }],
        ban: { endsInMs: 600_000, isNew: true },
      })
      await expectRetryAfterInTurn(app, ['600'])
      await expectRetryAfterInTurn(app, ['600'], 'post')
    })

    it('peek counts towards no ban', async () => {
      const { app, limiter } = limited()
      await expectRetryAfterInTurn(app, ['-', '-', '60'])
      for (let turn = 0; turn < 9; turn++) {
        expect((await limiter.peek(CLIENT)).ban).toBeUndefined()
      }
      await expectRetryAfterInTurn(app, ['60', '600'])
    })
  })

  it('two limiters in one store ban for themselves alone', async () => {
    const clock = new FakeClock(EPOCH_SEC * 1000)
    const store = new MemoryStore({ clock })
    const login = createRateLimiter({ name: 'login', read: 1, ban: { ...BAN, after: 1 }, store, clock })
    const search = createRateLimiter({ name: 'search', read: 9, ban: BAN, store, clock })
    const app = express()
    app.use('/login', login)
    app.use('/search', search)
    await request(app).get('/login').expect(404)
    await request(app).get('/login').expect(429).expect('Retry-After', '600')
    await request(app).post('/login').expect(429).expect('Retry-After', '600')
    await request(app).get('/search').expect(404)
    await search.block(CLIENT, 30)
    await request(app).get('/search').expect(429).expect('Retry-After', '30')
    await search.unblock(CLIENT)
    await request(app).get('/search').expect(404)
    await request(app).get('/login').expect(429).expect('Retry-After', '600')
    store.close()
  })

  describe('a store that fails', () => {
    /** A store that works until it has banned somebody, and then fails. */
    function failingAfterBan(): { store: Store; faulty: FaultyStore } {
      const faulty = new FaultyStore(new MemoryStore({ clock: new FakeClock(0) }))
      const store: Store = {
        capabilities: faulty.capabilities,
        consume: async (charge) => {
          const decision = await faulty.consume(charge)
          if (decision.ban?.isNew === true) faulty.fail({ kind: 'reject' })
          return decision
        },
        block: (key, forMs) => faulty.block(key, forMs),
        unblock: (key) => faulty.unblock(key),
      }
      return { store, faulty }
    }

    it('keeps the ban of a class from the other: the client gets its answer, and the operator a warning', async () => {
      const { store, faulty } = failingAfterBan()
      const { app } = limited({ store })
      await expectRetryAfterInTurn(app, ['-', '-', '60', '60', '600'])
      expect(await warnings.messages()).toEqual([
        "The store of the limiter 'default' failed to ban a client: The store is down",
      ])
      expect(await warnings.codes()).toEqual(['TOLLGATE_BAN_FAILED'])
      faulty.heal()
      await expectRetryAfterInTurn(app, ['600'])
      await expectRetryAfterInTurn(app, ['-'], 'post')
    })

    it('is warned of once, and names no client', async () => {
      const { store, faulty } = failingAfterBan()
      const { app, limiter } = limited({ store, keyGenerator: (req) => req.get('X-User') ?? 'nobody' })
      for (const user of ['ann', 'bob']) {
        faulty.heal()
        for (let turn = 0; turn < 5; turn++) await request(app).get('/').set('X-User', user)
        expect((await limiter.peek(user).catch(() => undefined))?.ban, 'peek is not there').toBeUndefined()
      }
      expect(await warnings.codes()).toEqual(['TOLLGATE_BAN_FAILED'])
      expect((await warnings.messages()).join()).not.toMatch(/ann|bob/)
    })

    it('bans in counters of this process meanwhile, in both classes', async () => {
      const faulty = new FaultyStore(new MemoryStore())
      const { app } = limited({ store: faulty })
      faulty.fail({ kind: 'throw' })
      await expectRetryAfterInTurn(app, ['-', '-', '60', '60', '600'])
      await expectRetryAfterInTurn(app, ['600'], 'post')
      expect((await warnings.codes()).sort()).toEqual(['TOLLGATE_STORE_FAILED'])
    })

    it.each(['throw', 'reject'] as const)(
      'rejects block and unblock, which must be known to be done (%s)',
      async (kind) => {
        const faulty = new FaultyStore(new MemoryStore())
        const { limiter } = limited({ store: faulty })
        faulty.fail({ kind })
        for (const done of [limiter.block(CLIENT, 60), limiter.unblock(CLIENT)]) {
          const error = await rejectionOf(done)
          expect([error.code, error.message]).toEqual([
            'store_failed',
            'the store failed: The store is down. Look at the store and its logs.',
          ])
        }
        expect(await warnings.codes()).toEqual([])
      },
    )

    it('rejects block and unblock when it does not answer in time', async () => {
      const faulty = new FaultyStore(new MemoryStore())
      const { limiter } = limited({ store: faulty, storeDeadlineMs: 5 })
      faulty.fail({ kind: 'hang' })
      for (const done of [limiter.block(CLIENT, 60), limiter.unblock(CLIENT)]) {
        const error = await rejectionOf(done)
        expect([error.code, error.message]).toEqual([
          'store_timeout',
          'the store did not answer within 5 ms. Look at the store and its network, or raise storeDeadlineMs.',
        ])
      }
    })
  })
})

describe('errors of bans', () => {
  it('a store that cannot ban is an error when the option is given', () => {
    const error = thrownBy(() => createRateLimiter({ ban: BAN, store: new CountingOnlyStore() }))
    expect([error.code, error.message]).toEqual([
      'unsupported_by_store',
      'ban: CountingOnlyStore does not support bans, got {"after":3,"withinSec":60,"forSec":600}. Leave it out, or use another store.',
    ])
  })

  it('a store that says it bans, and has no way to spread a ban, is an error too', () => {
    class Boaster extends CountingOnlyStore {
      get capabilities(): StoreCapabilities {
        return { algorithms: ['fixed-window'], severalLimits: false, bans: true, shared: false }
      }
    }
    const error = thrownBy(() => createRateLimiter({ ban: BAN, store: new Boaster() }))
    expect([error.code, error.message]).toEqual([
      'unsupported_by_store',
      'ban: Boaster does not support bans, got {"after":3,"withinSec":60,"forSec":600}. Leave it out, or use another store.',
    ])
  })

  it.each([
    [{}, 'ban: lacks after, got {}. Give { after: 10, withinSec: 60, forSec: 3600 }.'],
    [
      { after: 3, withinSec: 60 },
      'ban: lacks forSec, got {"after":3,"withinSec":60}. Give { after: 10, withinSec: 60, forSec: 3600 }.',
    ],
    [
      { withinSec: 60, forSec: 600 },
      'ban: lacks after, got {"withinSec":60,"forSec":600}. Give { after: 10, withinSec: 60, forSec: 3600 }.',
    ],
    [
      { ...BAN, after: 0 },
      'ban.after: takes a whole number, got 0. Give a number from 1 to 999999999999999, without quotes.',
    ],
    [
      { ...BAN, withinSec: '60' },
      "ban.withinSec: takes a number of seconds, got '60'. Give a number from 0.001 to 3155760000, without quotes.",
    ],
    [
      { ...BAN, forSec: Number.POSITIVE_INFINITY },
      'ban.forSec: takes a number of seconds, got Infinity. Give a number from 0.001 to 3155760000, without quotes.',
    ],
    [{ ...BAN, forMs: 5 }, 'ban.forMs: is not an option, got 5. The options are after, withinSec, forSec.'],
    [
      true,
      'ban: takes an object of options, got true. Give an object; it may have after, withinSec, forSec.',
    ],
    [
      null,
      'ban: takes an object of options, got null. Give an object; it may have after, withinSec, forSec.',
    ],
  ])('ban %o is an error', (ban, message) => {
    expect(thrownBy(() => createRateLimiter({ ban: ban as never })).message).toBe(message)
  })
})
