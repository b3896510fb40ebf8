import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import type { BanState } from '../../../../src/limits/ban.ts'
import { Pruner, PruningTimer } from '../../../../src/stores/memory/capacity/pruner.ts'
import { ClientCursor } from '../../../../src/stores/memory/client-cursor.ts'
import { emptyEntry } from '../../../../src/stores/memory/client-entry.ts'
import { MemoryStore } from '../../../../src/stores/memory/memory-store.ts'
import { FakeClock } from '../../../../src/tools/testing/fake-clock.ts'
import { chargeOf } from '../../../support/charges.ts'
import { clientsOf, fingerprintAt, indicesOf, remember } from '../known-clients.ts'

// The clock that measures a run stands still as well, so that a slow machine cuts no run short.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

/** Refusals in several slices, which make a row wider. */
function refusals(slices: number): BanState {
  const slice = (index: number) => ({ id: index, lastMs: index, units: 1 })
  return { refusals: { slices: Array.from({ length: slices }, (_, index) => slice(index)), lastId: slices } }
}

/** Clients that expire at these instants, and a new pruner. */
class Pruned {
  readonly clients = clientsOf()
  readonly pruner = new Pruner(this.clients)

  constructor(...expiries: readonly number[]) {
    remember(
      this.clients,
      expiries.map((expiresAtMs) => ({ expiresAtMs, used: 0, ban: undefined })),
    )
  }

  get left(): number[] {
    return indicesOf(this.clients, 100)
  }
}

describe('Pruner', () => {
  it('checks no more clients than it is given, continues where it stopped, and starts again', () => {
    const { pruner, clients } = new Pruned(1, 9, 1, 9, 1)
    expect([pruner.prune(5, 2), indicesOf(clients, 5)]).toEqual([1, [0, 1, 2, 3]])
    expect([pruner.prune(5, 2), indicesOf(clients, 5)]).toEqual([1, [0, 1, 3]])
    expect([pruner.prune(5, 1), indicesOf(clients, 5)]).toEqual([1, [1, 3]])
    expect([pruner.prune(9, 1), pruner.prune(9, 1)]).toEqual([1, 1])
    expect(pruner.clients).toBe(0)
  })

  it('forgets at the instant of expiry, not before', () => {
    const pruned = new Pruned(5)
    expect(pruned.pruner.prune(4, 10)).toBe(0)
    expect(pruned.pruner.prune(5, 10)).toBe(1)
    expect(pruned.left).toEqual([])
  })

  it('does nothing in an empty table, and checks the first client that is added', () => {
    const { pruner, clients } = new Pruned()
    expect(pruner.prune(1000, 1000)).toBe(0)
    remember(clients, [{ expiresAtMs: 1, used: 0, ban: undefined }])
    expect([pruner.clients, pruner.prune(1000, 1), pruner.clients]).toEqual([1, 1, 0])
  })

  it('forgets all expired clients in one pass', () => {
    const pruned = new Pruned(...Array.from({ length: 60 }, (_, index) => (index % 3 === 0 ? 1 : 9)))
    expect(pruned.pruner.prune(5, 60)).toBe(20)
    expect(pruned.left.length).toBe(40)
    expect(pruned.left.every((index) => index % 3 !== 0)).toBe(true)
  })

  it('forgets every expired client within two passes, while clients of all widths are added and removed', () => {
    type Step = { readonly expiresAtMs: number; readonly slices: number; readonly index: number } | number
    const client = fc.record({
      expiresAtMs: fc.nat({ max: 20 }),
      slices: fc.nat({ max: 9 }),
      index: fc.nat({ max: 50 }),
    })
    const step: fc.Arbitrary<Step> = fc.oneof(
      { weight: 9, arbitrary: client },
      { weight: 1, arbitrary: fc.nat({ max: 8 }) },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150, size: 'max' }), (steps) => {
        const clients = clientsOf()
        const pruner = new Pruner(clients)
        const cursor = new ClientCursor(clients)
        const expiries = new Map<number, number>()
        const expired = (): number[] => [...expiries].filter(([, ms]) => ms <= 10).map(([index]) => index)
        const forget = (): void => {
          const left = new Set(indicesOf(clients, 51))
          for (const index of expired()) if (!left.has(index)) expiries.delete(index)
          expect([...left]).toEqual([...expiries.keys()].sort((one, other) => one - other))
        }
        for (const next of steps) {
          if (typeof next === 'number') {
            const before = expiries.size
            const forgotten = pruner.prune(10, next)
            forget()
            expect(forgotten).toBe(before - expiries.size)
            expect(forgotten).toBeLessThanOrEqual(next)
          } else if (cursor.find(fingerprintAt(next.index)) && next.slices === 0) {
            cursor.remove()
            expiries.delete(next.index)
          } else {
            const { expiresAtMs, slices, index } = next
            cursor.write({ ...emptyEntry(), expiresAtMs, ban: refusals(slices) })
            expiries.set(index, expiresAtMs)
          }
        }
        pruner.prune(10, 2 * pruner.clients)
        forget()
        expect(expired()).toEqual([])
      }),
      { numRuns: 300 },
    )
  })
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

/** A pruner of so many clients, and how many it was asked to check since the last call. */
function prunerOf(clients: number, expiresAtMs: number): { pruner: Pruner; checked: () => number } {
  const known = clientsOf()
  remember(
    known,
    Array.from({ length: clients }, () => ({ expiresAtMs, used: 0, ban: undefined })),
  )
  const pruner = new Pruner(known)
  const prune: MockInstance<Pruner['prune']> = vi.spyOn(pruner, 'prune')
  const checked = (): number => {
    const sum = prune.mock.calls.reduce((total, [, most]) => total + most, 0)
    prune.mockClear()
    return sum
  }
  return { pruner, checked }
}

describe('PruningTimer', () => {
  it('has one timer from the start, and none after it was stopped', () => {
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

  it('runs after a second for the first time, and every 2 ms while there are clients to forget', () => {
    const { pruner, checked } = prunerOf(2500, 5)
    const timer = new PruningTimer([pruner], () => 5)
    vi.advanceTimersByTime(999)
    expect(checked()).toBe(0)
    const sizes = [1, 1, 1, 1, 1, 1].map((ms) => {
      vi.advanceTimersByTime(ms)
      return pruner.clients
    })
    expect(sizes).toEqual([1500, 1500, 500, 500, 0, 0])
    expect(checked()).toBe(2500)
    timer.stop()
  })

  it.each([
    [0, 1000],
    [10, 1000],
    [30_000, 1000],
    [40_000, 750],
    [60_001, 30_000 / 61],
  ])('checks %d clients, none of which has expired, in runs every %d ms', (clients, pauseMs) => {
    const { pruner, checked } = prunerOf(clients, 5)
    const timer = new PruningTimer([pruner], () => 4)
    const set = vi.spyOn(globalThis, 'setTimeout')
    for (let turn = 1; turn <= 3; turn++) {
      vi.advanceTimersToNextTimer()
      expect(checked()).toBe(clients === 0 ? 0 : 1000)
      expect(set).toHaveBeenCalledTimes(turn)
      expect(set).toHaveBeenLastCalledWith(expect.any(Function), pauseMs)
    }
    expect(pruner.clients).toBe(clients)
    timer.stop()
  })

  it('stops a run that takes longer than half a millisecond, at the next hundred clients', () => {
    const { pruner } = prunerOf(1000, 5)
    let tookMs = 0
    vi.spyOn(performance, 'now').mockImplementation(() => {
      tookMs += 0.2
      return tookMs
    })
    const timer = new PruningTimer([pruner], () => 5)
    vi.advanceTimersByTime(1000)
    // It reads the clock after 0.2, 0.4 and 0.6 ms.
    expect(pruner.clients).toBe(700)
    timer.stop()
  })

  it('checks a hundred clients in a run, however slow the machine is', () => {
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

  it('runs for each of its pruners, and again as soon as one of them needs it', () => {
    const [quiet, busy] = [prunerOf(10, 9), prunerOf(1500, 5)]
    const timer = new PruningTimer([quiet.pruner, busy.pruner], () => 5)
    vi.advanceTimersByTime(1000)
    expect([quiet.pruner.clients, busy.pruner.clients]).toEqual([10, 500])
    vi.advanceTimersByTime(2)
    expect([quiet.pruner.clients, busy.pruner.clients]).toEqual([10, 0])
    expect(quiet.checked()).toBeGreaterThanOrEqual(20)
    timer.stop()
  })
})

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
  })

  it('does a limited amount of work at a time', () => {
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
  ])('checks %d clients, none of which has expired, in %d runs a minute', (keys, times) => {
    const { store } = filled(keys)
    vi.advanceTimersByTime(1000)
    const set = vi.spyOn(globalThis, 'setTimeout')
    vi.advanceTimersByTime(60_000)
    expect(set).toHaveBeenCalledTimes(times)
    expect(store.size).toBe(keys)
  })

  it('forgets the buckets that new clients share when they have expired', () => {
    const clock = new FakeClock()
    const store = new MemoryStore({ maxKeys: 1, clock })
    const emptyBytes = store.stats().bytes
    store.block('blocked', 60_000)
    const { bytes } = store.stats()
    for (let turn = 0; turn < 200; turn++) store.consume(chargeOf(`new client ${turn}`))
    expect(store.stats().bytes).toBeGreaterThan(bytes)
    clock.advance(90_000)
    vi.advanceTimersByTime(2000)
    expect(store.stats().bytes).toBe(emptyBytes)
  })

  it('exists while the store is open, whatever happens there, and not after it was closed', () => {
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

  it('does not keep a store in memory that was dropped without being closed', async () => {
    vi.useRealTimers()
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    // Any part of the store that stays in memory, such as its pruner, holds its clock.
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
      { cwd: fileURLToPath(new URL('../../../..', import.meta.url)), timeout: 60_000 },
    )
    expect(stdout).toBe('timers that keep the process alive: 0\n')
  })
})
