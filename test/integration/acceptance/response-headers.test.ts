import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { createRateLimiter, MemoryStore, type RateLimiter, type RateLimiterOptions } from 'express-tollgate'
import { FakeClock, FaultyStore } from 'express-tollgate/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'

/** A client with one address, whose requests pass several limiters one after the other. */
class LimitedClient {
  readonly clock = new FakeClock()
  readonly limiters: RateLimiter[] = []

  add(options: RateLimiterOptions): RateLimiter {
    const limiter = createRateLimiter({ legacyHeaders: false, clock: this.clock, ...options })
    this.limiters.push(limiter)
    return limiter
  }

  /**
   * Sends a request through the limiters until one of them refuses it. Returns the headers that show limits.
   */
  send(method = 'GET'): { status: number; headers: Record<string, unknown> } {
    const socket = Object.defineProperty(new Socket(), 'remoteAddress', { value: '127.0.0.1' })
    const req = new IncomingMessage(socket)
    req.method = method
    const res = new ServerResponse(req)
    const pass = ([first, ...others]: readonly RateLimiter[]): void => first?.(req, res, () => pass(others))
    pass(this.limiters)
    const {
      'content-type': _type,
      'content-length': _length,
      'cache-control': _cache,
      ...headers
    } = res.getHeaders()
    return { status: res.statusCode, headers }
  }

  sendTimes(count: number): void {
    for (let sent = 0; sent < count; sent++) this.send()
  }

  async close(): Promise<void> {
    for (const limiter of this.limiters) await limiter.close()
  }
}

let client = new LimitedClient()
afterEach(async () => {
  await client.close()
  vi.restoreAllMocks()
  client = new LimitedClient()
})

const POLICY = '"read";q=100;w=60'

describe.each(['draft-8', 'draft-11'] as const)(
  'the headers of %s for a limit of 100 in 60 s',
  (standardHeaders) => {
    it('show the limit with the first request', () => {
      client.add({ read: 100, windowSec: 60, standardHeaders })
      expect(client.send()).toEqual({
        status: 200,
        headers: { 'ratelimit-policy': POLICY, ratelimit: '"read";r=99;t=60' },
      })
    })

    it('show the units and the time left, and after the last unit when to retry', () => {
      client.add({ read: 100, windowSec: 60, standardHeaders })
      client.sendTimes(40)
      client.clock.advance(42_800)
      expect(client.send().headers.ratelimit).toBe('"read";r=59;t=18')
      client.sendTimes(58)
      // The last unit is allowed, so there is no Retry-After.
      expect(client.send()).toEqual({
        status: 200,
        headers: { 'ratelimit-policy': POLICY, ratelimit: '"read";r=0;t=18' },
      })
      expect(client.send()).toEqual({
        status: 429,
        headers: { 'ratelimit-policy': POLICY, ratelimit: '"read";r=0;t=18', 'retry-after': '18' },
      })
    })

    it('never have a time of 0 seconds', () => {
      client.add({ read: 100, windowSec: 60, standardHeaders })
      client.sendTimes(100)
      client.clock.advance(59_999.6)
      expect(client.send()).toMatchObject({
        status: 429,
        headers: { ratelimit: '"read";r=0;t=1', 'retry-after': '1' },
      })
    })

    it('show a name with quotes and a window below a second', () => {
      client.add({ read: { limit: 100, name: 'a"b\\c' }, standardHeaders })
      client.add({ name: 'p', read: { limit: 10, windowSec: 0.5, name: 'p' }, standardHeaders })
      expect(client.send().headers).toEqual({
        'ratelimit-policy': '"a\\"b\\\\c";q=100;w=60, "p";q=10;w=1',
        ratelimit: '"a\\"b\\\\c";r=99;t=60, "p";r=9;t=1',
      })
    })
  },
)

describe('the headers of a limit for an hour and a limit for a second', () => {
  /**
   * Goes to 1931 s before the end of the hour, with `left` units of its limit, and then sends ten requests.
   */
  async function useHour(hourly: number, left: number): Promise<void> {
    const hour = client.add({
      name: 'hour',
      read: { limit: hourly, windowSec: 3600, name: 'hour' },
      standardHeaders: 'draft-11',
      keyGenerator: () => 'client',
    })
    await hour.consume('client', { class: 'read', cost: hourly - left })
    client.clock.advance(1_669_000)
    client.add({
      name: 'burst',
      read: { limit: 10, windowSec: 1, name: 'burst' },
      standardHeaders: 'draft-11',
      keyGenerator: () => 'client',
    })
    client.sendTimes(10)
  }

  it('name the short limit in Retry-After while the hour has units left', async () => {
    await useHour(1000, 823)
    expect(client.send()).toEqual({
      status: 429,
      headers: {
        'ratelimit-policy': '"hour";q=1000;w=3600, "burst";q=10;w=1',
        ratelimit: '"hour";r=812;t=1931, "burst";r=0;t=1',
        'retry-after': '1',
      },
    })
  })

  it('name the hour in Retry-After if both limits are used up', async () => {
    await useHour(1000, 11)
    expect(client.send()).toEqual({
      status: 429,
      headers: {
        'ratelimit-policy': '"hour";q=1000;w=3600, "burst";q=10;w=1',
        ratelimit: '"hour";r=0;t=1931, "burst";r=0;t=1',
        'retry-after': '1931',
      },
    })
  })
})

describe('the headers of a token bucket', () => {
  /** Ten units a minute, and four at once. */
  const bucket = { limit: 10, windowSec: 60, algorithm: 'token-bucket', burst: 4 } as const
  const policy = '"read";q=4;w=24'

  it('show the units left, and the time until the next unit, which is then allowed', () => {
    client.add({ read: bucket, standardHeaders: 'draft-11', legacyHeaders: true, resetFormat: 'delta' })
    expect(client.send().headers).toEqual({
      'ratelimit-policy': policy,
      // Three units come back in 18 s.
      ratelimit: '"read";r=3;t=18',
      'x-ratelimit-limit': '4',
      'x-ratelimit-remaining': '3',
      'x-ratelimit-reset': '18',
    })
    client.sendTimes(2)
    expect(client.send()).toMatchObject({ status: 200, headers: { ratelimit: '"read";r=0;t=6' } })
    client.clock.advance(2500)
    expect(client.send()).toMatchObject({
      status: 429,
      headers: { ratelimit: '"read";r=0;t=4', 'retry-after': '4', 'x-ratelimit-remaining': '0' },
    })
    client.clock.advance(3499)
    expect(client.send()).toMatchObject({ status: 429, headers: { 'retry-after': '1' } })
    client.clock.advance(1)
    expect(client.send()).toMatchObject({ status: 200, headers: { ratelimit: '"read";r=0;t=6' } })
  })

  it('of a later limiter have the time until the bucket can allow the same cost again', () => {
    client.add({ name: 'first', read: { ...bucket, burst: 6 }, cost: () => 3 })
    client.add({ name: 'second', read: { limit: 1, windowSec: 1 } })
    expect(client.send().status).toBe(200)
    // The bucket has allowed this request and is empty. It has its next unit in 6 s, and three units in 18 s.
    expect(client.send()).toEqual({ status: 429, headers: { 'retry-after': '18' } })
    client.clock.advance(17_999)
    expect(client.send()).toEqual({ status: 429, headers: { 'retry-after': '1' } })
    client.clock.advance(1)
    expect(client.send().status).toBe(200)
  })
})

describe('the headers of several limits in one limiter', () => {
  const read = [
    { limit: 10, windowSec: 1 },
    { limit: 1000, windowSec: 3600, algorithm: 'sliding-window' },
  ] as const

  it('show both limits in the lists of the drafts, and the tighter one in single fields', () => {
    client.add({ read, standardHeaders: 'draft-11', legacyHeaders: true, resetFormat: 'delta' })
    expect(client.send().headers).toEqual({
      'ratelimit-policy': '"read-1s";q=10;w=1, "read-1h";q=1000;w=3600',
      ratelimit: '"read-1s";r=9;t=1, "read-1h";r=999;t=3600',
      'x-ratelimit-limit': '10',
      'x-ratelimit-remaining': '9',
      'x-ratelimit-reset': '1',
    })
  })

  it('show that a refusal by one limit takes no units of the other', () => {
    client.add({ read, standardHeaders: 'draft-11' })
    client.sendTimes(10)
    for (const _ of [1, 2]) {
      expect(client.send()).toMatchObject({
        status: 429,
        headers: { ratelimit: '"read-1s";r=0;t=1, "read-1h";r=990;t=3600', 'retry-after': '1' },
      })
    }
  })
})

describe('the headers for a client that is refused too often', () => {
  it('show the end of the ban from the refusal that bans it', () => {
    client.add({
      read: { limit: 1, windowSec: 60 },
      ban: { after: 3, withinSec: 60, forSec: 600 },
      standardHeaders: 'draft-11',
    })
    client.sendTimes(1)
    const responses = Array.from({ length: 4 }, () => {
      client.clock.advance(1000)
      return client.send()
    })
    expect(responses.map(({ status }) => status)).toEqual([429, 429, 429, 429])
    expect(responses.map(({ headers }) => [headers['retry-after'], headers.ratelimit])).toEqual([
      ['59', '"read";r=0;t=59'],
      ['58', '"read";r=0;t=58'],
      ['600', '"read";r=0;t=600'],
      ['599', '"read";r=0;t=599'],
    ])
    client.clock.advance(598_999)
    expect(client.send()).toMatchObject({ status: 429, headers: { 'retry-after': '1' } })
    client.clock.advance(1)
    expect(client.send()).toMatchObject({ status: 200, headers: { ratelimit: '"read";r=0;t=60' } })
  })
})

describe('the headers for a client that was banned for its reads', () => {
  it('show the ban for its writes too, and the other way round', () => {
    const ban = { after: 1, withinSec: 60, forSec: 600 }
    client.add({ read: 1, write: 5, ban, standardHeaders: 'draft-11' })
    expect(client.send('POST').status).toBe(200)
    client.sendTimes(2)
    client.clock.advance(1000)
    expect(client.send('POST')).toEqual({
      status: 429,
      headers: {
        'ratelimit-policy': '"write";q=5;w=60',
        ratelimit: '"write";r=0;t=599',
        'retry-after': '599',
      },
    })
    client.clock.advance(599_000)
    for (let sent = 0; sent < 6; sent++) client.send('POST')
    expect(client.send()).toMatchObject({ status: 429, headers: { 'retry-after': '600' } })
  })
})

describe('the headers for a client on a list', () => {
  // These sockets have no address at either end, like Unix sockets of clients on this machine.
  it('show no limits if the client is denied', () => {
    client.add({
      denyList: ['loopback'],
      allowList: ['loopback'],
      standardHeaders: true,
      legacyHeaders: true,
    })
    expect(client.send()).toEqual({ status: 403, headers: {} })
  })

  it('show no limits if the client is on the allowList', () => {
    client.add({ read: 1, allowList: ['127.0.0.1'], standardHeaders: true, legacyHeaders: true })
    client.sendTimes(3)
    expect(client.send()).toEqual({ status: 200, headers: {} })
  })
})

describe('the headers of the older formats', () => {
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
      'legacy with seconds',
      { legacyHeaders: true, resetFormat: 'delta' },
      { 'x-ratelimit-limit': '100', 'x-ratelimit-remaining': '59', 'x-ratelimit-reset': '18' },
    ],
  ])('show the limit and its state in %s', (_name, options, headers) => {
    client.clock.set(1_700_000_000_000 - 42_800)
    client.add({ read: 100, windowSec: 60, ...options })
    client.sendTimes(40)
    client.clock.set(1_700_000_000_000)
    expect(client.send()).toEqual({ status: 200, headers })
  })
})

describe('the headers of a limiter whose store fails', () => {
  function addFailingLimiter(onStoreError: 'allow' | 'deny'): void {
    vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const store = new FaultyStore(new MemoryStore({ clock: client.clock }))
    store.fail({ kind: 'throw' })
    client.add({ read: 100, store, onStoreError, standardHeaders: 'draft-11', legacyHeaders: true })
  }

  it('show the limit without its state if the request is allowed', () => {
    addFailingLimiter('allow')
    expect(client.send()).toEqual({ status: 200, headers: { 'ratelimit-policy': POLICY } })
  })

  it('show when to retry, without the state of the limit, if the request is refused', () => {
    addFailingLimiter('deny')
    const { status, headers } = client.send()
    expect(status).toBe(503)
    expect(headers['retry-after']).toMatch(/^[1-9]\d*$/)
    expect(
      Object.keys(headers).filter((name) => !['retry-after', 'ratelimit-policy'].includes(name)),
    ).toEqual([])
  })
})
