import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { createRateLimiter, MemoryStore, type RateLimiterOptions } from '../../../src/index.ts'
import { FakeClock } from '../../../src/tools/testing/index.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'
import { withListeningServer } from '../../support/http/listening-server.ts'
import { rawGet, sendRaw } from '../../support/http/raw-http.ts'
import { rejectionOf } from '../../support/thrown-by.ts'
import {
  type BanningApp,
  banningApp,
  CLIENT,
  CountingOnlyStore,
  EPOCH_SEC,
  expectRetryAfterInTurn,
} from './banning-app.ts'

describe.each(EXPRESS_VERSIONS)('limiter.block and limiter.unblock on %s', (_name, express) => {
  const limitedApp = (options?: RateLimiterOptions): BanningApp => banningApp(express, options)

  it('ban a client and end the ban, in both classes, also for a new client', async () => {
    const { app, limiter } = limitedApp({ standardHeaders: true })
    await limiter.block(CLIENT, 3600)
    const { headers } = await request(app).get('/').expect(429)
    expect(headers).toMatchObject({
      'retry-after': '3600',
      'x-ratelimit-limit': '2',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(EPOCH_SEC + 3600),
      ratelimit: '"read";r=0;t=3600',
    })
    await expectRetryAfterInTurn(app, [3600], 'post')
    await limiter.unblock(CLIENT)
    await expectRetryAfterInTurn(app, ['none', 'none', 60])
    await expectRetryAfterInTurn(app, ['none', 'none', 60], 'post')
  })

  it('need no ban option', async () => {
    const clock = new FakeClock(0)
    const limiter = createRateLimiter({ read: 2, clock })
    const app = express()
    app.use(limiter)
    await limiter.block(CLIENT, 0.5)
    await request(app).get('/').expect(429).expect('Retry-After', '1')
    clock.advance(500)
    await request(app).get('/').expect(404)
  })

  it('replace the current ban, also by a shorter one', async () => {
    const { app, limiter, clock } = limitedApp()
    await limiter.block(CLIENT, 3600)
    await limiter.block(CLIENT, 10)
    await expectRetryAfterInTurn(app, [10])
    await expectRetryAfterInTurn(app, [10], 'post')
    clock.advance(10_000)
    await expectRetryAfterInTurn(app, ['none', 'none', 60, 60, 600])
    await limiter.block(CLIENT, 5)
    await expectRetryAfterInTurn(app, [60])
    await expectRetryAfterInTurn(app, [5], 'post')
  })

  it('unblock ends a ban by refusals and resets the refusals, but not the used units', async () => {
    const { app, limiter } = limitedApp()
    await expectRetryAfterInTurn(app, ['none', 'none', 60, 60, 600])
    await limiter.unblock(CLIENT)
    await expectRetryAfterInTurn(app, [60, 60])
    await expectRetryAfterInTurn(app, ['none'], 'post')
    await limiter.unblock(CLIENT)
    await expectRetryAfterInTurn(app, [60, 60, 600])
  })

  it('unblock of a client without a ban changes nothing', async () => {
    const { app, limiter } = limitedApp()
    await limiter.unblock(CLIENT)
    await expectRetryAfterInTurn(app, ['none', 'none', 60])
  })

  it('reset removes a ban and the refusals', async () => {
    const { app, limiter } = limitedApp()
    await expectRetryAfterInTurn(app, ['none', 'none', 60, 60, 600])
    await limiter.reset(CLIENT)
    await expectRetryAfterInTurn(app, ['none', 'none', 60, 60, 600])
    await limiter.block(CLIENT, 5)
    await limiter.resetAll()
    await expectRetryAfterInTurn(app, ['none'])
    await expectRetryAfterInTurn(app, ['none'], 'post')
  })

  it.each([
    ['2001:DB8:0:1:0:0:0:5', '2001:db8:0:ff::9'],
    ['2001:db8::', '2001:db8:0:1::5'],
    ['2001:db8::/56', '2001:db8:0:1::5'],
    ['fe80::1%eth0', 'fe80::2'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:CB00:7107', '203.0.113.7'],
    ['64:ff9b::203.0.113.7', '203.0.113.7'],
    ['203.0.113.7', '::ffff:203.0.113.7'],
  ])('accept any spelling of an address: %s is the client at %s', async (spelling, address) => {
    const { app, limiter } = limitedApp({ trustProxy: 'loopback' })
    const statusAt = async (): Promise<number> =>
      (await request(app).get('/').set('X-Forwarded-For', address)).status
    await limiter.block(spelling, 60)
    expect(await statusAt()).toBe(429)
    await request(app).get('/').set('X-Forwarded-For', '203.0.113.9').expect(200)
    await limiter.unblock(spelling)
    expect(await statusAt()).toBe(200)
  })

  it('use the keys of a keyGenerator, and take each spelling of an address for one key', async () => {
    const { app, limiter } = limitedApp({ keyGenerator: (req) => req.get('X-User') ?? 'unknown-user' })
    const statusOf = async (user: string): Promise<number> =>
      (await request(app).get('/').set('X-User', user)).status
    await limiter.block('ann', 60)
    await limiter.block('2001:DB8::1', 60)
    expect([await statusOf('ann'), await statusOf('bob')]).toEqual([429, 200])
    expect([await statusOf('2001:DB8::1'), await statusOf('2001:db8::1')]).toEqual([429, 429])
    expect([await statusOf('2001:db8::2'), await statusOf('ANN')]).toEqual([200, 200])
  })

  it('do not affect a class without a limit', async () => {
    const { app, limiter } = limitedApp({ write: false })
    await limiter.block(CLIENT, 60)
    await expectRetryAfterInTurn(app, [60])
    await expectRetryAfterInTurn(app, ['none'], 'post')
    await limiter.unblock(CLIENT)
    await expectRetryAfterInTurn(app, ['none'])
  })

  it('apply to upgrades, consume and peek too', async () => {
    const { app, limiter } = limitedApp()
    await withListeningServer(app, async (port, server) => {
      server.on('upgrade', (_req, socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n'))
      limiter.guard(server)
      const upgrade = rawGet('/', ['Connection: Upgrade', 'Upgrade: echo'])
      expect((await sendRaw(port, upgrade))[0]?.status).toBe(101)
      await limiter.block(CLIENT, 60)
      const [refused] = await sendRaw(port, upgrade)
      expect([refused?.status, refused?.headers.get('retry-after')]).toEqual([429, '60'])
    })
    const expected = {
      allowed: false,
      retryAfterMs: 60_000,
      limits: [{ name: 'write', limit: 2, remaining: 0, resetMs: 60_000 }],
      ban: { endsInMs: 60_000, isNew: false },
    }
    expect(await limiter.consume(CLIENT, { class: 'write' })).toEqual(expected)
    expect(await limiter.peek(CLIENT, { class: 'write' })).toEqual(expected)
  })

  it('do not affect skipped requests, and refuse nothing in shadow mode', async () => {
    const skipping = limitedApp({ skip: (req) => req.path === '/health' })
    await skipping.limiter.block(CLIENT, 60)
    await request(skipping.app).get('/health').expect(200)
    await expectRetryAfterInTurn(skipping.app, [60])

    const shadow = limitedApp({ mode: 'shadow' })
    await shadow.limiter.block(CLIENT, 60)
    expect((await request(shadow.app).get('/').expect(200)).body).toMatchObject({
      allowed: false,
      banned: true,
      retryAfterMs: 60_000,
    })
  })
})

describe('errors of block and unblock', () => {
  it.each(['block', 'unblock'] as const)('%s() with a store that lacks it is an error', async (method) => {
    const limiter = createRateLimiter({ store: new CountingOnlyStore() })
    const error = await rejectionOf(limiter[method](CLIENT, 60))
    expect([error.code, error.message]).toEqual([
      'unsupported_by_store',
      `CountingOnlyStore has no ${method}(). Add ${method}() to the store, or do not call limiter.${method}().`,
    ])
  })

  it.each([
    [0, '0'],
    [-1, '-1'],
    [0.0004, '0.0004'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [3_155_760_001, '3155760001'],
    ['60', "'60'"],
    [undefined, 'undefined'],
    [null, 'null'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
  ])('block for %o seconds is an error, and does not ban the client', async (seconds, shown) => {
    const limiter = createRateLimiter()
    const error = await rejectionOf(limiter.block(CLIENT, seconds as number))
    expect([error.code, error.message]).toEqual([
      'invalid_option',
      `seconds: takes a number of seconds, got ${shown}. Give a number from 0.001 to 3155760000, without quotes.`,
    ])
    expect((await limiter.peek(CLIENT, { class: 'read' })).allowed).toBe(true)
  })

  it('the shortest and the longest ban are accepted', async () => {
    const clock = new FakeClock(0)
    const limiter = createRateLimiter({ clock })
    await limiter.block('short', 0.001)
    await limiter.block('long', 3_155_760_000)
    clock.advance(1)
    expect((await limiter.peek('short', { class: 'read' })).allowed).toBe(true)
    expect((await limiter.peek('long', { class: 'read' })).retryAfterMs).toBe(3_155_760_000_000 - 1)
  })

  it.each(['block', 'unblock'] as const)('%s without a key is an error', async (method) => {
    const limiter = createRateLimiter()
    for (const [key, shown] of [
      ['', "''"],
      [undefined, 'undefined'],
      [7, '7'],
    ]) {
      const error = await rejectionOf(limiter[method](key as string, 60))
      expect([error.code, error.message]).toEqual([
        'invalid_option',
        `key: takes a client key, got ${shown}. Give a string that is not empty.`,
      ])
    }
  })

  it.each(['block', 'unblock'] as const)('%s after the limiter was closed is an error', async (method) => {
    const limiter = createRateLimiter({ name: 'login' })
    await limiter.close()
    const error = await rejectionOf(limiter[method](CLIENT, 60))
    expect([error.code, error.message]).toEqual([
      'closed',
      "the limiter 'login' was closed. Close it after the last request.",
    ])
  })

  it('block after the store was closed is an error', async () => {
    const store = new MemoryStore()
    const limiter = createRateLimiter({ store })
    store.close()
    const error = await rejectionOf(limiter.block(CLIENT, 60))
    expect([error.code, error.message]).toEqual([
      'closed',
      'this MemoryStore was closed. Close it after the last request.',
    ])
  })
})
