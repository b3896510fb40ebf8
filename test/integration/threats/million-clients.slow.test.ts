import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MemoryStore } from '../../../src/index.ts'
import { FakeClock } from '../../../src/tools/testing/index.ts'
import { limitOf } from '../../support/charges.ts'

const LIMITS = [limitOf(5, { name: 'read', windowMs: 60_000, ttlMs: 90_000 })]

describe('a million clients', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('threat 19: after a million keys, the store removes expired keys and frees its memory without requests', () => {
    const clock = new FakeClock()
    const store = new MemoryStore({ clock })
    const emptyBytes = store.stats().bytes
    for (let client = 0; client < 1_000_000; client++) {
      store.consume({ key: `client ${client}`, limits: LIMITS, cost: 1 })
    }
    expect(store.size).toBe(1_000_000)
    expect(store.stats().bytes).toBeGreaterThan(30_000_000)
    clock.advance(90_000)
    vi.advanceTimersByTime(45_000)
    expect(store.size).toBe(0)
    expect(vi.getTimerCount(), 'an empty store has no timer').toBe(0)
    expect(store.stats()).toEqual({
      keys: 0,
      maxKeys: 1_000_000,
      bytes: emptyBytes,
      unexpiredEvictions: 0,
      overflowed: 0,
    })
    store.close()
  })
})
