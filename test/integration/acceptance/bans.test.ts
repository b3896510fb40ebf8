import { isDeepStrictEqual } from 'node:util'
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
import { rejectionOf, textBeforeAddress, thrownBy } from '../../support/thrown-by.ts'
import {
  BAN,
  type BanningApp,
  banningApp,
  CLIENT,
  CountingOnlyStore,
  EPOCH_SEC,
  expectRetryAfterInTurn,
} from './banning-app.ts'

const warnings = collectWarnings()

describe.each(EXPRESS_VERSIONS)('bans on %s', (_name, express) => {
  const limitedApp = (options?: RateLimiterOptions): BanningApp => banningApp(express, options)

  describe('the ban option', () => {
    it('starts a ban at the third refusal, and all headers show the ban', async () => {
      const { app } = limitedApp({ standardHeaders: true })
      await expectRetryAfterInTurn(app, ['none', 'none', 60, 60])
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

    it('applies to both classes, with an asynchronous store too', async () => {
      for (const store of [undefined, asynchronous(new MemoryStore({ clock: new FakeClock(0) }))]) {
        const { app } = limitedApp({
          write: 7,
          standardHeaders: true,
          ...(store === undefined ? {} : { store }),
        })
        await expectRetryAfterInTurn(app, ['none', 'none', 60, 60, 600])
        const { headers } = await request(app).post('/').expect(429)
        expect(headers).toMatchObject({
          'retry-after': '600',
          'x-ratelimit-limit': '7',
          'x-ratelimit-remaining': '0',
          ratelimit: '"write";r=0;t=600',
        })
      }
    })

    it('bans reads because of refused writes, except in a class without a limit', async () => {
      const { app } = limitedApp()
      await expectRetryAfterInTurn(app, ['none', 'none', 60, 60, 600], 'post')
      await expectRetryAfterInTurn(app, [600])
      const open = limitedApp({ read: false })
      await expectRetryAfterInTurn(open.app, ['none', 'none', 60, 60, 600], 'post')
      await expectRetryAfterInTurn(open.app, ['none'])
    })

    it('counts the refusals of each class separately', async () => {
      const { app } = limitedApp()
      await expectRetryAfterInTurn(app, ['none', 'none', 60, 60])
      await expectRetryAfterInTurn(app, ['none', 'none', 60, 60], 'post')
      await expectRetryAfterInTurn(app, [600])
    })

    it('ends at the exact millisecond, is not extended by requests, and leaves no refusals counted', async () => {
      const { app, clock } = limitedApp()
      await expectRetryAfterInTurn(app, ['none', 'none', 60, 60, 600])
      for (let second = 100; second < 600; second += 100) {
        clock.set((EPOCH_SEC + second) * 1000)
        await expectRetryAfterInTurn(app, [600 - second])
        await expectRetryAfterInTurn(app, [600 - second], 'post')
      }
      clock.set((EPOCH_SEC + 600) * 1000 - 1)
      await expectRetryAfterInTurn(app, [1])
      await expectRetryAfterInTurn(app, [1], 'post')
      clock.advance(1)
      await expectRetryAfterInTurn(app, ['none', 'none', 60, 60, 600])
    })

    it('gives the later of the ban and the limits in Retry-After, and of the limits alone after the ban', async () => {
      const { app, clock } = limitedApp({ read: { limit: 2, windowSec: 3600 }, ban: { ...BAN, forSec: 30 } })
      await expectRetryAfterInTurn(app, ['none', 'none', 3600, 3600, 3600])
      await expectRetryAfterInTurn(app, [30], 'post')
      clock.advance(30_000)
      // The ban is over, and two more refusals start no new one.
      await expectRetryAfterInTurn(app, [3570, 3570])
      await expectRetryAfterInTurn(app, ['none'], 'post')
    })

    it('counts refusals only within the configured time', async () => {
      const { app, clock } = limitedApp({
        read: { limit: 1, windowSec: 3600 },
        ban: { after: 2, withinSec: 8, forSec: 7200 },
      })
      await expectRetryAfterInTurn(app, ['none', 3600])
      // Ten seconds are longer than the window plus the eighth of it by which a sliding window may be late.
      clock.advance(10_000)
      await expectRetryAfterInTurn(app, [3590])
      clock.advance(7999)
      await expectRetryAfterInTurn(app, [7200])
    })

    it('bans at the first refusal if `after` is 1', async () => {
      const { app } = limitedApp({ ban: { ...BAN, after: 1 } })
      await expectRetryAfterInTurn(app, ['none', 'none', 600, 600])
    })

    it.each(['sliding-window', 'token-bucket'] as const)(
      'counts the refusals of a %s too',
      async (algorithm) => {
        const { app, clock } = limitedApp({ read: { limit: 2, windowSec: 60, algorithm } })
        const retryAfter = algorithm === 'token-bucket' ? 30 : 60
        await expectRetryAfterInTurn(app, ['none', 'none', retryAfter, retryAfter, 600])
        clock.advance(600_000)
        await expectRetryAfterInTurn(app, ['none', 'none', retryAfter])
      },
    )

    it('counts a refusal by several limits as one refusal', async () => {
      const { app } = limitedApp({
        read: [
          { limit: 1, windowSec: 1, name: 'second' },
          { limit: 9, windowSec: 60, name: 'minute' },
        ],
        standardHeaders: true,
      })
      await expectRetryAfterInTurn(app, ['none', 1, 1])
      const { headers } = await request(app).get('/').expect(429).expect('Retry-After', '600')
      expect(headers.ratelimit).toBe('"second";r=0;t=600, "minute";r=0;t=600')
    })

    it('works with a limit that a function returns', async () => {
      const { app } = limitedApp({ read: async () => 1 })
      await expectRetryAfterInTurn(app, ['none', 60, 60, 600])
    })

    it('passes the ban to the handler and to the request', async () => {
      const seen: unknown[] = []
      const { app } = limitedApp({
        handler: (req, res, _next, info) => {
          seen.push([
            info.banned,
            info.remaining,
            info.retryAfterMs,
            info.resetTime.toISOString(),
            isDeepStrictEqual({ ...info }, req.rateLimit),
          ])
          res.end()
        },
      })
      await expectRetryAfterInTurn(app, ['none', 'none', 60, 60, 600])
      const atMinute = new Date((EPOCH_SEC + 60) * 1000).toISOString()
      const atEnd = new Date((EPOCH_SEC + 600) * 1000).toISOString()
      expect(seen).toEqual([
        [false, 0, 60_000, atMinute, true],
        [false, 0, 60_000, atMinute, true],
        [true, 0, 600_000, atEnd, true],
      ])
    })

    it('bans no client in shadow mode, and marks requests that would be banned', async () => {
      const { app } = limitedApp({ mode: 'shadow' })
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

    it('names no limit in the problem details of a ban', async () => {
      const { app } = limitedApp({
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

    it('bans only the key that the keyGenerator returns', async () => {
      const { app } = limitedApp({ keyGenerator: (req) => req.get('X-User') ?? 'unknown-user' })
      const statusOf = async (user: string): Promise<number> =>
        (await request(app).get('/').set('X-User', user)).status
      for (let turn = 0; turn < 5; turn++) await statusOf('ann')
      expect((await request(app).get('/').set('X-User', 'ann')).headers['retry-after']).toBe('600')
      expect(await statusOf('bob')).toBe(200)
      expect(await statusOf('Ann')).toBe(200)
    })

    it('does not apply to skipped requests, and does not count them', async () => {
      const { app } = limitedApp({ skip: (req) => req.path === '/health' })
      await expectRetryAfterInTurn(app, ['none', 'none', 60, 60])
      for (let turn = 0; turn < 5; turn++) await request(app).get('/health').expect(200)
      await expectRetryAfterInTurn(app, [600])
      await request(app).get('/health').expect(200)
    })

    it('does not count a request that costs more than the limit, because that is an error', async () => {
      const { app } = limitedApp({ cost: (req) => Number(req.query.cost ?? 1) })
      for (let turn = 0; turn < 5; turn++) {
        const { body } = await request(app).get('/?cost=3').expect(500)
        expect(textBeforeAddress('cost_above_capacity', body.error)).toBe(
          "cost: can never be admitted by the limit 'read' of 2, got 3. Lower the cost, or raise the limit to at least 3.",
        )
      }
      await expectRetryAfterInTurn(app, ['none', 'none', 60, 60, 600])
    })

    it('continues when charges are given back during the ban', async () => {
      const clock = new FakeClock(0)
      const limiter = createRateLimiter({ read: 2, ban: BAN, skipFailedRequests: true, clock })
      const held = new HeldResponses()
      const app = express()
      app.use(limiter)
      app.get('/', held.handler)
      await withListeningServer(app, async (port) => {
        const url = `http://127.0.0.1:${port}/`
        const requests = [await held.hold(url), await held.hold(url)]
        const retryAfters = []
        for (let turn = 0; turn < 3; turn++) retryAfters.push((await fetch(url)).headers.get('retry-after'))
        expect(retryAfters).toEqual(['60', '60', '600'])
        for (const heldRequest of requests) await heldRequest.finish(500)
        expect((await fetch(url)).headers.get('retry-after')).toBe('600')
        await limiter.unblock(CLIENT)
        expect(
          (await limiter.peek(CLIENT, { class: 'read' })).limits[0]?.remaining,
          'both charges were given back during the ban',
        ).toBe(2)
      })
    })

    it('gives a Retry-After beyond the end of the ban if an earlier limiter would refuse then', async () => {
      const clock = new FakeClock(EPOCH_SEC * 1000)
      const app = express()
      app.use(createRateLimiter({ name: 'outer', read: { limit: 4, windowSec: 7200 }, clock }))
      app.use(createRateLimiter({ name: 'inner', read: 1, ban: { ...BAN, after: 2 }, clock }))
      app.use((_req: Request, res: Response) => {
        res.json({})
      })
      // The fourth request uses the last unit of the outer limiter, which refuses until it has a unit again.
      await expectRetryAfterInTurn(app, ['none', 60, 600, 7200, 7200])
    })

    it('neither ends nor extends a ban when the clock is set back', async () => {
      const { app, clock } = limitedApp()
      await expectRetryAfterInTurn(app, ['none', 'none', 60, 60, 600])
      clock.set(clock.now() - 3_600_000)
      await expectRetryAfterInTurn(app, [600])
      await expectRetryAfterInTurn(app, [600], 'post')
      clock.advance(600_000 - 1)
      await expectRetryAfterInTurn(app, [1])
      clock.advance(1)
      await expectRetryAfterInTurn(app, ['none'])
    })

    it('does not renew a ban that has ended when the clock is set back', async () => {
      const { app, clock } = limitedApp({ ban: { ...BAN, forSec: 10 } })
      await expectRetryAfterInTurn(app, ['none', 'none', 60, 60, 60])
      clock.advance(61_000)
      await expectRetryAfterInTurn(app, ['none'])
      clock.set(clock.now() - 3_600_000)
      expect((await request(app).get('/')).body).toMatchObject({ banned: false })
    })

    it('survives a flood of ten times as many new addresses as the store can hold', async () => {
      const clock = new FakeClock(EPOCH_SEC * 1000)
      const store = new MemoryStore({ maxKeys: 50, clock })
      const limiter = createRateLimiter({ read: 2, ban: BAN, store, trustProxy: 'loopback', clock })
      const app = express()
      app.use(limiter)
      const requestFrom = (address: string): string => rawGet('/', [`X-Forwarded-For: ${address}`])
      await withListeningServer(app, async (port) => {
        await sendRaw(port, requestFrom('203.0.113.7').repeat(5), 5)
        await limiter.block('203.0.113.8', 600)
        const flood = Array.from({ length: 500 }, (_, turn) =>
          requestFrom(`198.51.${turn >> 8}.${turn & 255}`),
        )
        await sendRaw(port, flood.join(''), 500)
        const answers = await sendRaw(port, requestFrom('203.0.113.7') + requestFrom('203.0.113.8'), 2)
        expect(answers.map(({ headers }) => headers.get('retry-after'))).toEqual(['600', '600'])
      })
      store.close()
    })
  })

  describe('refusals of consume()', () => {
    it('count like refusals of requests, and their ban applies to both classes', async () => {
      const { app, limiter } = limitedApp()
      await expectRetryAfterInTurn(app, ['none', 'none', 60])
      expect(await limiter.consume(CLIENT, { class: 'read' })).toMatchObject({
        allowed: false,
        retryAfterMs: 60_000,
      })
      expect(await limiter.consume(CLIENT, { class: 'read' })).toEqual({
        allowed: false,
        retryAfterMs: 600_000,
        limits: [{ name: 'read', limit: 2, remaining: 0, resetMs: 600_000 }],
        ban: { endsInMs: 600_000, isNew: true },
      })
      await expectRetryAfterInTurn(app, [600])
      await expectRetryAfterInTurn(app, [600], 'post')
    })

    it('are not counted for peek()', async () => {
      const { app, limiter } = limitedApp()
      await expectRetryAfterInTurn(app, ['none', 'none', 60])
      for (let turn = 0; turn < 9; turn++) {
        expect((await limiter.peek(CLIENT, { class: 'read' })).ban).toBeUndefined()
      }
      await expectRetryAfterInTurn(app, [60, 600])
    })
  })

  it('bans of two limiters in one store are separate', async () => {
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
    /** A store that works until it has started a ban, and then fails. */
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

    it('cannot apply a ban to the other class: the client gets its answer, and the limiter warns', async () => {
      const { store, faulty } = failingAfterBan()
      const { app } = limitedApp({ store })
      await expectRetryAfterInTurn(app, ['none', 'none', 60, 60, 600])
      expect(await warnings.messages()).toEqual([
        "The store of the limiter 'default' failed to ban a client: The store is down",
      ])
      expect(await warnings.codes()).toEqual(['TOLLGATE_BAN_FAILED'])
      faulty.heal()
      await expectRetryAfterInTurn(app, [600])
      await expectRetryAfterInTurn(app, ['none'], 'post')
    })

    it('causes one warning, without the client', async () => {
      const { store, faulty } = failingAfterBan()
      const { app, limiter } = limitedApp({
        store,
        keyGenerator: (req) => req.get('X-User') ?? 'unknown-user',
      })
      for (const user of ['ann', 'bob']) {
        faulty.heal()
        for (let turn = 0; turn < 5; turn++) await request(app).get('/').set('X-User', user)
        expect(
          (await limiter.peek(user, { class: 'read' }).catch(() => undefined))?.ban,
          'the store has no peek()',
        ).toBeUndefined()
      }
      expect(await warnings.codes()).toEqual(['TOLLGATE_BAN_FAILED'])
      expect((await warnings.messages()).join()).not.toMatch(/ann|bob/)
    })

    it('is replaced by the fallback, which bans in both classes', async () => {
      const faulty = new FaultyStore(new MemoryStore())
      const { app } = limitedApp({ store: faulty })
      faulty.fail({ kind: 'throw' })
      await expectRetryAfterInTurn(app, ['none', 'none', 60, 60, 600])
      await expectRetryAfterInTurn(app, [600], 'post')
      expect((await warnings.codes()).sort()).toEqual(['TOLLGATE_STORE_FAILED'])
    })

    it.each(['throw', 'reject'] as const)('causes a rejection of block and unblock (%s)', async (kind) => {
      const faulty = new FaultyStore(new MemoryStore())
      const { limiter } = limitedApp({ store: faulty, preflight: false })
      faulty.fail({ kind })
      const errors = [rejectionOf(limiter.block(CLIENT, 60)), rejectionOf(limiter.unblock(CLIENT))]
      for (const error of await Promise.all(errors)) {
        expect([error.code, error.message]).toEqual([
          'store_failed',
          'the store failed: The store is down. Look at the store and its logs.',
        ])
      }
      expect(await warnings.codes()).toEqual([])
    })

    it('causes a rejection of block and unblock after its deadline', async () => {
      const faulty = new FaultyStore(new MemoryStore())
      const { limiter } = limitedApp({ store: faulty, storeDeadlineMs: 5 })
      faulty.fail({ kind: 'hang' })
      const errors = [rejectionOf(limiter.block(CLIENT, 60)), rejectionOf(limiter.unblock(CLIENT))]
      for (const error of await Promise.all(errors)) {
        expect([error.code, error.message]).toEqual([
          'store_timeout',
          'the store did not answer within 5 ms. Look at the store and its network, or raise storeDeadlineMs.',
        ])
      }
    })
  })
})

describe('errors of bans', () => {
  it('the ban option with a store that cannot ban is an error', () => {
    const error = thrownBy(() => createRateLimiter({ ban: BAN, store: new CountingOnlyStore() }))
    expect([error.code, error.message]).toEqual([
      'unsupported_by_store',
      'ban: CountingOnlyStore does not support bans, got {"after":3,"withinSec":60,"forSec":600}. Leave it out, or use another store.',
    ])
  })

  it('the ban option with a store without block() is an error, even if its capabilities have bans', () => {
    class StoreWithoutBlock extends CountingOnlyStore {
      get capabilities(): StoreCapabilities {
        return { algorithms: ['fixed-window'], severalLimits: false, bans: true, shared: false }
      }
    }
    const error = thrownBy(() => createRateLimiter({ ban: BAN, store: new StoreWithoutBlock() }))
    expect([error.code, error.message]).toEqual([
      'unsupported_by_store',
      'ban: StoreWithoutBlock does not support bans, got {"after":3,"withinSec":60,"forSec":600}. Leave it out, or use another store.',
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
  ])('the ban option %o is an error', (ban, message) => {
    expect(thrownBy(() => createRateLimiter({ ban: ban as never })).message).toBe(message)
  })
})
