import { describe, expect, it } from 'vitest'
import { MemoryStore } from '../../src/stores/memory/memory-store.ts'
import type { Store, StoreCapabilities } from '../../src/stores/store.ts'
import { parse, rejects } from '../support/parse.ts'
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

/** Counts by fixed windows only, and cannot give back; it can do everything else. */
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
  it('takes the memory store, and anything that can decide', () => {
    for (const store of [new MemoryStore(), new Counter(), { consume }]) {
      expect(parse({ store }).store).toBe(store)
    }
  })

  it('takes capabilities that are left out for none', () => {
    expect(() => parse({ store: { consume, capabilities: { severalLimits: true } } })).not.toThrow()
  })

  const remedy = 'Give new MemoryStore(), or an object with consume(charge).'
  rejects('invalid_option', [
    [{ store: null }, 'store', `takes a store, got null. ${remedy}`],
    [{ store: {} }, 'store', `takes a store, got {}. ${remedy}`],
    [{ store: 'redis' }, 'store', `takes a store, got 'redis'. ${remedy}`],
    [{ store: MemoryStore }, 'store', `takes a store, got the function MemoryStore. ${remedy}`],
    [{ store: { consume: true } }, 'store', `takes a store, got {"consume":true}. ${remedy}`],
    [
      { store: { increment: () => 1, decrement: () => 1 } },
      'store',
      `is a store of express-rate-limit, and cannot decide, got {}. ${remedy}`,
    ],
  ])
})

describe('the capabilities of a store', () => {
  const refunds =
    'has no refund(), which skipSuccessfulRequests and skipFailedRequests need, got {}. Leave these options out, or use another store.'
  rejects('unsupported_by_store', [
    [{ store: new Counter(), skipFailedRequests: true }, 'store', `Counter ${refunds}`],
    [{ store: new Counter(), skipSuccessfulRequests: true }, 'store', `Counter ${refunds}`],
    [{ store: { consume }, skipFailedRequests: true }, 'store', `the store ${refunds}`],
    [
      { store: Object.assign(Object.create(null), { consume }), skipFailedRequests: true },
      'store',
      `the store ${refunds}`,
    ],
  ])

  it('must include the algorithm', () => {
    const error = thrownBy(() => parse({ store: new TokenStore(), read: false, write: 5, name: 'api' }))
    expect(error).toMatchObject({ code: 'unsupported_by_store', option: 'write' })
    expect(error.message).toBe(
      "write: TokenStore does not know the algorithm fixed-window of the limit 'api-write', got 'fixed-window'. Give one of token-bucket, sliding-window, or use another store.",
    )
  })

  it('must include the algorithm of limits that a function decides on', () => {
    const error = thrownBy(() => parse({ store: new TokenStore(), read: () => 5 }))
    expect(error).toMatchObject({ code: 'unsupported_by_store', option: 'read' })
    expect(error.message).toBe(
      "read: TokenStore does not know the algorithm fixed-window of the limit 'read', got 'fixed-window'. Give one of token-bucket, sliding-window, or use another store.",
    )
  })

  it('must include the algorithm of each of several limits', () => {
    const limits = [{ limit: 5 }, { limit: 9, windowSec: 1, algorithm: 'token-bucket' }]
    const error = thrownBy(() => parse({ store: new BanningStore(), write: limits }))
    expect(error).toMatchObject({ code: 'unsupported_by_store', option: 'write', value: 'token-bucket' })
    expect(error.message).toBe(
      "write: BanningStore does not know the algorithm token-bucket of the limit 'write-1s', got 'token-bucket'. Give one of fixed-window, or use another store.",
    )
  })

  it('do not matter for classes without a limit', () => {
    expect(() => parse({ store: new TokenStore(), read: false, write: false })).not.toThrow()
  })

  const several = [{ limit: 5 }, { limit: 9, windowSec: 1 }]

  it('must include several limits where there are several', () => {
    for (const store of [new MemoryStore(), new BanningStore()]) {
      expect(() => parse({ store, read: several })).not.toThrow()
    }
    expect(() => parse({ store: new Counter(), read: several.slice(1) })).not.toThrow()
    const error = thrownBy(() => parse({ store: new Counter(), read: several }))
    expect(error).toMatchObject({ code: 'unsupported_by_store', option: 'read', value: 2 })
    expect(error.message).toBe(
      'read: Counter cannot decide several limits at once, got 2. Give one limit, or use another store.',
    )
  })

  it('must include bans where clients are banned', () => {
    const ban = { after: 5, withinSec: 60, forSec: 60 }
    for (const store of [new MemoryStore(), new BanningStore()]) {
      expect(() => parse({ store, ban })).not.toThrow()
    }
    const error = thrownBy(() => parse({ store: new Counter(), ban }))
    expect(error).toMatchObject({ code: 'unsupported_by_store', option: 'ban' })
    expect(error.message).toBe(
      'ban: Counter does not ban clients, got {"after":5,"withinSec":60,"forSec":60}. Leave it out, or use another store.',
    )
  })

  it('must include bans that were declared and can be made: a ban spreads by block()', () => {
    const { capabilities, block } = new BanningStore()
    const ban = { after: 5, withinSec: 60, forSec: 60 }
    for (const store of [
      { consume, block },
      { consume, block, capabilities: { ...capabilities, bans: false } },
      { consume, capabilities },
      { consume, capabilities, block: true },
    ]) {
      const error = thrownBy(() => parse({ store, ban }))
      expect(error).toMatchObject({ code: 'unsupported_by_store', option: 'ban' })
      expect(error.message).toContain('ban: the store does not ban clients, got {')
      expect(error.message).toMatch(/\. Leave it out, or use another store\.$/)
    }
  })

  it('are all asked for what is wanted of them, in the memory store', () => {
    const algorithms = ['fixed-window', 'sliding-window', 'token-bucket']
    const read = algorithms.map((algorithm) => ({ limit: 5, algorithm, name: algorithm }))
    const ban = { after: 5, withinSec: 60, forSec: 60 }
    expect(() => parse({ store: new MemoryStore(), read, ban, skipFailedRequests: true })).not.toThrow()
  })
})
