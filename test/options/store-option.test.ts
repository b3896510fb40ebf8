import { describe, expect, it } from 'vitest'
import { fixedPolicy } from '../../src/limits/policy.ts'
import { checkCapabilities } from '../../src/options/store-option.ts'
import { MemoryStore } from '../../src/stores/memory/memory-store.ts'
import type { Store, StoreCapabilities } from '../../src/stores/store.ts'
import { thrownBy } from '../errors/thrown-by.ts'
import { parse, rejects } from './parse.ts'

const consume: Store['consume'] = () => ({ allowed: true, retryAfterMs: 0, limits: [] })

class Counter {
  readonly consume = consume
}

class TokenStore {
  readonly consume = consume
  readonly capabilities: StoreCapabilities = {
    algorithms: ['token-bucket', 'sliding-window'],
    severalLimits: false,
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
  })

  it('do not matter for classes without a limit', () => {
    expect(() => parse({ store: new TokenStore(), read: false, write: false })).not.toThrow()
  })

  it('must include several limits where there are several', () => {
    const limit = { limit: 5, burst: 5, windowMs: 1000, ttlMs: 1000, algorithm: 'fixed-window' } as const
    const read = fixedPolicy('read', [
      { ...limit, name: 'one' },
      { ...limit, name: 'two' },
    ])
    expect(() => checkCapabilities(new MemoryStore(), { read, write: false }, false)).not.toThrow()
    const error = thrownBy(() => checkCapabilities(new Counter(), { read, write: false }, false))
    expect(error.code).toBe('unsupported_by_store')
    expect(error.message).toBe(
      'read: Counter cannot decide several limits at once, got 2. Give one limit, or use another store.',
    )
  })
})
