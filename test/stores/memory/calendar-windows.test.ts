import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Limit } from '../../../src/limits/limit.ts'
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts'
import { FakeClock } from '../../../src/tools/testing/fake-clock.ts'
import { chargeOf } from '../../support/charges.ts'
import { calendarLimit, fixedWindowLimit } from '../../support/limits-by-algorithm.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

describe('calendar windows of a MemoryStore', () => {
  let store: MemoryStore
  beforeEach(() => {
    vi.useFakeTimers({ now: Date.parse('2026-02-27T22:00:00Z') })
    store = new MemoryStore()
  })
  afterEach(() => {
    store.close()
    vi.useRealTimers()
  })

  /** Whether a charge is allowed, what remains, and the hours until the window ends. */
  function charge(limits: readonly Limit[], cost = 1, key = 'client'): [boolean, number, number] {
    const { allowed, limits: states } = store.consume(chargeOf(key, limits, cost))
    const { remaining = -1, resetMs = -1 } = states[0] ?? {}
    return [allowed, remaining, resetMs / HOUR_MS]
  }

  it('end by the wall time', () => {
    const limits = [calendarLimit(3, 'month', 'Europe/Berlin')]
    expect(charge(limits, 2)).toEqual([true, 1, 25])
    expect(charge(limits, 2)).toEqual([false, 1, 25])
    vi.advanceTimersByTime(25 * HOUR_MS - 1)
    expect(charge(limits, 2)[0]).toBe(false)
    vi.advanceTimersByTime(1)
    // Until 1 April, 0:00 in Berlin, where daylight-saving time has begun.
    expect(charge(limits, 2)).toEqual([true, 1, 31 * 24 - 1])
  })

  it('follow a wall clock that is set, also where the monotonic clock of the store does not', () => {
    const limits = [calendarLimit(1, 'day')]
    expect(charge(limits)).toEqual([true, 0, 2])
    vi.setSystemTime(Date.parse('2026-02-27T23:30:00Z'))
    expect(charge(limits)).toEqual([false, 0, 0.5])
    vi.setSystemTime(Date.parse('2026-02-28T00:00:00Z'))
    expect(charge(limits)).toEqual([true, 0, 24])
  })

  it('give no units twice when the wall clock is set back by a second over midnight', () => {
    const limits = [calendarLimit(1, 'day')]
    vi.setSystemTime(Date.parse('2026-02-28T00:00:00Z'))
    expect(charge(limits)[0]).toBe(true)
    vi.setSystemTime(Date.parse('2026-02-27T23:59:59Z'))
    expect(charge(limits)[0]).toBe(false)
    vi.setSystemTime(Date.parse('2026-02-28T00:00:01Z'))
    expect(charge(limits)[0]).toBe(false)
  })

  it('lock nobody out beyond the present window when the wall clock is set back by years', () => {
    const limits = [calendarLimit(1, 'day')]
    vi.setSystemTime(Date.parse('2030-01-01T00:00:00Z'))
    expect(charge(limits)[0]).toBe(true)
    vi.setSystemTime(Date.parse('2026-02-27T22:00:00Z'))
    expect(charge(limits)).toEqual([false, 0, 2])
    vi.setSystemTime(Date.parse('2026-02-28T00:00:00Z'))
    expect(charge(limits)[0]).toBe(true)
  })

  it('count beside windows of the monotonic clock', () => {
    const [day, minute] = [calendarLimit(2, 'day'), { ...calendarLimit(9, 'minute'), calendar: undefined }]
    const limits = [day, { ...minute, name: 'fixed', algorithm: 'fixed-window' as const }]
    expect(charge(limits)[0]).toBe(true)
    vi.setSystemTime(Date.parse('2026-02-28T00:00:00Z'))
    expect(store.consume(chargeOf('client', limits)).limits).toMatchObject([
      { remaining: 1 },
      { remaining: 7 },
    ])
  })

  it('of another unit, zone or first day have counters of their own, and keep those of the others', () => {
    const all = [
      calendarLimit(2, 'month'),
      calendarLimit(2, 'month', 'UTC', 5),
      calendarLimit(2, 'month', 'Europe/Berlin'),
      calendarLimit(2, 'week'),
    ]
    for (const remaining of [1, 0]) {
      for (const limit of all) expect(charge([limit])[1]).toBe(remaining)
    }
    for (const limit of all) expect(charge([limit])[0]).toBe(false)
    // The same window in another array, as another version of the limiter has it.
    expect(charge([calendarLimit(3, 'week')])[1]).toBe(0)
  })

  it('are remembered until they end, however long the client is idle', () => {
    const limits = [calendarLimit(1, 'month')]
    vi.setSystemTime(Date.parse('2026-03-01T00:00:00Z'))
    expect(charge(limits)[0]).toBe(true)
    vi.advanceTimersByTime(31 * DAY_MS - 1)
    for (let other = 0; other < 50; other++) charge(limits, 1, `other ${other}`)
    expect(charge(limits)[0]).toBe(false)
    vi.advanceTimersByTime(1)
    expect(charge(limits)[0]).toBe(true)
  })

  it('are settled until they end', () => {
    const limits = [calendarLimit(10, 'day')]
    const settle = (cost: number, receipt = store.consume(chargeOf('client', limits, 4)).receipt): number =>
      receipt === undefined ? -1 : store.settle(receipt, cost)
    expect(settle(1)).toBe(1)
    expect(charge(limits, 1)[1]).toBe(8)
    const { receipt } = store.consume(chargeOf('client', limits, 4))
    expect(settle(100, receipt)).toBe(18)
    expect(charge(limits)).toEqual([false, 0, 2])
    vi.setSystemTime(Date.parse('2026-02-28T00:00:00Z'))
    expect(charge(limits, 1)).toEqual([true, 9, 24])
    expect(settle(0, receipt)).toBe(18)
    expect(charge(limits, 1)[1]).toBe(8)
  })

  it('take as much memory as fixed windows', () => {
    const bytesWith = (limit: Limit): number => {
      store.resetAll()
      for (let client = 0; client < 1000; client++) charge([limit], 1, `client ${client}`)
      return store.stats().bytes
    }
    // The places of clients are random, and so is the size of the index that finds them.
    const fixed = bytesWith(fixedWindowLimit(10, 60_000))
    expect(Math.abs(bytesWith(calendarLimit(10, 'month')) - fixed)).toBeLessThan(fixed / 10)
  })

  it('take the time of a clock that is given', () => {
    const clock = new FakeClock(Date.parse('2024-02-29T12:00:00Z'))
    const other = new MemoryStore({ clock })
    const { limits } = other.consume(chargeOf('client', [calendarLimit(3, 'month')]))
    expect(limits[0]?.resetMs).toBe(12 * HOUR_MS)
    other.close()
  })
})
