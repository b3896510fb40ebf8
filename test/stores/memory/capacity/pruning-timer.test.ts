import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import { Pruner } from '../../../../src/stores/memory/capacity/pruner.ts'
import { PruningTimer } from '../../../../src/stores/memory/capacity/pruning-timer.ts'
import { MemoryStore } from '../../../../src/stores/memory/memory-store.ts'
import { FakeClock } from '../../../../src/tools/testing/fake-clock.ts'
import { chargeOf } from '../../../support/charges.ts'
import { clientsOf, remember } from '../known-clients.ts'

// The time that a go takes stands still as well, so that no go is cut short by a slow machine.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

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

/** A pruner over so many clients, and the number that it looked at. */
function prunerOf(clients: number, expiresAtMs: number): { pruner: Pruner; lookedAt: () => number } {
  const known = clientsOf()
  remember(
    known,
    Array.from({ length: clients }, () => ({ expiresAtMs, fullness: 0, ban: undefined })),
  )
  const pruner = new Pruner(known)
  const prune: MockInstance<Pruner['prune']> = vi.spyOn(pruner, 'prune')
  const lookedAt = (): number => {
    const sum = prune.mock.calls.reduce((looked, [, most]) => looked + most, 0)
    prune.mockClear()
    return sum
  }
  return { pruner, lookedAt }
}

describe('PruningTimer', () => {
  it('has one timer from the beginning, and none once it was stopped', () => {
    const timer = new PruningTimer([prunerOf(1, 5).pruner], () => 0)
    expect(vi.getTimerCount()).toBe(1)
    for (let turn = 0; turn < 5; turn++) {
      vi.advanceTimersToNextTimer()
      expect(vi.getTimerCount()).toBe(1)
    }
    timer.stop()
    timer.stop()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('goes after a second for the first time, and each 2 ms while there is something to forget', () => {
    const { pruner, lookedAt } = prunerOf(2500, 5)
    const timer = new PruningTimer([pruner], () => 5)
    vi.advanceTimersByTime(999)
    expect(lookedAt()).toBe(0)
    const sizes = [1, 1, 1, 1, 1, 1].map((ms) => {
      vi.advanceTimersByTime(ms)
      return pruner.clients
    })
    expect(sizes).toEqual([1500, 1500, 500, 500, 0, 0])
    expect(lookedAt()).toBe(2500)
    timer.stop()
  })

  it.each([
    [0, 1000],
    [10, 1000],
    [30_000, 1000],
    [40_000, 750],
    [60_001, 30_000 / 61],
  ])('goes over %d clients that are all remembered every %d ms', (clients, pauseMs) => {
    const { pruner, lookedAt } = prunerOf(clients, 5)
    const timer = new PruningTimer([pruner], () => 4)
    const set = vi.spyOn(globalThis, 'setTimeout')
    for (let turn = 1; turn <= 3; turn++) {
      vi.advanceTimersToNextTimer()
      expect(lookedAt()).toBe(clients === 0 ? 0 : 1000)
      expect(set).toHaveBeenCalledTimes(turn)
      expect(set).toHaveBeenLastCalledWith(expect.any(Function), pauseMs)
    }
    expect(pruner.clients).toBe(clients)
    timer.stop()
  })

  it('stops a go that takes longer than half a millisecond, at a hundred looked at', () => {
    const { pruner } = prunerOf(1000, 5)
    let tookMs = 0
    vi.spyOn(performance, 'now').mockImplementation(() => {
      tookMs += 0.2
      return tookMs
    })
    const timer = new PruningTimer([pruner], () => 5)
    vi.advanceTimersByTime(1000)
    // Looked at after 0.2, 0.4 and 0.6 ms.
    expect(pruner.clients).toBe(700)
    timer.stop()
  })

  it('looks at a hundred however slow the machine is', () => {
    const { pruner } = prunerOf(1000, 5)
    let tookMs = 0
    vi.spyOn(performance, 'now').mockImplementation(() => {
      tookMs += 5000
      return tookMs
    })
    const timer = new PruningTimer([pruner], () => 5)
    vi.advanceTimersByTime(1000)
    expect(pruner.clients).toBe(900)
    timer.stop()
  })

  it('goes over each of its tables, and again as soon as one of them asks for it', () => {
    const [quiet, busy] = [prunerOf(10, 9), prunerOf(1500, 5)]
    const timer = new PruningTimer([quiet.pruner, busy.pruner], () => 5)
    vi.advanceTimersByTime(1000)
    expect([quiet.pruner.clients, busy.pruner.clients]).toEqual([10, 500])
    vi.advanceTimersByTime(2)
    expect([quiet.pruner.clients, busy.pruner.clients]).toEqual([10, 0])
    expect(quiet.lookedAt()).toBeGreaterThanOrEqual(20)
    timer.stop()
  })
})

// Threat 19: many keys, then silence.
describe('the timer of MemoryStore', () => {
  it('drains 100,000 keys without a request, and gives their memory back', () => {
    const { store, clock } = filled(100_000)
    const emptyBytes = new MemoryStore({ clock }).stats().bytes
    expect(store.size).toBe(100_000)
    pass(clock, 89_000, 1000)
    expect(store.size).toBe(100_000)
    pass(clock, 33_000)
    expect(store.size).toBe(0)
    expect(store.stats().bytes).toBe(emptyBytes)
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
    const { store } = filled(keys)
    vi.advanceTimersByTime(1000)
    const set = vi.spyOn(globalThis, 'setTimeout')
    vi.advanceTimersByTime(60_000)
    expect(set).toHaveBeenCalledTimes(times)
    expect(store.size).toBe(keys)
  })

  it('forgets what newcomers share once that has expired', () => {
    const clock = new FakeClock()
    const store = new MemoryStore({ maxKeys: 1, clock })
    const emptyBytes = store.stats().bytes
    store.block('blocked', 60_000)
    const { bytes } = store.stats()
    for (let turn = 0; turn < 200; turn++) store.consume(chargeOf(`newcomer ${turn}`))
    expect(store.stats().bytes).toBeGreaterThan(bytes)
    clock.advance(90_000)
    vi.advanceTimersByTime(2000)
    expect(store.stats().bytes).toBe(emptyBytes)
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
    store.block('client 1', 5000)
    store.unblock('client 1')
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
      { cwd: fileURLToPath(new URL('../../../..', import.meta.url)), timeout: 15_000 },
    )
    expect(stdout).toBe('timers that keep the process alive: 0\n')
  })
})
