import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { createRateLimiter, MemoryStore, type RateLimiter, type RateLimiterOptions } from 'express-tollgate'
import { FakeClock, FaultyStore } from 'express-tollgate/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'

/** What a client with one address is told by limiters that stand one behind the other. */
class ToldClient {
  readonly clock = new FakeClock()
  readonly limiters: RateLimiter[] = []

  add(options: RateLimiterOptions): RateLimiter {
    const limiter = createRateLimiter({ legacyHeaders: false, clock: this.clock, ...options })
    this.limiters.push(limiter)
    return limiter
  }

  /** Sends a request through all limiters until one refuses. */
  ask(method = 'GET'): { status: number; headers: Record<string, unknown> } {
    const req = new IncomingMessage(new Socket())
    req.method = method
    const res = new ServerResponse(req)
    const run = ([first, ...others]: readonly RateLimiter[]): void => first?.(req, res, () => run(others))
    run(this.limiters)
    const {
      'content-type': _type,
      'content-length': _length,
      'cache-control': _cache,
      ...headers
    } = res.getHeaders()
    return { status: res.statusCode, headers }
  }

  askTimes(count: number): void {
    for (let asked = 0; asked < count; asked++) this.ask()
  }

  async close(): Promise<void> {
    for (const limiter of this.limiters) await limiter.close()
  }
}

let client = new ToldClient()
afterEach(async () => {
  await client.close()
  vi.restoreAllMocks()
  client = new ToldClient()
})

const POLICY = '"read";q=100;w=60'

describe.each(['draft-8', 'draft-11'] as const)(
  'a client told in %s, with 100 in 60 s',
  (standardHeaders) => {
    it('learns its limit with the first request', () => {
      client.add({ read: 100, windowSec: 60, standardHeaders })
      expect(client.ask()).toEqual({
        status: 200,
        headers: { 'ratelimit-policy': POLICY, ratelimit: '"read";r=99;t=60' },
      })
    })

    it('sees units and time go, is served to the last one, and is then told when to come back', () => {
      client.add({ read: 100, windowSec: 60, standardHeaders })
      client.askTimes(40)
      client.clock.advance(42_800)
      expect(client.ask().headers.ratelimit).toBe('"read";r=59;t=18')
      client.askTimes(58)
      // The last one is served: nothing to retry.
      expect(client.ask()).toEqual({
        status: 200,
        headers: { 'ratelimit-policy': POLICY, ratelimit: '"read";r=0;t=18' },
      })
      expect(client.ask()).toEqual({
        status: 429,
        headers: { 'ratelimit-policy': POLICY, ratelimit: '"read";r=0;t=18', 'retry-after': '18' },
      })
    })

    it('is never told to come back at once', () => {
      client.add({ read: 100, windowSec: 60, standardHeaders })
      client.askTimes(100)
      client.clock.advance(59_999.6)
      expect(client.ask()).toMatchObject({
        status: 429,
        headers: { ratelimit: '"read";r=0;t=1', 'retry-after': '1' },
      })
    })

    it('is told of an odd name and of a short window', () => {
      client.add({ read: { limit: 100, name: 'a"b\\c' }, standardHeaders })
      client.add({ name: 'p', read: { limit: 10, windowSec: 0.5, name: 'p' }, standardHeaders })
      expect(client.ask().headers).toEqual({
        'ratelimit-policy': '"a\\"b\\\\c";q=100;w=60, "p";q=10;w=1',
        ratelimit: '"a\\"b\\\\c";r=99;t=60, "p";r=9;t=1',
      })
    })
  },
)

describe('a client of an hourly limit and of one for bursts', () => {
  /** 1931 s before the hour ends, with so many units of it left, and a burst of ten about to come. */
  async function arrangeHour(hourly: number, left: number): Promise<void> {
    const hour = client.add({
      name: 'hour',
      read: { limit: hourly, windowSec: 3600, name: 'hour' },
      standardHeaders: 'draft-11',
      keyGenerator: () => 'client',
    })
    await hour.consume('client', { cost: hourly - left })
    client.clock.advance(1_669_000)
    client.add({
      name: 'burst',
      read: { limit: 10, windowSec: 1, name: 'burst' },
      standardHeaders: 'draft-11',
      keyGenerator: () => 'client',
    })
    client.askTimes(10)
  }

  it('that refuses is told to wait for the burst while the hour has units left', async () => {
    await arrangeHour(1000, 823)
    expect(client.ask()).toEqual({
      status: 429,
      headers: {
        'ratelimit-policy': '"hour";q=1000;w=3600, "burst";q=10;w=1',
        ratelimit: '"hour";r=812;t=1931, "burst";r=0;t=1',
        'retry-after': '1',
      },
    })
  })

  it('is told to wait for the hour when both are empty', async () => {
    await arrangeHour(1000, 11)
    expect(client.ask()).toEqual({
      status: 429,
      headers: {
        'ratelimit-policy': '"hour";q=1000;w=3600, "burst";q=10;w=1',
        ratelimit: '"hour";r=0;t=1931, "burst";r=0;t=1',
        'retry-after': '1931',
      },
    })
  })
})

describe('a client of a token bucket', () => {
  /** Ten a minute, and four of them at once. */
  const bucket = { limit: 10, windowSec: 60, algorithm: 'token-bucket', burst: 4 } as const
  const policy = '"read";q=4;w=24'

  it('sees units go, is told when the next one is back, and is served it then', () => {
    client.add({ read: bucket, standardHeaders: 'draft-11', legacyHeaders: true, resetFormat: 'delta' })
    expect(client.ask().headers).toEqual({
      'ratelimit-policy': policy,
      // Three units come back in 18 s.
      ratelimit: '"read";r=3;t=18',
      'x-ratelimit-limit': '4',
      'x-ratelimit-remaining': '3',
      'x-ratelimit-reset': '18',
    })
    client.askTimes(2)
    expect(client.ask()).toMatchObject({ status: 200, headers: { ratelimit: '"read";r=0;t=6' } })
    client.clock.advance(2500)
    expect(client.ask()).toMatchObject({
      status: 429,
      headers: { ratelimit: '"read";r=0;t=4', 'retry-after': '4', 'x-ratelimit-remaining': '0' },
    })
    client.clock.advance(3499)
    expect(client.ask()).toMatchObject({ status: 429, headers: { 'retry-after': '1' } })
    client.clock.advance(1)
    expect(client.ask()).toMatchObject({ status: 200, headers: { ratelimit: '"read";r=0;t=6' } })
  })

  it('is told by a limiter behind the bucket to wait until the bucket would have as much again', () => {
    client.add({ name: 'first', read: { ...bucket, burst: 6 }, cost: () => 3 })
    client.add({ name: 'second', read: { limit: 1, windowSec: 1 } })
    expect(client.ask().status).toBe(200)
    // The bucket has admitted this one and is empty: its next unit is back in 6 s, and three are in 18.
    expect(client.ask()).toEqual({ status: 429, headers: { 'retry-after': '18' } })
    client.clock.advance(17_999)
    expect(client.ask()).toEqual({ status: 429, headers: { 'retry-after': '1' } })
    client.clock.advance(1)
    expect(client.ask().status).toBe(200)
  })
})

describe('a client of several limits in one limiter', () => {
  const read = [
    { limit: 10, windowSec: 1 },
    { limit: 1000, windowSec: 3600, algorithm: 'sliding-window' },
  ] as const

  it('is told of both in the drafts, and of the tighter one in single fields', () => {
    client.add({ read, standardHeaders: 'draft-11', legacyHeaders: true, resetFormat: 'delta' })
    expect(client.ask().headers).toEqual({
      'ratelimit-policy': '"read-1s";q=10;w=1, "read-1h";q=1000;w=3600',
      ratelimit: '"read-1s";r=9;t=1, "read-1h";r=999;t=3600',
      'x-ratelimit-limit': '10',
      'x-ratelimit-remaining': '9',
      'x-ratelimit-reset': '1',
    })
  })

  it('loses nothing of one for a refusal by the other', () => {
    client.add({ read, standardHeaders: 'draft-11' })
    client.askTimes(10)
    for (const _ of [1, 2]) {
      expect(client.ask()).toMatchObject({
        status: 429,
        headers: { ratelimit: '"read-1s";r=0;t=1, "read-1h";r=990;t=3600', 'retry-after': '1' },
      })
    }
  })
})

describe('a client that goes on knocking', () => {
  it('is told by the refusal that bans it when the ban ends, and no other time before', () => {
    client.add({
      read: { limit: 1, windowSec: 60 },
      ban: { after: 3, withinSec: 60, forSec: 600 },
      standardHeaders: 'draft-11',
    })
    client.askTimes(1)
    const told = Array.from({ length: 4 }, () => {
      client.clock.advance(1000)
      return client.ask()
    })
    expect(told.map(({ status }) => status)).toEqual([429, 429, 429, 429])
    expect(told.map(({ headers }) => [headers['retry-after'], headers.ratelimit])).toEqual([
      ['59', '"read";r=0;t=59'],
      ['58', '"read";r=0;t=58'],
      ['600', '"read";r=0;t=600'],
      ['599', '"read";r=0;t=599'],
    ])
    client.clock.advance(598_999)
    expect(client.ask()).toMatchObject({ status: 429, headers: { 'retry-after': '1' } })
    client.clock.advance(1)
    expect(client.ask()).toMatchObject({ status: 200, headers: { ratelimit: '"read";r=0;t=60' } })
  })
})

describe('a client that was banned for its reads', () => {
  it('is told of the ban when it writes, and the other way round', () => {
    const ban = { after: 1, withinSec: 60, forSec: 600 }
    client.add({ read: 1, write: 5, ban, standardHeaders: 'draft-11' })
    expect(client.ask('POST').status).toBe(200)
    client.askTimes(2)
    client.clock.advance(1000)
    expect(client.ask('POST')).toEqual({
      status: 429,
      headers: {
        'ratelimit-policy': '"write";q=5;w=60',
        ratelimit: '"write";r=0;t=599',
        'retry-after': '599',
      },
    })
    client.clock.advance(599_000)
    for (let turn = 0; turn < 6; turn++) client.ask('POST')
    expect(client.ask()).toMatchObject({ status: 429, headers: { 'retry-after': '600' } })
  })
})

describe('a client on a list', () => {
  // The sockets here have no address at either end, as those of clients on this machine.
  it('is told nothing but no, where it is denied', () => {
    client.add({
      denyList: ['loopback'],
      allowList: ['loopback'],
      standardHeaders: true,
      legacyHeaders: true,
    })
    expect(client.ask()).toEqual({ status: 403, headers: {} })
  })

  it('is told nothing at all, where it is allowed', () => {
    client.add({ read: 1, allowList: ['127.0.0.1'], standardHeaders: true, legacyHeaders: true })
    client.askTimes(3)
    expect(client.ask()).toEqual({ status: 200, headers: {} })
  })
})

describe('a client told in an older form', () => {
  it.each<[string, RateLimiterOptions, Record<string, string>]>([
    [
      'draft-7',
      { standardHeaders: 'draft-7' },
      { 'ratelimit-policy': '100;w=60', ratelimit: 'limit=100, remaining=59, reset=18' },
    ],
    [
      'draft-6',
      { standardHeaders: 'draft-6' },
      {
        'ratelimit-policy': '100;w=60',
        'ratelimit-limit': '100',
        'ratelimit-remaining': '59',
        'ratelimit-reset': '18',
      },
    ],
    [
      'legacy',
      { legacyHeaders: true },
      { 'x-ratelimit-limit': '100', 'x-ratelimit-remaining': '59', 'x-ratelimit-reset': '1700000018' },
    ],
    [
      'legacy with seconds to go',
      { legacyHeaders: true, resetFormat: 'delta' },
      { 'x-ratelimit-limit': '100', 'x-ratelimit-remaining': '59', 'x-ratelimit-reset': '18' },
    ],
  ])('%s', (_name, options, headers) => {
    client.clock.set(1_700_000_000_000 - 42_800)
    client.add({ read: 100, windowSec: 60, ...options })
    client.askTimes(40)
    client.clock.set(1_700_000_000_000)
    expect(client.ask()).toEqual({ status: 200, headers })
  })
})

describe('a client of a limiter whose store is down', () => {
  function addLimiterThatFails(onStoreError: 'allow' | 'deny'): void {
    vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const store = new FaultyStore(new MemoryStore({ clock: client.clock }))
    store.fail({ kind: 'throw' })
    client.add({ read: 100, store, onStoreError, standardHeaders: 'draft-11', legacyHeaders: true })
  }

  it('learns its limit and not where it stands when it is let through', () => {
    addLimiterThatFails('allow')
    expect(client.ask()).toEqual({ status: 200, headers: { 'ratelimit-policy': POLICY } })
  })

  it('learns when to come back, and not where it stands, when it is refused', () => {
    addLimiterThatFails('deny')
    const { status, headers } = client.ask()
    expect(status).toBe(503)
    expect(headers['retry-after']).toMatch(/^[1-9]\d*$/)
    expect(
      Object.keys(headers).filter((name) => !['retry-after', 'ratelimit-policy'].includes(name)),
    ).toEqual([])
  })
})
