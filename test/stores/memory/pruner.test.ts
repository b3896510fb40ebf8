import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts'
import { Pruner } from '../../../src/stores/memory/pruner.ts'
import { FakeClock } from '../../../src/testing/fake-clock.ts'
import { chargeOf } from '../charges.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

/** Turns the store's clock and the timers together. */
function pass(clock: FakeClock, ms: number, stepMs = 10): void {
  for (let passed = 0; passed < ms; passed += stepMs) {
    clock.advance(stepMs)
    vi.advanceTimersByTime(stepMs)
  }
}

function filled(keys: number): { store: MemoryStore; clock: FakeClock } {
  const clock = new FakeClock()
  const store = new MemoryStore({ clock })
  for (let key = 0; key < keys; key++) store.consume(chargeOf(`client ${key}`))
  return { store, clock }
}

describe('Pruner', () => {
  const expiring = (...expiries: readonly number[]): Map<string, { expiresAtMs: number }> =>
    new Map(expiries.map((expiresAtMs, index) => [`key ${index}`, { expiresAtMs }]))

  it('looks at no more than it is told, goes on where it stopped, and begins again', () => {
    const entries = expiring(1, 9, 1, 9, 1)
    const pruner = new Pruner(entries, () => 5)
    expect(pruner.prune(5, 2)).toBe(1)
    expect([...entries.keys()]).toEqual(['key 1', 'key 2', 'key 3', 'key 4'])
    expect(pruner.prune(5, 2)).toBe(1)
    expect(pruner.prune(5, 2)).toBe(1)
    expect([...entries.keys()]).toEqual(['key 1', 'key 3'])
    expect(pruner.prune(9, 2)).toBe(2)
    expect(pruner.prune(9, 2)).toBe(0)
  })

  it('forgets at the instant of expiry, not before', () => {
    const entries = expiring(5)
    const pruner = new Pruner(entries, () => 0)
    expect(pruner.prune(4, 10)).toBe(0)
    expect(pruner.prune(5, 10)).toBe(1)
    expect(entries.size).toBe(0)
  })

  it('has one timer from the beginning, and none once it was stopped', () => {
    const pruner = new Pruner(expiring(1), () => 0)
    expect(vi.getTimerCount()).toBe(1)
    for (let turn = 0; turn < 5; turn++) {
      vi.advanceTimersToNextTimer()
      expect(vi.getTimerCount()).toBe(1)
    }
    pruner.stop()
    pruner.stop()
    expect(vi.getTimerCount()).toBe(0)
  })
})

// Threat 19: many keys, then silence.
describe('the timer of MemoryStore', () => {
  it('drains 100,000 keys without a request', () => {
    const { store, clock } = filled(100_000)
    expect(store.size).toBe(100_000)
    pass(clock, 89_000, 1000)
    expect(store.size).toBe(100_000)
    pass(clock, 33_000)
    expect(store.size).toBe(0)
    expect(vi.getTimerCount()).toBe(1)
  })

  it('does a bounded piece of work at a time', () => {
    const { store, clock } = filled(100_000)
    clock.advance(90_000)
    for (let step = 0; step < 500; step++) {
      const before = store.size
      vi.advanceTimersToNextTimer()
      expect(before - store.size).toBeLessThanOrEqual(1000)
      if (store.size === 0) break
    }
    expect(store.size).toBe(0)
  })

  it.each([
    [10, 60],
    [30_000, 60],
    [100_000, 200],
  ])('looks in on %d clients that are all remembered %d times in a minute', (keys, times) => {
    const { store, clock } = filled(keys)
    const look = vi.spyOn(clock, 'now')
    vi.advanceTimersByTime(1000)
    look.mockClear()
    vi.advanceTimersByTime(60_000)
    expect(look).toHaveBeenCalledTimes(times)
    expect(store.size).toBe(keys)
  })

  it('is one while the store is open, whatever happens there, and none once it is closed', () => {
    const { store, clock } = filled(0)
    expect(vi.getTimerCount()).toBe(1)
    store.consume(chargeOf('client'))
    expect(vi.getTimerCount()).toBe(1)
    pass(clock, 92_000, 100)
    expect(store.size).toBe(0)
    expect(vi.getTimerCount()).toBe(1)
    store.consume(chargeOf('client'))
    store.resetAll()
    vi.advanceTimersByTime(5000)
    expect(vi.getTimerCount()).toBe(1)
    store.close()
    expect(vi.getTimerCount()).toBe(0)
    vi.advanceTimersByTime(5000)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is never set by a charge', () => {
    const { store, clock } = filled(0)
    const set = vi.spyOn(globalThis, 'setTimeout')
    const clear = vi.spyOn(globalThis, 'clearTimeout')
    for (let turn = 0; turn < 50; turn++) {
      const charge = chargeOf(`client ${turn % 10}`)
      const { receipt } = store.consume(charge)
      store.peek(charge)
      if (receipt !== undefined) store.refund(receipt)
      clock.advance(5000)
    }
    store.reset('client 1')
    store.resetAll()
    store.consume(chargeOf('client'))
    expect(set).not.toHaveBeenCalled()
    expect(clear).not.toHaveBeenCalled()
  })

  it('goes with a store that was dropped without being closed', async () => {
    vi.useRealTimers()
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    // Its clock is held by whatever of the store lives on, its pruner above all.
    const dropped = ((): WeakRef<FakeClock> => {
      const { clock } = filled(1)
      return new WeakRef(clock)
    })()
    for (let turn = 0; turn < 20 && dropped.deref() !== undefined; turn++) {
      await new Promise((resolve) => setImmediate(resolve))
      collect()
    }
    expect(dropped.deref()).toBeUndefined()
  })

  it('keeps no process alive', async () => {
    vi.useRealTimers()
    const program = `
      import { MemoryStore } from './src/stores/memory/memory-store.ts'
      const limits = [{ name: 'a', limit: 1, windowMs: 1e9, ttlMs: 1e9, burst: 1, algorithm: 'fixed-window' }]
      new MemoryStore().consume({ key: 'client', limits, cost: 1 })
      const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout')
      console.log('timers that keep the process alive:', timers.length)
    `
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '--eval', program],
      { cwd: fileURLToPath(new URL('../../..', import.meta.url)), timeout: 15_000 },
    )
    expect(stdout).toBe('timers that keep the process alive: 0\n')
  })
})
