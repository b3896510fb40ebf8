import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import type { BanState } from '../../../../src/limits/ban.ts'
import { Pruner, PruningTimer } from '../../../../src/stores/memory/capacity/pruner.ts'
import { ClientCursor } from '../../../../src/stores/memory/client-cursor.ts'
import { emptyEntry } from '../../../../src/stores/memory/client-entry.ts'
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

/** A timer that was started with so many clients, all of which expire at 5. */
function startedTimer(clients: number, nowMs: number): ReturnType<typeof prunerOf> & { timer: PruningTimer } {
  const { pruner, checked } = prunerOf(clients, 5)
  const timer = new PruningTimer([pruner], () => nowMs)
  timer.start()
  return { pruner, checked, timer }
}

describe('PruningTimer', () => {
  it('has a timer from its start until no client is left, and again when it is started again', () => {
    const { pruner } = prunerOf(1, 5)
    let nowMs = 4
    const timer = new PruningTimer([pruner], () => nowMs)
    expect(vi.getTimerCount()).toBe(0)
    timer.start()
    timer.start()
    for (let turn = 0; turn < 5; turn++) {
      expect(vi.getTimerCount()).toBe(1)
      vi.advanceTimersToNextTimer()
    }
    nowMs = 5
    vi.advanceTimersToNextTimer()
    expect([pruner.clients, vi.getTimerCount()]).toEqual([0, 0])
    timer.start()
    expect(vi.getTimerCount()).toBe(1)
  })

  it('has no timer after it was stopped, and can be started again', () => {
    const { timer } = startedTimer(1, 0)
    timer.stop()
    timer.stop()
    expect(vi.getTimerCount()).toBe(0)
    timer.start()
    expect(vi.getTimerCount()).toBe(1)
  })

  it('runs after 30 seconds for the first time, and every 2 ms while there are clients to forget', () => {
    const { pruner, checked } = startedTimer(2500, 5)
    vi.advanceTimersByTime(29_999)
    expect(checked()).toBe(0)
    const sizes = [1, 1, 1, 1, 1, 1].map((ms) => {
      vi.advanceTimersByTime(ms)
      return pruner.clients
    })
    expect(sizes).toEqual([1500, 1500, 500, 500, 0, 0])
    expect(checked()).toBe(2500)
  })

  it.each([
    [1, 2, 30_000],
    [10, 20, 30_000],
    [1000, 1000, 30_000],
    [1001, 1000, 15_000],
    [40_000, 1000, 750],
    [60_001, 1000, 30_000 / 61],
  ])('with %d clients, none of which has expired, makes %d checks every %d ms', (...row) => {
    const [clients, inRun, pauseMs] = row
    const { pruner, checked } = startedTimer(clients, 4)
    const set = vi.spyOn(globalThis, 'setTimeout')
    for (let turn = 1; turn <= 3; turn++) {
      vi.advanceTimersToNextTimer()
      expect(checked()).toBe(inRun)
      expect(set).toHaveBeenCalledTimes(turn)
      expect(set).toHaveBeenLastCalledWith(expect.any(Function), pauseMs)
    }
    expect(pruner.clients).toBe(clients)
  })

  it('makes no second run at once where the first has checked all clients', () => {
    const clients = clientsOf()
    remember(
      clients,
      [1, 9, 1, 9].map((expiresAtMs) => ({ expiresAtMs, used: 0, ban: undefined })),
    )
    new PruningTimer([new Pruner(clients)], () => 5).start()
    const set = vi.spyOn(globalThis, 'setTimeout')
    vi.advanceTimersByTime(59_999)
    expect(indicesOf(clients, 4)).toEqual([1, 3])
    expect(set.mock.calls.map(([, pauseMs]) => pauseMs)).toEqual([30_000])
  })

  it.each([
    ['stops a run that takes longer than half a millisecond, at the next hundred clients', 0.2, 700],
    ['checks a hundred clients in a run, however slow the machine is', 5000, 900],
  ])('%s', (_, stepMs, left) => {
    const { pruner } = startedTimer(1000, 5)
    let tookMs = 0
    vi.spyOn(performance, 'now').mockImplementation(() => {
      tookMs += stepMs
      return tookMs
    })
    vi.advanceTimersByTime(30_000)
    expect(pruner.clients).toBe(left)
    vi.advanceTimersByTime(2)
    expect(pruner.clients, 'the next run is not far').toBeLessThan(left)
  })

  it('runs for each of its pruners, again as soon as one of them needs it, until both are empty', () => {
    const [quiet, busy] = [prunerOf(10, 9), prunerOf(1500, 5)]
    let nowMs = 5
    new PruningTimer([quiet.pruner, busy.pruner], () => nowMs).start()
    vi.advanceTimersByTime(30_000)
    expect([quiet.pruner.clients, busy.pruner.clients]).toEqual([10, 500])
    vi.advanceTimersByTime(2)
    expect([quiet.pruner.clients, busy.pruner.clients]).toEqual([10, 0])
    expect(quiet.checked()).toBe(40)
    nowMs = 9
    vi.advanceTimersByTime(30_000)
    expect([quiet.pruner.clients, vi.getTimerCount()]).toEqual([0, 0])
  })
})
