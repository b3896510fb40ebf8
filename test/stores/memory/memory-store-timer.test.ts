import { AsyncLocalStorage } from 'node:async_hooks'
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts'
import { FakeClock } from '../../../src/tools/testing/fake-clock.ts'
import { banRule, chargeOf, limitOf } from '../../support/charges.ts'

// The clock that measures a run stands still as well, so that a slow machine cuts no run short.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

/** Turns the clock of the store together with the timers. */
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

// Threat 19: many keys, then silence.
describe('the timer of MemoryStore', () => {
  it('forgets 100,000 keys without a request, and gives their memory back', () => {
    const { store, clock } = filled(100_000)
    const emptyBytes = new MemoryStore({ clock }).stats().bytes
    expect(store.size).toBe(100_000)
    pass(clock, 89_000, 1000)
    expect(store.size).toBe(100_000)
    pass(clock, 33_000)
    expect(store.size).toBe(0)
    expect(store.stats().bytes).toBe(emptyBytes)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('does a limited amount of work at a time', () => {
    const { store, clock } = filled(20_000)
    clock.advance(90_000)
    for (let step = 0; step < 500; step++) {
      const before = store.size
      vi.advanceTimersToNextTimer()
      expect(before - store.size).toBeLessThanOrEqual(1000)
      if (store.size === 0) break
    }
    expect(store.size).toBe(0)
  })

  // Threat 41: a test turns the clock by a day.
  it.each([
    ['stay', 10, 145],
    ['stay', 1000, 145],
    ['come and go', 10, 2880],
    ['expire', 1000, 3],
  ])('runs rarely in a day in which clients %s: %d of them, %d runs at most', (what, keys, mostRuns) => {
    vi.useFakeTimers()
    const store = new MemoryStore()
    const limits = [limitOf(3, what === 'stay' ? { ttlMs: 2 * 86_400_000 } : {})]
    const fill = (minute: number): void => {
      for (let key = 0; key < keys; key++) store.consume(chargeOf(`client ${key} of ${minute}`, limits))
    }
    fill(0)
    const set = vi.spyOn(globalThis, 'setTimeout')
    for (let minute = 1; minute <= 1440; minute++) {
      vi.advanceTimersByTime(60_000)
      if (what === 'come and go') fill(minute)
    }
    expect(set.mock.calls.length).toBeLessThanOrEqual(mostRuns)
    expect(store.size).toBe({ stay: keys, 'come and go': 2 * keys, expire: 0 }[what])
    store.close()
  })

  it('runs when the first client expires, but after ten minutes at the latest', () => {
    vi.useFakeTimers()
    const store = new MemoryStore()
    const set = vi.spyOn(globalThis, 'setTimeout')
    const pauses = (): unknown[] => set.mock.calls.splice(0).map(([, pauseMs]) => pauseMs)
    store.consume(chargeOf('a day', [limitOf(3, { ttlMs: 86_400_000 })]))
    vi.advanceTimersByTime(30_000)
    expect(pauses()).toEqual([30_000, 600_000])
    store.consume(chargeOf('two minutes', [limitOf(3, { ttlMs: 120_000 })]))
    vi.advanceTimersByTime(600_000)
    expect([store.size, pauses()]).toEqual([1, [30_000]])
    store.consume(chargeOf('two minutes', [limitOf(3, { ttlMs: 120_000 })]))
    vi.advanceTimersByTime(30_000)
    expect(pauses()).toEqual([90_000])
    vi.advanceTimersByTime(90_000)
    expect(store.size).toBe(1)
    store.close()
  })

  it('forgets the shared clients of the overflow when they have expired', () => {
    const clock = new FakeClock()
    const store = new MemoryStore({ maxKeys: 1, clock })
    const emptyBytes = store.stats().bytes
    store.block('blocked', 60_000)
    const { bytes } = store.stats()
    for (let turn = 0; turn < 200; turn++) store.consume(chargeOf(`new client ${turn}`))
    store.reset('blocked')
    expect([store.size, vi.getTimerCount()]).toEqual([0, 1])
    expect(store.stats().bytes).toBeGreaterThan(bytes)
    vi.advanceTimersByTime(30_000)
    expect(vi.getTimerCount(), 'there are shared clients').toBe(1)
    clock.advance(90_000)
    vi.advanceTimersByTime(90_000)
    expect(store.stats().bytes).toBe(emptyBytes)
    expect(vi.getTimerCount()).toBe(0)
  })

  it.each<[string, (store: MemoryStore) => unknown]>([
    ['consume', (store) => store.consume(chargeOf('client'))],
    ['block', (store) => store.block('client', 5000)],
    [
      'a refusal that counts towards a ban',
      (store) => store.consume(chargeOf('client', undefined, 99, banRule(2, 60_000, 60_000))),
    ],
    [
      'seedFromRemote',
      (store) => store.seedFromRemote(chargeOf('client'), store.peek(chargeOf('other client'))),
    ],
  ])('exists from the first client on: %s', (_, add) => {
    const { store, clock } = filled(0)
    store.peek(chargeOf('client'))
    store.unblock('client')
    store.reset('client')
    expect([store.size, vi.getTimerCount()]).toEqual([0, 0])
    add(store)
    expect([store.size, vi.getTimerCount()]).toEqual([1, 1])
    pass(clock, 150_000, 1000)
    expect([store.size, vi.getTimerCount()]).toEqual([0, 0])
    add(store)
    expect([store.size, vi.getTimerCount()]).toEqual([1, 1])
  })

  it('does not exist after resetAll, after close, and soon after the last client was reset', () => {
    const { store } = filled(1)
    store.resetAll()
    expect(vi.getTimerCount()).toBe(0)
    store.consume(chargeOf('client'))
    store.reset('client')
    vi.advanceTimersByTime(30_000)
    expect(vi.getTimerCount()).toBe(0)
    store.consume(chargeOf('client'))
    store.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is set once, by the first client, and by no charge of another', () => {
    const { store, clock } = filled(1)
    const set = vi.spyOn(globalThis, 'setTimeout')
    const clear = vi.spyOn(globalThis, 'clearTimeout')
    for (let turn = 0; turn < 50; turn++) {
      const charge = chargeOf(`client ${turn % 10}`)
      const { receipt } = store.consume(charge)
      store.peek(charge)
      if (receipt !== undefined) store.settle(receipt, 0)
      clock.advance(5000)
    }
    store.block('client 1', 5000)
    store.unblock('client 1')
    store.reset('client 1')
    expect(set).not.toHaveBeenCalled()
    expect(clear).not.toHaveBeenCalled()
  })
})

// A mock without an implementation returns undefined, and so does a timer of some runtimes.
describe('a timer that is undefined', () => {
  it('is set once too, until it has run', () => {
    const callbacks: (() => void)[] = []
    const set = vi.spyOn(globalThis, 'setTimeout').mockImplementation((callback) => {
      callbacks.push(callback as () => void)
      return undefined as never
    })
    const { store } = filled(100)
    expect(set).toHaveBeenCalledTimes(1)
    callbacks[0]?.()
    expect(set).toHaveBeenCalledTimes(2)
    store.consume(chargeOf('another client'))
    expect(set).toHaveBeenCalledTimes(2)
  })
})

/** Whether an object is collected, on the real clock. The timers of a store are set meanwhile. */
async function isCollected(object: WeakRef<object>): Promise<boolean> {
  vi.useRealTimers()
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let turn = 0; turn < 20 && object.deref() !== undefined; turn++) {
    await new Promise((resolve) => setImmediate(resolve))
    collect()
  }
  return object.deref() === undefined
}

describe('what the timer of MemoryStore keeps', () => {
  it('is no store that was dropped without being closed', async () => {
    vi.useRealTimers()
    // Any part of the store that stays in memory, such as its pruner, holds its clock.
    const dropped = ((): WeakRef<FakeClock> => new WeakRef(filled(1).clock))()
    expect(await isCollected(dropped)).toBe(true)
  })

  // Threat 41.
  it('is no AsyncLocalStorage context of the request that added the first client', async () => {
    vi.useRealTimers()
    const storage = new AsyncLocalStorage<object>()
    const store = new MemoryStore()
    const context = ((): WeakRef<object> => {
      const value = {}
      storage.run(value, () => store.consume(chargeOf('client')))
      return new WeakRef(value)
    })()
    expect(await isCollected(context)).toBe(true)
    expect(store.size, 'the store is still in use').toBe(1)
    store.close()
  })

  it('is no process', async () => {
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
      { cwd: fileURLToPath(new URL('../../..', import.meta.url)), timeout: 60_000 },
    )
    expect(stdout).toBe('timers that keep the process alive: 0\n')
  })
})
