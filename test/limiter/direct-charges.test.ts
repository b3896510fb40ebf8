import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, it } from 'vitest'
import { clientKey } from '../../src/client/client-key.ts'
import { createRateLimiter } from '../../src/create-rate-limiter.ts'
import type { BanEvent } from '../../src/events/channels.ts'
import type { ChargeOptions } from '../../src/limiter/rate-limiter.ts'
import { MemoryStore } from '../../src/stores/memory/memory-store.ts'
import { FakeClock } from '../../src/tools/testing/fake-clock.ts'
import { FaultyStore } from '../../src/tools/testing/faulty-store.ts'
import { exchange } from '../request/exchange.ts'
import { allowedDecision } from '../support/charges.ts'
import { rejectionOf } from '../support/thrown-by.ts'

const clock = new FakeClock()

describe('consume and peek', () => {
  it('charge each class apart', async () => {
    const limiter = createRateLimiter({ read: 2, write: 1, clock })
    expect(await limiter.consume('key', { class: 'read' })).toMatchObject({
      allowed: true,
      retryAfterMs: 0,
      limits: [{ name: 'read', limit: 2, remaining: 1, resetMs: 60_000 }],
    })
    expect(await limiter.consume('key', { class: 'write' })).toMatchObject({ allowed: true })
    expect(await limiter.consume('key', { class: 'write' })).toMatchObject({
      allowed: false,
      retryAfterMs: 60_000,
      limits: [{ name: 'write', remaining: 0 }],
    })
    expect(await limiter.peek('key', { class: 'read' })).toMatchObject({
      allowed: true,
      limits: [{ remaining: 1 }],
    })
    expect(await limiter.peek('key', { class: 'write' })).toMatchObject({ allowed: false })
  })

  it('need no class where one class is limited', async () => {
    for (const options of [{ read: false, write: 2 }, { write: false, read: 2 }, { limit: 2 }] as const) {
      const limiter = createRateLimiter({ ...options, clock })
      expect(await limiter.consume('key')).toMatchObject({ limits: [{ limit: 2, remaining: 1 }] })
      expect(await limiter.peek('key')).toMatchObject({ limits: [{ remaining: 1 }] })
    }
    expect(await createRateLimiter({ limit: false }).consume('key')).toMatchObject({ limits: [] })
  })

  it('take costs', async () => {
    const limiter = createRateLimiter({ read: 10, clock })
    expect(await limiter.consume('key', { class: 'read', cost: 7 })).toMatchObject({
      limits: [{ remaining: 3 }],
    })
    expect(await limiter.peek('key', { class: 'read', cost: 4 })).toMatchObject({ allowed: false })
    expect(await limiter.peek('key', { class: 'read', cost: 3 })).toMatchObject({ allowed: true })
    expect(await limiter.consume('key', { class: 'read', cost: 4 })).toMatchObject({ allowed: false })
  })

  it('find the counter of an address in every spelling', async () => {
    const limiter = createRateLimiter({ read: 100, clock })
    for (const key of ['192.0.2.1', '::ffff:192.0.2.1', '::FFFF:c000:201'])
      await limiter.consume(key, { class: 'read' })
    expect(await limiter.peek('192.0.2.1', { class: 'read' })).toMatchObject({ limits: [{ remaining: 97 }] })
    for (const key of ['2001:db8:0:12::1', '2001:DB8:0:0034::2', '2001:db8::/56'])
      await limiter.consume(key, { class: 'read' })
    expect(await limiter.peek('2001:db8::%eth0', { class: 'read' })).toMatchObject({
      limits: [{ remaining: 97 }],
    })
  })

  it('threat 39: find a client by every spelling of its address where there is a keyGenerator too', async () => {
    const limiter = createRateLimiter({ read: 100, clock, keyGenerator: () => 'user' })
    await limiter.consume('::ffff:192.0.2.1', { class: 'read' })
    expect(await limiter.peek('192.0.2.1', { class: 'read' })).toMatchObject({ limits: [{ remaining: 99 }] })
  })

  it('need the limit where a function decides it', async () => {
    const limiter = createRateLimiter({ read: () => 5, clock })
    expect(await limiter.consume('key', { class: 'read', limit: 3 })).toMatchObject({
      limits: [{ limit: 3, remaining: 2 }],
    })
    expect(await limiter.consume('key', { class: 'read', limit: 10 })).toMatchObject({
      limits: [{ limit: 10, remaining: 8 }],
    })
    expect((await rejectionOf(limiter.consume('key', { class: 'read' }))).message).toBe(
      "limit: is needed, because a function of the request decides the limit of read, and no request is here. Pass what the function would return for this client: { class: 'read', limit: 100 }.",
    )
  })

  it('take the charge from several limits together, or from none', async () => {
    const read = [{ limit: 2, windowSec: 1, algorithm: 'sliding-window' }, { limit: 3 }] as const
    const limiter = createRateLimiter({ read, clock })
    expect(await limiter.consume('key', { class: 'read', cost: 2 })).toMatchObject({
      allowed: true,
      limits: [
        { name: 'read-1s', remaining: 0 },
        { name: 'read-1m', remaining: 1 },
      ],
    })
    expect(await limiter.consume('key', { class: 'read' })).toMatchObject({
      allowed: false,
      retryAfterMs: 1000,
      limits: [
        { name: 'read-1s', remaining: 0 },
        { name: 'read-1m', remaining: 1 },
      ],
    })
    expect((await rejectionOf(limiter.consume('key', { class: 'read', cost: 3 }))).message).toBe(
      "cost: can never be admitted by the limit 'read-1s' of 2, got 3. Lower the cost, or raise the limit to at least 3.",
    )
  })

  it('take from a token bucket no more than it holds', async () => {
    const limiter = createRateLimiter({
      read: { limit: 100, algorithm: 'token-bucket', burst: 5 },
      clock,
    })
    expect((await rejectionOf(limiter.consume('key', { class: 'read', cost: 6 }))).message).toBe(
      "cost: can never be admitted by the limit 'read' of 5, got 6. Lower the cost, or raise its burst to at least 6.",
    )
    expect(await limiter.consume('key', { class: 'read', cost: 5 })).toMatchObject({
      allowed: true,
      repeatAfterMs: 3000,
    })
    expect(await limiter.consume('key', { class: 'read' })).toMatchObject({
      allowed: false,
      retryAfterMs: 600,
    })
  })

  it('allow a class that is not limited', async () => {
    const limiter = createRateLimiter({ write: false })
    const uncounted = { allowed: true, retryAfterMs: 0, limits: [] }
    expect(await limiter.consume('key', { class: 'write' })).toEqual(uncounted)
    expect(await limiter.peek('key', { class: 'write' })).toEqual(uncounted)
  })

  it.each<readonly [key: unknown, options: unknown, code: string, message: string]>([
    ['', {}, 'invalid_option', "key: takes a client key, got ''. Give a string that is not empty."],
    [
      undefined,
      {},
      'invalid_option',
      'key: takes a client key, got undefined. Give a string that is not empty.',
    ],
    [42, {}, 'invalid_option', 'key: takes a client key, got 42. Give a string that is not empty.'],
    [
      '203.0.113.0/24',
      {},
      'invalid_option',
      "key: is a network of more than one client, got '203.0.113.0/24'. Give the address of a client. To refuse a network, put it on the denyList.",
    ],
    [
      'a',
      { class: 'reads' },
      'invalid_option',
      "class: takes a class of requests, got 'reads'. Give 'read' or 'write'.",
    ],
    [
      'a',
      { clas: 'read' },
      'unknown_option',
      `clas: is not an option, got 'read'. Did you mean 'class'? Write class, or leave it out.`,
    ],
    ...[
      [0, '0'],
      [1.5, '1.5'],
      [-1, '-1'],
      ['1', "'1'"],
      [null, 'null'],
      [Number.NaN, 'NaN'],
    ].map(
      ([cost, shown]) =>
        [
          'a',
          { cost },
          'invalid_option',
          `cost: takes a whole number, got ${shown}. Give a number from 1 to 999999999999999, without quotes.`,
        ] as const,
    ),
    [
      'a',
      { class: 'read', limit: 3 },
      'invalid_option',
      'limit: is for a limit that a function decides, and no function decides the limit of read, got 3. Leave it out.',
    ],
    [
      'a',
      { class: 'write', limit: 3 },
      'invalid_option',
      'limit: is for a limit that a function decides, and no function decides the limit of write, got 3. Leave it out.',
    ],
    [
      'a',
      { class: 'read', cost: 6 },
      'cost_above_capacity',
      "cost: can never be admitted by the limit 'read' of 5, got 6. Lower the cost, or raise the limit to at least 6.",
    ],
    [
      'a',
      null,
      'invalid_option',
      'options: takes an object of options, got null. Give an object; it may have class, plan, cost, limit.',
    ],
    [
      'a',
      { plan: 'free' },
      'invalid_option',
      "plan: is for a limiter with the option plans, got 'free'. Leave it out.",
    ],
    [
      'a',
      {},
      'invalid_option',
      "class: is needed, because reads and writes have limits of their own, got undefined. Give 'read' or 'write'.",
    ],
    [
      'a',
      { class: 'any' },
      'invalid_option',
      "class: is needed, because reads and writes have limits of their own, got 'any'. Give 'read' or 'write'.",
    ],
  ])('refuse %o with %o', async (key, options, code, message) => {
    const limiter = createRateLimiter({ read: 5 })
    for (const verb of ['consume', 'peek'] as const) {
      const error = await rejectionOf(limiter[verb](key as string, options as ChargeOptions))
      expect(error).toMatchObject({ code, message })
    }
  })
})

describe('refusals of direct charges', () => {
  const ban = { after: 2, withinSec: 60, forSec: 600 }

  it('start a ban in both classes, as refusals of requests do', async () => {
    const limiter = createRateLimiter({ read: 1, write: 5, ban, clock })
    await limiter.consume('key', { class: 'read' })
    const first = await limiter.consume('key', { class: 'read' })
    expect(first).toMatchObject({ allowed: false, retryAfterMs: 60_000 })
    expect(first).not.toHaveProperty('ban')
    expect(await limiter.consume('key', { class: 'read' })).toMatchObject({
      allowed: false,
      retryAfterMs: 600_000,
      limits: [{ name: 'read', limit: 1, remaining: 0, resetMs: 600_000 }],
      ban: { endsInMs: 600_000, isNew: true },
    })
    expect(await limiter.consume('key', { class: 'write' })).toMatchObject({
      allowed: false,
      retryAfterMs: 600_000,
      ban: { endsInMs: 600_000, isNew: false },
    })
    expect(await limiter.consume('other', { class: 'read' })).toMatchObject({ allowed: true })
  })

  it('do not count while peeking', async () => {
    const limiter = createRateLimiter({ read: 1, ban, clock })
    await limiter.consume('key', { class: 'read' })
    for (const _ of [1, 2, 3]) expect(await limiter.peek('key', { class: 'read' })).not.toHaveProperty('ban')
    await limiter.consume('key', { class: 'read' })
    expect(await limiter.consume('key', { class: 'read' })).toHaveProperty('ban')
    expect(await limiter.peek('key', { class: 'read' })).toMatchObject({
      ban: { endsInMs: 600_000, isNew: false },
    })
  })
})

describe('block and unblock', () => {
  it('ban a client in both classes under every spelling, and no other client', async () => {
    const limiter = createRateLimiter({ clock })
    await limiter.block('::ffff:192.0.2.1', 1.5)
    for (const requestClass of ['read', 'write'] as const) {
      for (const verb of ['consume', 'peek'] as const) {
        expect(await limiter[verb]('192.0.2.1', { class: requestClass })).toMatchObject({
          allowed: false,
          retryAfterMs: 1500,
          limits: [{ remaining: 0, resetMs: 1500 }],
          ban: { endsInMs: 1500, isNew: false },
        })
      }
    }
    expect(await limiter.consume('192.0.2.2', { class: 'read' })).toMatchObject({ allowed: true })
    await limiter.unblock('::FFFF:c000:201')
    expect(await limiter.consume('192.0.2.1', { class: 'read' })).toMatchObject({
      allowed: true,
      limits: [{ remaining: 999 }],
    })
    expect(await limiter.consume('192.0.2.1', { class: 'write' })).toMatchObject({ allowed: true })
  })

  it('replace and end any kind of ban, and give no units back', async () => {
    const limiter = createRateLimiter({ read: 1, ban: { after: 1, withinSec: 60, forSec: 600 }, clock })
    await limiter.consume('key', { class: 'read' })
    await limiter.consume('key', { class: 'read' })
    await limiter.block('key', 30)
    expect(await limiter.peek('key', { class: 'read' })).toMatchObject({
      ban: { endsInMs: 30_000 },
      retryAfterMs: 60_000,
    })
    await limiter.unblock('key')
    const peeked = await limiter.peek('key', { class: 'read' })
    expect(peeked).toMatchObject({ allowed: false, retryAfterMs: 60_000, limits: [{ remaining: 0 }] })
    expect(peeked).not.toHaveProperty('ban')
  })

  it('leave a class without a limit open', async () => {
    const limiter = createRateLimiter({ read: false, clock })
    await limiter.block('key', 60)
    expect(await limiter.consume('key', { class: 'read' })).toEqual({
      allowed: true,
      retryAfterMs: 0,
      limits: [],
    })
    expect(await limiter.consume('key', { class: 'write' })).toMatchObject({ allowed: false })
  })

  const range = 'Give a number from 0.001 to 3155760000, without quotes.'
  it.each([
    [0, '0'],
    [-1, '-1'],
    [0.0001, '0.0001'],
    ['60', "'60'"],
    [undefined, 'undefined'],
    [null, 'null'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [3_155_760_001, '3155760001'],
  ])('take no seconds such as %o', async (seconds, shown) => {
    const error = await rejectionOf(createRateLimiter().block('key', seconds as number))
    expect(error).toMatchObject({ code: 'invalid_option', option: 'seconds', value: seconds })
    expect(error.message).toBe(`seconds: takes a number of seconds, got ${shown}. ${range}`)
  })

  it.each([
    ['', "''"],
    [undefined, 'undefined'],
    [42, '42'],
  ])('take no key such as %o', async (key, shown) => {
    const limiter = createRateLimiter()
    for (const asked of [limiter.block(key as string, 60), limiter.unblock(key as string)]) {
      const error = await rejectionOf(asked)
      expect(error).toMatchObject({ code: 'invalid_option', option: 'key' })
      expect(error.message).toBe(`key: takes a client key, got ${shown}. Give a string that is not empty.`)
    }
  })
})

describe('an address with a port or in brackets', () => {
  it.each([
    ['198.51.100.9:80', '198.51.100.9'],
    ['[2001:db8::1]', '2001:db8::1'],
    [' [2001:db8::1]:443 ', '2001:db8::1'],
    ['[::ffff:198.51.100.9]:80', '198.51.100.9'],
  ])('%s finds the client, with and without a keyGenerator', async (spelling, address) => {
    for (const generator of [undefined, () => address, () => clientKey(address)]) {
      let outcome = ''
      const options = generator === undefined ? {} : { keyGenerator: generator }
      const handler = (): void => {
        outcome = 'refused'
      }
      const limiter = createRateLimiter({ clock, ...options, handler })
      const send = (): string => {
        const { req, res } = exchange('GET', address)
        limiter(req, res, () => {
          outcome = 'passed'
        })
        return outcome
      }
      await limiter.block(spelling, 60)
      expect(send()).toBe('refused')
      expect(await limiter.peek(spelling, { class: 'read' })).toMatchObject({ allowed: false })
      await limiter.unblock(spelling)
      expect(send()).toBe('passed')
      await limiter.close()
    }
  })

  it('is no network: a network is an error that names the denyList', async () => {
    for (const verb of ['block', 'unblock', 'reset'] as const) {
      const error = await rejectionOf(createRateLimiter()[verb]('10.0.0.0/8', 60))
      expect(error.message).toBe(
        "key: is a network of more than one client, got '10.0.0.0/8'. Give the address of a client. To refuse a network, put it on the denyList.",
      )
    }
  })
})

describe('threat 39: a limiter with a keyGenerator', () => {
  const spellings = ['2001:db8::1', '2001:DB8:0:0::2', '2001:db8::/56']

  it.each(spellings)('that returns clientKey(req.ip) finds the client by %s', async (spelling) => {
    const limiter = createRateLimiter({ read: 5, clock, keyGenerator: () => clientKey('2001:db8::1') })
    await limiter.block(spelling, 60)
    expect(await limiter.peek('2001:db8::1', { class: 'read' })).toMatchObject({ allowed: false })
    await limiter.unblock(spelling)
    await limiter.consume(spelling, { class: 'read' })
    expect(await limiter.peek('2001:db8::1', { class: 'read' })).toMatchObject({ limits: [{ remaining: 4 }] })
    await limiter.reset(spelling)
    expect(await limiter.peek('2001:db8::1', { class: 'read' })).toMatchObject({ limits: [{ remaining: 5 }] })
  })

  it.each(['2001:db8::1', '2001:DB8:0::1'])(
    'that returns an IPv6 address as text can block and reset the client by %s',
    async (spelling) => {
      const store = new MemoryStore({ clock })
      const outcomes: string[] = []
      const limiter = createRateLimiter({
        read: 5,
        store,
        clock,
        keyGenerator: () => '2001:db8:0:0::1',
        handler: () => outcomes.push('refused'),
      })
      const send = (): void => {
        const { req, res } = exchange()
        limiter(req, res, () => outcomes.push('passed'))
      }
      await limiter.block(spelling, 60)
      send()
      await limiter.unblock(spelling)
      send()
      expect(outcomes).toEqual(['refused', 'passed'])
      await limiter.reset(spelling)
      expect(store.size).toBe(0)
    },
  )

  it.each(['127.0.0.1', '::ffff:127.0.0.1', '::FFFF:7f00:1'])(
    'that returns req.ip on a server that listens on IPv4 and IPv6 finds an IPv4 client by %s',
    async (spelling) => {
      const keyGenerator = (): string => '::ffff:127.0.0.1'
      let outcome: unknown
      const handler = (): void => {
        outcome = 'refused'
      }
      const limiter = createRateLimiter({ read: 5, clock, keyGenerator, handler })
      const left = (): unknown => {
        const { req, res } = exchange()
        limiter(req, res, () => {
          outcome = res.getHeader('X-RateLimit-Remaining')
        })
        return outcome
      }
      expect(left()).toBe('4')
      expect(await limiter.peek(spelling, { class: 'read' })).toMatchObject({ limits: [{ remaining: 4 }] })
      expect(await limiter.consume(spelling, { class: 'read' })).toMatchObject({ limits: [{ remaining: 3 }] })
      expect(left()).toBe('2')
      await limiter.block(spelling, 60)
      expect(left()).toBe('refused')
      await limiter.unblock(spelling)
      await limiter.reset(spelling)
      expect(left()).toBe('4')
    },
  )

  it('takes a network of several clients as a key', async () => {
    const limiter = createRateLimiter({ read: 5, clock, keyGenerator: () => '203.0.113.0/24' })
    await limiter.block('203.0.113.0/24', 60)
    expect(await limiter.peek('203.0.113.0/24', { class: 'read' })).toMatchObject({ allowed: false })
  })

  it('publishes one event for a ban under two keys', async () => {
    const keys: string[] = []
    const record = (event: unknown): void => void keys.push((event as BanEvent).key)
    subscribe('express-tollgate:ban', record)
    const limiter = createRateLimiter({ read: 5, clock, keyGenerator: () => 'user' })
    await limiter.block('2001:db8::1', 60)
    unsubscribe('express-tollgate:ban', record)
    expect(keys).toEqual(['2001:db8::/56'])
  })
})

describe('reset and resetAll', () => {
  it('forget a client in both classes, under every spelling, and no other client', async () => {
    const limiter = createRateLimiter({ read: 1, write: 1, clock })
    for (const key of ['192.0.2.1', '192.0.2.2']) {
      await limiter.consume(key, { class: 'read' })
      await limiter.consume(key, { class: 'write' })
    }
    await limiter.reset('::ffff:192.0.2.1')
    expect(await limiter.peek('192.0.2.1', { class: 'read' })).toMatchObject({ allowed: true })
    expect(await limiter.peek('192.0.2.1', { class: 'write' })).toMatchObject({ allowed: true })
    expect(await limiter.peek('192.0.2.2', { class: 'read' })).toMatchObject({ allowed: false })
    await limiter.resetAll()
    expect(await limiter.peek('192.0.2.2', { class: 'read' })).toMatchObject({ allowed: true })
    expect((await rejectionOf(limiter.reset(''))).message).toBe(
      "key: takes a client key, got ''. Give a string that is not empty.",
    )
  })

  it('ends the ban of a client too', async () => {
    const limiter = createRateLimiter({ read: 1, clock })
    await limiter.consume('key', { class: 'read' })
    await limiter.block('key', 60)
    await limiter.reset('key')
    expect(await limiter.peek('key', { class: 'read' })).toEqual({
      allowed: true,
      retryAfterMs: 0,
      limits: [{ name: 'read', limit: 1, remaining: 1, resetMs: 60_000 }],
    })
    expect(await limiter.peek('key', { class: 'write' })).toMatchObject({ allowed: true })
  })
})

describe('a store that lacks a method', () => {
  class Counter {
    readonly consume = (): ReturnType<typeof allowedDecision> => ({
      ...allowedDecision(),
      limits: [{ name: 'read', limit: 5, remaining: 4, resetMs: 1 }],
    })
  }

  it.each([
    ['peek', new Counter(), 'Counter'],
    ['reset', new Counter(), 'Counter'],
    ['resetAll', new Counter(), 'Counter'],
    ['block', new Counter(), 'Counter'],
    ['unblock', new Counter(), 'Counter'],
    ['block', { ...new Counter() }, 'the store'],
    ['peek', { ...new Counter() }, 'the store'],
  ] as const)('cannot %s', async (method, store, name) => {
    const limiter = createRateLimiter({ store })
    expect(await limiter.consume('key', { class: 'read' })).toMatchObject({ allowed: true })
    const error = await rejectionOf(method === 'block' ? limiter.block('key', 60) : limiter[method]('key'))
    expect(error.code).toBe('unsupported_by_store')
    expect(error.message).toBe(
      `${name} has no ${method}(). Add ${method}() to the store, or do not call limiter.${method}().`,
    )
  })
})

describe('a store that fails', () => {
  function onBadDay(onStoreError: 'memory' | 'allow' | 'deny'): ReturnType<typeof createRateLimiter> {
    const store = new FaultyStore(new MemoryStore({ clock }))
    store.fail({ kind: 'reject' })
    return createRateLimiter({ read: 1, store, onStoreError, clock })
  }

  it('is replaced by local counters with onStoreError: memory', async () => {
    const limiter = onBadDay('memory')
    expect(await limiter.consume('key', { class: 'read' })).toMatchObject({
      allowed: true,
      limits: [{ remaining: 0 }],
    })
    expect(await limiter.peek('key', { class: 'read' })).toMatchObject({ allowed: false })
    expect(await limiter.consume('key', { class: 'read' })).toMatchObject({ allowed: false })
  })

  it('counts no client with onStoreError: allow', async () => {
    const limiter = onBadDay('allow')
    const uncounted = { allowed: true, retryAfterMs: 0, limits: [] }
    for (let turn = 0; turn < 3; turn++)
      expect(await limiter.consume('key', { class: 'read' })).toEqual(uncounted)
    expect(await limiter.peek('key', { class: 'read' })).toEqual(uncounted)
  })

  it('makes reset and block fail with every onStoreError', async () => {
    for (const onStoreError of ['memory', 'allow', 'deny'] as const) {
      const limiter = onBadDay(onStoreError)
      for (const write of [
        () => limiter.reset('key'),
        () => limiter.resetAll(),
        () => limiter.block('key', 60),
        () => limiter.unblock('key'),
      ]) {
        expect(await rejectionOf(write())).toMatchObject({
          code: 'store_failed',
          // After the fifth failure in a row, the circuit breaker is open.
          message: expect.stringMatching(
            /^the (store failed|circuit breaker is open, .*): The store is down\. Look/,
          ),
        })
      }
    }
  })

  it('causes an error with onStoreError: deny', async () => {
    const limiter = onBadDay('deny')
    for (const verb of ['consume', 'peek'] as const) {
      expect(await rejectionOf(limiter[verb]('key', { class: 'read' }))).toMatchObject({
        code: 'store_failed',
        message: 'the store failed: The store is down. Look at the store and its logs.',
      })
    }
  })
})

describe('a limiter that was closed', () => {
  it('does not charge any more, and leaves a given store open', async () => {
    const store = new MemoryStore({ clock })
    const limiter = createRateLimiter({ name: 'api', store })
    await limiter.consume('key', { class: 'read' })
    await limiter.close()
    await limiter.close()
    for (const verb of ['consume', 'peek'] as const) {
      const error = await rejectionOf(limiter[verb]('key'))
      expect(error.code).toBe('closed')
      expect(error.message).toBe("the limiter 'api' was closed. Close it after the last request.")
    }
    expect(store.size).toBe(1)
  })

  it('does not reset or ban clients any more', async () => {
    const store = new MemoryStore({ clock })
    const limiter = createRateLimiter({ name: 'api', store })
    await limiter.consume('key', { class: 'read' })
    await limiter.close()
    for (const write of [
      () => limiter.reset('key'),
      () => limiter.resetAll(),
      () => limiter.block('other', 60),
      () => limiter.unblock('key'),
    ]) {
      const error = await rejectionOf(write())
      expect(error.code).toBe('closed')
      expect(error.message).toBe("the limiter 'api' was closed. Close it after the last request.")
    }
    expect(store.size).toBe(1)
  })
})
