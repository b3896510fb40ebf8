import { MemoryStore as MemoryStoreOfExpressRateLimit } from 'express-rate-limit'
import { RedisStore as RedisStoreOfRateLimitRedis } from 'rate-limit-redis'
import { describe, expect, it } from 'vitest'
import { MemoryLeases } from '../../src/stores/leases/memory-leases.ts'
import { MemoryStore } from '../../src/stores/memory/memory-store.ts'
import type { Store, StoreCapabilities } from '../../src/stores/store.ts'
import { settingsOf, testRejections } from '../support/parsed-settings.ts'
import { thrownBy } from '../support/thrown-by.ts'

const consume: Store['consume'] = () => ({ allowed: true, retryAfterMs: 0, limits: [] })

class Counter {
  readonly consume = consume
}

class TokenStore {
  readonly consume = consume
  readonly capabilities: StoreCapabilities = {
    algorithms: ['token-bucket', 'sliding-window'],
    severalLimits: false,
    bans: false,
    shared: true,
  }
}

/** Has every capability but refunds and algorithms other than the fixed window. */
class BanningStore {
  readonly consume = consume
  readonly block = (): void => undefined
  readonly unblock = (): void => undefined
  readonly capabilities: StoreCapabilities = {
    algorithms: ['fixed-window'],
    severalLimits: true,
    bans: true,
    shared: true,
  }
}

describe('store', () => {
  it('accepts the memory store and any object with consume', () => {
    for (const store of [new MemoryStore(), new Counter(), { consume }]) {
      expect(settingsOf({ store }).store).toBe(store)
    }
  })

  it('can leave out capabilities, and then does not have them', () => {
    expect(() => settingsOf({ store: { consume, capabilities: { severalLimits: true } } })).not.toThrow()
  })

  const adapted = "fromExpressRateLimitStore(store) of 'express-tollgate/express-rate-limit-store'"
  const remedy = 'Give new MemoryStore(), or an object with consume(charge).'
  testRejections('invalid_option', [
    [{ store: null }, 'store', `takes a store, got null. ${remedy}`],
    [{ store: {} }, 'store', `takes a store, got {}. ${remedy}`],
    [{ store: 'redis' }, 'store', `takes a store, got 'redis'. ${remedy}`],
    [{ store: MemoryStore }, 'store', `takes a store, got the function MemoryStore. ${remedy}`],
    [{ store: { consume: true } }, 'store', `takes a store, got {"consume":true}. ${remedy}`],
    [
      { store: { increment: () => 1, decrement: () => 1 } },
      'store',
      `is a store of express-rate-limit, which cannot decide on charges, got {}. Give ${adapted}.`,
    ],
    [
      { store: { incr: () => 1 } },
      'store',
      `is a store of express-rate-limit, which cannot decide on charges, got {}. Give ${adapted}.`,
    ],
  ])

  it('names RedisStore if it is the store of rate-limit-redis', () => {
    const store = new RedisStoreOfRateLimitRedis({ sendCommand: async () => 'digest' })
    const { message } = thrownBy(() => settingsOf({ store }))
    expect(message).toMatch(/^store: is a store of express-rate-limit, which cannot decide on charges, got /)
    const remedy = `Give new RedisStore({ client }) of 'express-tollgate/redis', or ${adapted}, which can do less.`
    expect(message.endsWith(` ${remedy}`)).toBe(true)
  })

  it.each(['evalsha', 'evalSha'])('names RedisStore if it is a client of Redis, with %s', (command) => {
    const client = { [command]: () => undefined, incr: () => undefined, options: { password: 'hunter2' } }
    const { message } = thrownBy(() => settingsOf({ store: client as never }))
    expect(message).toMatch(/^store: is a client of Redis, and takes a store, got /)
    expect(message).toContain("Give new RedisStore({ client }) of 'express-tollgate/redis'.")
    expect(message).not.toContain('hunter2')
  })

  it('says that the memory store of express-rate-limit is not needed', () => {
    const { remedy } = thrownBy(() => settingsOf({ store: new MemoryStoreOfExpressRateLimit() }))
    expect(remedy).toBe(`Leave it out: counters are in memory by default. Or give ${adapted}.`)
  })
})

describe('the capabilities of a store', () => {
  const refundsBy = (value: string): string =>
    `has no settle(), which skipSuccessfulRequests and skipFailedRequests need, got ${value}. Leave these options out, or use another store.`
  testRejections('unsupported_by_store', [
    [{ store: new Counter(), skipFailedRequests: true }, 'store', `Counter ${refundsBy('a Counter')}`],
    [{ store: new Counter(), skipSuccessfulRequests: true }, 'store', `Counter ${refundsBy('a Counter')}`],
    [{ store: { consume }, skipFailedRequests: true }, 'store', `the store ${refundsBy('{}')}`],
    [
      { store: Object.assign(Object.create(null), { consume }), skipFailedRequests: true },
      'store',
      `the store ${refundsBy('{}')}`,
    ],
  ])

  it('must be those of a store that counts charges', () => {
    const error = thrownBy(() => settingsOf({ store: new MemoryLeases(), limit: 5 }))
    expect(error).toMatchObject({ code: 'unsupported_by_store', option: 'store' })
    expect(error.message).toMatch(/^store: MemoryLeases counts requests in flight, and no charges/)
    expect(error.remedy).toBe('Give it to createConcurrencyLimiter(), or use another store.')
  })

  it('must include the algorithm', () => {
    const error = thrownBy(() => settingsOf({ store: new TokenStore(), read: false, write: 5, name: 'api' }))
    expect(error).toMatchObject({ code: 'unsupported_by_store', option: 'write' })
    expect(error.message).toBe(
      "write: TokenStore does not support the algorithm fixed-window of the limit 'api-write', got 'fixed-window'. Give one of token-bucket, sliding-window, or use another store.",
    )
  })

  it('must include the algorithm of a limit that a function decides', () => {
    const error = thrownBy(() => settingsOf({ store: new TokenStore(), read: () => 5 }))
    expect(error).toMatchObject({ code: 'unsupported_by_store', option: 'read' })
    expect(error.message).toBe(
      "read: TokenStore does not support the algorithm fixed-window of the limit 'read', got 'fixed-window'. Give one of token-bucket, sliding-window, or use another store.",
    )
  })

  it('must include the algorithm of each of several limits', () => {
    const limits = [{ limit: 5 }, { limit: 9, windowSec: 1, algorithm: 'token-bucket' }]
    const error = thrownBy(() => settingsOf({ store: new BanningStore(), write: limits }))
    expect(error).toMatchObject({ code: 'unsupported_by_store', option: 'write', value: 'token-bucket' })
    expect(error.message).toBe(
      "write: BanningStore does not support the algorithm token-bucket of the limit 'write-1s', got 'token-bucket'. Give one of fixed-window, or use another store.",
    )
  })

  it('must include calendar windows for a limit with per', () => {
    const plans = { free: { limit: { limit: 5, per: 'month' } } }
    const error = thrownBy(() => settingsOf({ store: new BanningStore(), plans, plan: () => 'free' }))
    expect(error).toMatchObject({ code: 'unsupported_by_store', option: 'plans.free.limit', value: 'month' })
    expect(error.message).toBe(
      "plans.free.limit: BanningStore does not support calendar windows, and the limit 'any' has per, got 'month'. Give windowSec instead of per, or use another store.",
    )
  })

  it('are not needed for classes without a limit', () => {
    expect(() => settingsOf({ store: new TokenStore(), read: false, write: false })).not.toThrow()
  })

  const several = [{ limit: 5 }, { limit: 9, windowSec: 1 }]

  it('must include several limits if a class has several', () => {
    for (const store of [new MemoryStore(), new BanningStore()]) {
      expect(() => settingsOf({ store, read: several })).not.toThrow()
    }
    expect(() => settingsOf({ store: new Counter(), read: several.slice(1) })).not.toThrow()
    const error = thrownBy(() => settingsOf({ store: new Counter(), read: several }))
    expect(error).toMatchObject({ code: 'unsupported_by_store', option: 'read', value: 2 })
    expect(error.message).toBe(
      'read: Counter does not support several limits, got 2. Give one limit, or use another store.',
    )
  })

  it('must include bans if the option ban is given', () => {
    const ban = { after: 5, withinSec: 60, forSec: 60 }
    for (const store of [new MemoryStore(), new BanningStore()]) {
      expect(() => settingsOf({ store, ban })).not.toThrow()
    }
    const error = thrownBy(() => settingsOf({ store: new Counter(), ban }))
    expect(error).toMatchObject({ code: 'unsupported_by_store', option: 'ban' })
    expect(error.message).toBe(
      'ban: Counter does not support bans, got {"after":5,"withinSec":60,"forSec":60}. Leave it out, or use another store.',
    )
  })

  it('must include bans and the method block(), by which a ban is extended to both classes', () => {
    const { capabilities, block } = new BanningStore()
    const ban = { after: 5, withinSec: 60, forSec: 60 }
    for (const store of [
      { consume, block },
      { consume, block, capabilities: { ...capabilities, bans: false } },
      { consume, capabilities },
      { consume, capabilities, block: true },
    ]) {
      const error = thrownBy(() => settingsOf({ store, ban }))
      expect(error).toMatchObject({ code: 'unsupported_by_store', option: 'ban' })
      expect(error.message).toContain('ban: the store does not support bans, got {')
      expect(error.message).toMatch(/\. Leave it out, or use another store\.$/)
    }
  })

  it('of the memory store are enough for every option', () => {
    const algorithms = ['fixed-window', 'sliding-window', 'token-bucket']
    const read = algorithms.map((algorithm) => ({ limit: 5, algorithm, name: algorithm }))
    const ban = { after: 5, withinSec: 60, forSec: 60 }
    expect(() => settingsOf({ store: new MemoryStore(), read, ban, skipFailedRequests: true })).not.toThrow()
  })
})
