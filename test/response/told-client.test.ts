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

  /** Sends a GET through all limiters until one refuses. */
  ask(): { status: number; headers: Record<string, unknown> } {
    const req = new IncomingMessage(new Socket())
    req.method = 'GET'
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
