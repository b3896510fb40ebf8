import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRateLimiter, type LimitSetting, MemoryStore, type RateLimiter } from '../../../src/index.ts'
import { FakeClock } from '../../../src/tools/testing/index.ts'

const MOST = 1000
const NEW_CLIENTS = 2000

/** The recipe for a login: 5 guesses in a quarter of an hour, and 20 a day. */
const LOGIN: readonly LimitSetting<unknown>[] = [
  { name: 'quarter', limit: 5, windowSec: 900 },
  { name: 'day', limit: 20, windowSec: 86_400 },
]

describe('threat 36: a table that is full of clients that were limited hours ago', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  interface Setting {
    readonly read: LimitSetting<unknown> | readonly LimitSetting<unknown>[]
    readonly ttlSec?: number
  }

  class FullTable {
    readonly clock = new FakeClock()
    readonly store = new MemoryStore({ maxKeys: MOST, clock: this.clock })
    readonly limiter: RateLimiter

    constructor({ read, ttlSec }: Setting) {
      const { store, clock } = this
      this.limiter = createRateLimiter({
        read,
        write: false,
        store,
        clock,
        ...(ttlSec && { ttlSec }),
      } as never)
    }

    /** Each of many clients is refused once. */
    async fill(): Promise<void> {
      for (let client = 0; client < MOST; client++) {
        while ((await this.limiter.consume(`old ${client}`, { class: 'read' })).allowed);
      }
    }

    /** How many new clients are allowed with their first request. */
    async allowed(): Promise<number> {
      let allowed = 0
      for (let client = 0; client < NEW_CLIENTS; client++) {
        if ((await this.limiter.consume(`new ${client}`, { class: 'read' })).allowed) allowed++
      }
      return allowed
    }
  }

  it.each<[string, Setting, number]>([
    ['an honest burst, with a long ttlSec', { read: { limit: 3, windowSec: 60 }, ttlSec: 86_400 }, 60],
    ['a sliding window', { read: { limit: 3, algorithm: 'sliding-window' }, ttlSec: 7200 }, 60],
    ['a token bucket', { read: { limit: 3, algorithm: 'token-bucket' }, ttlSec: 7200 }, 20],
    ['the recipe for a login', { read: LOGIN }, 900],
  ])('allows all new clients after %s', async (_what, setting, passedSec) => {
    const full = new FullTable(setting)
    await full.fill()
    expect(full.store.size).toBe(MOST)
    full.clock.advance(passedSec * 1000)
    expect(await full.allowed()).toBe(NEW_CLIENTS)
    expect(full.store.stats()).toMatchObject({ keys: MOST, unexpiredEvictions: NEW_CLIENTS, overflowed: 0 })
    full.store.close()
  })

  it.each<[string, Setting, number, number]>([
    ['a window that is open', { read: { limit: 3, windowSec: 60 }, ttlSec: 86_400 }, 59, 3],
    ['the day of the recipe for a login', { read: [{ limit: 5, windowSec: 86_400 }] }, 86_000, 5],
  ])('turns new clients to the overflow during %s', async (_what, setting, passedSec, quota) => {
    const full = new FullTable(setting)
    await full.fill()
    full.clock.advance(passedSec * 1000)
    expect(await full.allowed()).toBe(64 * quota)
    for (let client = 0; client < MOST; client++) {
      expect((await full.limiter.peek(`old ${client}`, { class: 'read' })).allowed).toBe(false)
    }
    full.store.close()
  })

  it('keeps clients whose last charge was refused because it costs more than they have left', async () => {
    const clock = new FakeClock()
    const store = new MemoryStore({ maxKeys: MOST, clock })
    const limiter = createRateLimiter({ read: 10, write: false, store, clock })
    for (let client = 0; client < MOST; client++) {
      await limiter.consume(`old ${client}`, { class: 'read', cost: 8 })
      expect((await limiter.consume(`old ${client}`, { class: 'read', cost: 3 })).allowed).toBe(false)
    }
    // Each of these looks for a victim among 256 of the clients.
    for (let client = 0; client < 500; client++) await limiter.consume(`new ${client}`, { class: 'read' })
    expect(store.stats().unexpiredEvictions).toBe(0)
    store.close()
  })

  it('measures each client by its own amount, where a function gives amounts', () => {
    const clock = new FakeClock()
    const store = new MemoryStore({ maxKeys: 16, clock })
    const limitsOf = (limit: number) => [
      {
        name: 'read',
        limit,
        burst: limit,
        windowMs: 60_000,
        ttlMs: 90_000,
        algorithm: 'fixed-window' as const,
      },
    ]
    const [small, large] = [limitsOf(5), limitsOf(1000)]
    for (let client = 0; client < 8; client++)
      store.consume({ key: `small ${client}`, limits: small, cost: 5 })
    for (let client = 0; client < 100; client++) {
      store.consume({ key: `large ${client}`, limits: large, cost: 500 })
    }
    for (let client = 0; client < 8; client++) {
      expect(store.peek({ key: `small ${client}`, limits: small, cost: 1 }).allowed).toBe(false)
    }
    expect(store.stats().overflowed).toBe(0)
    store.close()
  })
})
