import {
  MemoryStore as MemoryStoreOfExpressRateLimit,
  type Store as StoreOfExpressRateLimit,
} from 'express-rate-limit'
import fc from 'fast-check'
import { MemcachedStore } from 'rate-limit-memcached'
import { RedisStore } from 'rate-limit-redis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Store } from '../../../src/index.ts'
import { createRateLimiter, MemoryStore } from '../../../src/index.ts'
import type { Decision } from '../../../src/limits/decision.ts'
import type { Limit } from '../../../src/limits/limit.ts'
import {
  type CallbackStore,
  type CountingStore,
  fromExpressRateLimitStore,
} from '../../../src/stores/express-rate-limit/index.ts'
import { FakeClock } from '../../../src/tools/testing/index.ts'
import { rejectionOf, thrownBy } from '../../support/thrown-by.ts'
import { readDatesFrom, readDatesFromSystem } from './memory-store-on-clock.ts'

const WINDOW_MS = 60_000

const LIMIT: Limit = {
  name: 'some',
  limit: 2,
  burst: 2,
  windowMs: WINDOW_MS,
  ttlMs: 90_000,
  algorithm: 'fixed-window',
}

let clock: FakeClock
beforeEach(() => {
  clock = new FakeClock()
  readDatesFrom(clock)
})
afterEach(readDatesFromSystem)

/** A store of express-rate-limit that notes its calls, and answers what a test says. */
class ScriptedStore implements CountingStore {
  readonly calls: [name: string, argument: unknown][] = []
  answer: unknown = { totalHits: 1, resetTime: undefined }
  init(options: { readonly windowMs: number }): unknown {
    this.calls.push(['init', options])
    return undefined
  }
  async increment(key: string): Promise<never> {
    this.calls.push(['increment', key])
    return this.answer as never
  }
  decrement(key: string): void {
    this.calls.push(['decrement', key])
  }
  resetKey(key: string): void {
    this.calls.push(['resetKey', key])
  }
  get(key: string): never {
    this.calls.push(['get', key])
    return this.answer as never
  }
}

const charge = async (store: Store, limit = LIMIT): Promise<Decision> =>
  store.consume({ key: 'api:any:ann', limits: [limit], cost: 1 })

const peek = async (store: Store): Promise<Decision | undefined> =>
  store.peek?.({ key: 'api:any:ann', limits: [LIMIT], cost: 1 })

describe('fromExpressRateLimitStore', () => {
  it('takes the types of the stores of npm', () => {
    const stores: readonly StoreOfExpressRateLimit[] = [
      new RedisStore({ sendCommand: async () => 'digest' }),
      new MemcachedStore({
        client: Object.fromEntries(
          ['get', 'set', 'add', 'del', 'incr', 'decr'].map((name) => [name, () => undefined]),
        ) as never,
      }),
    ]
    for (const store of stores) expect(fromExpressRateLimitStore(store).consume).toBeTypeOf('function')
  })

  it.each([undefined, null, {}, new MemoryStore(), { increment: () => undefined }])('rejects %o', (given) => {
    const error = thrownBy(() => fromExpressRateLimitStore(given as never))
    expect(error).toMatchObject({ code: 'invalid_option', option: 'store' })
    expect(error.message).toMatch(/^store: takes a store of express-rate-limit, got /)
    expect(error.remedy).toBe(
      'Give an object with increment(key) or incr(key, callback), decrement(key) and resetKey(key).',
    )
  })

  it('has peek, resetAll and close only as far as the store has them', async () => {
    const { increment, decrement, resetKey } = new ScriptedStore()
    const least = fromExpressRateLimitStore({ increment, decrement, resetKey })
    expect([least.peek, least.resetAll]).toEqual([undefined, undefined])
    await least.close?.()
    const ended: string[] = []
    const whole = Object.assign(new ScriptedStore(), {
      resetAll: () => ended.push('resetAll'),
      shutdown: () => ended.push('shutdown'),
    })
    const store = fromExpressRateLimitStore(whole)
    await store.resetAll?.()
    await store.close?.()
    await store.close?.()
    expect(ended).toEqual(['resetAll', 'shutdown'])
    expect(await rejectionOf(charge(store))).toMatchObject({ code: 'closed' })
  })

  it('says whether the counters are in this process only', () => {
    const isShared = (localKeys?: boolean): boolean | undefined =>
      fromExpressRateLimitStore(Object.assign(new ScriptedStore(), { localKeys })).capabilities?.shared
    expect([isShared(), isShared(false), isShared(true)]).toEqual([true, true, false])
  })
})

describe('a decision', () => {
  it.each([
    [1, 40_000, { allowed: true, retryAfterMs: 0, remaining: 1, resetMs: 40_000 }],
    [2, 40_000, { allowed: true, retryAfterMs: 0, remaining: 0, resetMs: 40_000 }],
    [3, 40_000, { allowed: false, retryAfterMs: 40_000, remaining: 0, resetMs: 40_000 }],
    // A store without a time: the window is over after a whole window at the latest.
    [3, undefined, { allowed: false, retryAfterMs: WINDOW_MS, remaining: 0, resetMs: WINDOW_MS }],
    [3, Number.NaN, { allowed: false, retryAfterMs: WINDOW_MS, remaining: 0, resetMs: WINDOW_MS }],
    // The clock of the store goes before or after that of this process.
    [3, 3_600_000, { allowed: false, retryAfterMs: WINDOW_MS, remaining: 0, resetMs: WINDOW_MS }],
    [3, -5000, { allowed: false, retryAfterMs: 1, remaining: 0, resetMs: 1 }],
    // A refund that came too late has made the counter negative.
    [-4, 40_000, { allowed: true, retryAfterMs: 0, remaining: 1, resetMs: 40_000 }],
  ])('after %s hits, %s ms before the end', async (totalHits, endsInMs, expected) => {
    const counter = new ScriptedStore()
    const resetTime = endsInMs === undefined ? undefined : new Date(clock.now() + endsInMs)
    counter.answer = { totalHits, resetTime }
    const { allowed, retryAfterMs, limits } = await charge(fromExpressRateLimitStore(counter))
    const [state] = limits
    expect({ allowed, retryAfterMs, remaining: state?.remaining, resetMs: state?.resetMs }).toEqual(expected)
    expect(state).toMatchObject({ name: 'some', limit: 2 })
  })

  it.each([undefined, {}, { totalHits: '3' }, { totalHits: Number.NaN }, { totalHits: 1.5 }])(
    'is an error where the store answers %o',
    async (answer) => {
      const counter = new ScriptedStore()
      counter.answer = answer
      await expect(charge(fromExpressRateLimitStore(counter))).rejects.toThrow(/^it answered totalHits /)
    },
  )

  it('of peek() counts no hit, and knows clients without hits', async () => {
    const counter = new ScriptedStore()
    const store = fromExpressRateLimitStore(counter)
    const fresh = {
      allowed: true,
      retryAfterMs: 0,
      limits: [{ name: 'some', limit: 2, remaining: 2, resetMs: WINDOW_MS }],
    }
    counter.answer = undefined
    expect(await peek(store)).toEqual(fresh)
    // What rate-limit-redis answers.
    counter.answer = { totalHits: Number.NaN, resetTime: new Date(clock.now() - 2) }
    expect(await peek(store)).toEqual(fresh)
    counter.answer = { totalHits: 9, resetTime: new Date(clock.now()) }
    expect(await peek(store)).toEqual(fresh)
    counter.answer = { totalHits: 1, resetTime: new Date(clock.now() + 7) }
    expect(await peek(store)).toMatchObject({ allowed: true, limits: [{ remaining: 1, resetMs: 7 }] })
    counter.answer = { totalHits: 2, resetTime: new Date(clock.now() + 7) }
    expect(await peek(store)).toMatchObject({ allowed: false, retryAfterMs: 7, limits: [{ remaining: 0 }] })
    expect(counter.calls.filter(([name]) => name === 'increment')).toEqual([])
  })
})

describe('the memory store of express-rate-limit', () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.constant('charge' as const) },
    { weight: 1, arbitrary: fc.nat(20).map((index) => ({ refund: index })) },
    { weight: 1, arbitrary: fc.nat(WINDOW_MS / 2).map((ms) => ({ advance: ms })) },
  )

  it('keeps at most the limit in each window, and lets a client in that has waited', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
        const store = fromExpressRateLimitStore(new MemoryStoreOfExpressRateLimit())
        const receipts: { receipt: object; windowEndsAtMs: number }[] = []
        let [kept, endsAtMs] = [0, Number.NEGATIVE_INFINITY]
        for (const one of steps) {
          if (one === 'charge') {
            const { allowed, retryAfterMs, receipt } = await charge(store)
            if (clock.now() >= endsAtMs) [kept, endsAtMs] = [0, clock.now() + WINDOW_MS]
            expect(retryAfterMs).toBe(allowed ? 0 : endsAtMs - clock.now())
            if (!allowed) continue
            kept++
            receipts.push({ receipt: receipt ?? {}, windowEndsAtMs: endsAtMs })
            expect(kept).toBeLessThanOrEqual(LIMIT.limit)
          } else if ('advance' in one) {
            clock.advance(one.advance)
          } else {
            const [taken] = receipts.splice(one.refund % Math.max(1, receipts.length), 1)
            if (taken === undefined) continue
            const recorded = await store.settle?.(taken.receipt, 0)
            // A hit is taken back in its own window only.
            if (clock.now() >= taken.windowEndsAtMs) expect(recorded).toBe(1)
            if (recorded === 0) kept--
          }
        }
        clock.advance(WINDOW_MS)
        expect(await charge(store)).toMatchObject({ allowed: true })
        await store.close?.()
      }),
    )
  })
})

describe('keys', () => {
  it('are short, and plain ASCII', async () => {
    const counter = new ScriptedStore()
    const store = fromExpressRateLimitStore(counter)
    await store.consume({ key: 'api:any:a b', limits: [LIMIT], cost: 1 })
    await store.reset?.('api:any:\u00e9')
    await store.consume({ key: 'k'.repeat(1000), limits: [LIMIT], cost: 1 })
    expect(counter.calls.slice(1)).toEqual([
      ['increment', 'api:any:a%0020b'],
      ['resetKey', 'api:any:%00e9'],
      ['increment', expect.stringMatching(/^#[\w-]{43}$/)],
    ])
  })
})

describe('the start of the store', () => {
  it('happens when the limiter is created, with the window', async () => {
    const counter = new ScriptedStore()
    const store = fromExpressRateLimitStore(counter)
    createRateLimiter({ limit: 5, windowSec: 900, store })
    expect(counter.calls).toEqual([['init', { windowMs: 900_000 }]])
    await store.ready?.()
    createRateLimiter({ limit: 7, windowSec: 900, store, name: 'other' })
    await store.ready?.()
    expect(counter.calls).toHaveLength(1)
  })

  it('is waited for, and is tried again after a failure', async () => {
    let isUp = false
    class DownAtFirst extends ScriptedStore {
      override async init(options: { readonly windowMs: number }): Promise<void> {
        super.init(options)
        if (!isUp) throw new Error('the server is down')
      }
    }
    const counter = new DownAtFirst()
    const store = fromExpressRateLimitStore(counter)
    store.prepare?.([LIMIT])
    await expect(store.ready?.()).rejects.toThrow('the server is down')
    await expect(charge(store)).rejects.toThrow('the server is down')
    isUp = true
    expect(await charge(store)).toMatchObject({ allowed: true })
    expect(counter.calls.map(([name]) => name)).toEqual(['init', 'init', 'init', 'increment'])
  })

  it('counts no charge that the limiter has decided without it meanwhile', async () => {
    const counter = new ScriptedStore()
    const store = fromExpressRateLimitStore(counter)
    const abandoned = { key: 'k', limits: [LIMIT], cost: 1, isAbandoned: true }
    await expect(store.consume(abandoned)).rejects.toThrow('the store was ready too late')
    expect(counter.calls).toEqual([['init', { windowMs: WINDOW_MS }]])
  })
})

describe('a refund', () => {
  const refundable = async (answer: unknown): Promise<[ScriptedStore, Store, object]> => {
    const counter = new ScriptedStore()
    counter.answer = answer
    const store = fromExpressRateLimitStore(counter)
    const { receipt } = await charge(store)
    counter.calls.length = 0
    return [counter, store, receipt ?? {}]
  }
  const DECREMENT = ['decrement', 'api:any:ann']
  const endsIn = (ms: number): unknown => ({ totalHits: 1, resetTime: new Date(clock.now() + ms) })

  it('takes one hit back, once', async () => {
    const [counter, store, receipt] = await refundable(endsIn(WINDOW_MS))
    expect(await store.settle?.(receipt, 1)).toBe(1)
    expect(await Promise.all([0, 0, 1].map((cost) => store.settle?.(receipt, cost)))).toEqual([0, 0, 0])
    expect(counter.calls).toEqual([DECREMENT])
  })

  it('is not possible for a receipt of another store, or to more than one unit', async () => {
    const [, , receipt] = await refundable(endsIn(WINDOW_MS))
    const [counter, store, own] = await refundable(endsIn(WINDOW_MS))
    expect(await store.settle?.(receipt, 0)).toBe(0)
    expect(await store.settle?.({}, 0)).toBe(0)
    expect(await rejectionOf(Promise.resolve(store.settle?.(own, 2)))).toMatchObject({
      code: 'unsupported_by_store',
    })
    expect(counter.calls).toEqual([])
  })

  it.each([
    [WINDOW_MS, 59_899, 59_900],
    // A tenth of a window that is shorter than a second.
    [500, 449, 450],
  ])('is not sent at the end of a window of %s ms', async (windowMs, lastMs, tooLateMs) => {
    for (const [atMs, calls] of [
      [lastMs, [DECREMENT]],
      [tooLateMs, []],
    ] as const) {
      const counter = new ScriptedStore()
      counter.answer = endsIn(windowMs)
      const store = fromExpressRateLimitStore(counter)
      const { receipt } = await charge(store, { ...LIMIT, windowMs })
      counter.calls.length = 0
      clock.advance(atMs)
      expect(await store.settle?.(receipt ?? {}, 0)).toBe(calls.length === 0 ? 1 : 0)
      expect(counter.calls).toEqual(calls)
    }
  })

  it('is possible for a window where the store does not say when it ends', async () => {
    const [counter, store, receipt] = await refundable({ totalHits: 1, resetTime: undefined })
    clock.advance(WINDOW_MS - 101)
    expect(await store.settle?.(receipt, 0)).toBe(0)
    expect(counter.calls).toEqual([DECREMENT])
  })

  it('needs a receipt, which a refusal and a charge that is not refundable do not have', async () => {
    const counter = new ScriptedStore()
    const store = fromExpressRateLimitStore(counter)
    const kept = await store.consume({ key: 'k', limits: [LIMIT], cost: 1, refundable: false })
    counter.answer = { totalHits: 3, resetTime: undefined }
    expect([kept.receipt, (await charge(store)).receipt]).toEqual([undefined, undefined])
  })
})

describe('a store with a callback', () => {
  class OldStore implements CallbackStore {
    hits = 0
    error: Error | undefined
    incr(_key: string, callback: Parameters<CallbackStore['incr']>[1]): void {
      this.hits++
      setImmediate(() => callback(this.error, this.hits, new Date(clock.now() + 9000)))
    }
    decrement(): void {
      this.hits--
    }
    resetKey(): void {
      this.hits = 0
    }
  }

  it('counts', async () => {
    const counter = new OldStore()
    const store = fromExpressRateLimitStore(counter)
    const decisions = [await charge(store), await charge(store), await charge(store)]
    expect(decisions.map(({ allowed }) => allowed)).toEqual([true, true, false])
    expect(decisions[2]?.retryAfterMs).toBe(9000)
    await store.reset?.('api:any:ann')
    const { allowed, receipt } = await charge(store)
    expect(allowed).toBe(true)
    await store.settle?.(receipt ?? {}, 0)
    expect(counter.hits).toBe(0)
  })

  it('fails with its error', async () => {
    const counter = new OldStore()
    counter.error = new Error('no connection')
    await expect(charge(fromExpressRateLimitStore(counter))).rejects.toThrow('no connection')
  })

  it('is called by increment if it has both', async () => {
    const both = Object.assign(new ScriptedStore(), { incr: () => expect.unreachable() })
    expect(await charge(fromExpressRateLimitStore(both))).toMatchObject({ allowed: true })
  })
})

describe('a limiter that needs more than the store can do', () => {
  const limiterWith = (options: object, store = fromExpressRateLimitStore(new ScriptedStore())): unknown =>
    createRateLimiter({ limit: 5, store, ...options })

  it.each<[object, string]>([
    [
      { limit: [{ limit: 5 }, { limit: 50, windowSec: 3600 }] },
      'limit: ExpressRateLimitStore does not support several limits, got 2. Give one limit, or use another store.',
    ],
    [
      { limit: { limit: 5, algorithm: 'sliding-window' } },
      "limit: ExpressRateLimitStore does not support the algorithm sliding-window of the limit 'any', got 'sliding-window'. Give one of fixed-window, or use another store.",
    ],
    [
      { ban: { after: 3, withinSec: 60, forSec: 600 } },
      'ban: ExpressRateLimitStore does not support bans, got {"after":3,"withinSec":60,"forSec":600}. Leave it out, or use another store.',
    ],
    [
      { settles: true },
      'settles: ExpressRateLimitStore counts charges of one unit only, got true. Leave it out, or use another store.',
    ],
    [
      { cost: () => 2 },
      'cost: ExpressRateLimitStore counts charges of one unit only, got the function cost. Leave it out, or use another store.',
    ],
    [
      { limit: { limit: 5, windowSec: 900 } },
      "windowSec: must be the same for all limits, because a store of express-rate-limit has one window: 'any' has 900 s, 'preflight' has 60 s. Give windowSec once, beside the limits, or use another store.",
    ],
  ])('is an error: %o', (options, message) => {
    const error = thrownBy(() => limiterWith(options))
    expect(error.message).toBe(message)
    expect(error.code).toBe('unsupported_by_store')
  })

  it('is an error if another limiter has another window', async () => {
    const store = fromExpressRateLimitStore(new ScriptedStore())
    limiterWith({ windowSec: 900 }, store)
    const error = thrownBy(() => limiterWith({ windowSec: 60, name: 'other' }, store))
    expect(error).toMatchObject({ code: 'unsupported_by_store', option: 'windowSec', value: 60 })
    expect(error.message).toBe(
      'windowSec: must be 900, because this store of express-rate-limit counts by that window already, got 60. Give windowSec: 900, or make a store for each window.',
    )
    expect(await rejectionOf(charge(store))).toMatchObject({ code: 'unsupported_by_store' })
  })

  it('is no error if its limits have one window, whatever else they are', () => {
    const plans = { free: { limit: 5 }, pro: { read: 100, write: () => 7 } }
    const options = { limit: undefined, windowSec: 900, plans, plan: () => 'free', preflight: 9 }
    expect(() => limiterWith({ ...options, skipFailedRequests: true })).not.toThrow()
  })

  it('is an error of the call if only the call needs more', async () => {
    const limiter = createRateLimiter({ limit: 5, store: fromExpressRateLimitStore(new ScriptedStore()) })
    expect(await rejectionOf(limiter.consume('ann', { cost: 2 }))).toMatchObject({
      code: 'unsupported_by_store',
    })
    const { receipt } = await limiter.consume('ann')
    expect(await rejectionOf(limiter.settle(receipt, 2))).toMatchObject({ code: 'unsupported_by_store' })
    expect(limiter.health()).toMatchObject({ state: 'closed', lastError: undefined })
    await limiter.refund(receipt)
    expect(await rejectionOf(limiter.block('ann', 9))).toMatchObject({ code: 'unsupported_by_store' })
  })
})
