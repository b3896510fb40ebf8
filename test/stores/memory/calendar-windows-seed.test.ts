import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts'
import { FallbackStore } from '../../../src/stores/resilience/fallback-store.ts'
import { FakeClock } from '../../../src/tools/testing/fake-clock.ts'
import { chargeOf } from '../../support/charges.ts'
import { calendarLimit } from '../../support/limits-by-algorithm.ts'

const DAY_MS = 86_400_000

// Timers are faked and never run.
beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('calendar windows in the fallback of a shared store', () => {
  it('go on from the last decision, and end when that store says, also on a clock that is a day wrong', () => {
    const waits = fc.integer({ min: 1, max: 30 * DAY_MS })
    const aheadMs = fc.constantFrom(0, 1, -400, DAY_MS, -DAY_MS)
    fc.assert(
      fc.property(fc.nat(9), waits, aheadMs, (remaining, resetMs, ahead) => {
        const clock = new FakeClock(Date.parse('2026-03-01T00:00:00.123Z') + ahead)
        const store = new MemoryStore({ clock })
        const fallback = new FallbackStore(() => store, 1)
        const limits = [calendarLimit(10, 'month', 'Europe/Berlin')]
        const state = { name: 'read', limit: 10, remaining, resetMs }
        fallback.seed(chargeOf('client', limits), { allowed: true, retryAfterMs: 0, limits: [state] })
        const charge = chargeOf('client', limits, remaining + 1)
        const refused = fallback.decide('consume', charge)
        expect(refused).toMatchObject({ allowed: false, limits: [{ remaining }] })
        // Rounded up to a whole second: a client that waits is not too early in the other store.
        const { retryAfterMs = 0 } = refused ?? {}
        expect(retryAfterMs).toBeGreaterThanOrEqual(resetMs)
        expect(retryAfterMs).toBeLessThan(resetMs + 1000)
        clock.advance(retryAfterMs - 1)
        expect(fallback.decide('consume', charge)?.allowed).toBe(false)
        clock.advance(1)
        expect(fallback.decide('consume', charge)?.allowed).toBe(true)
        store.close()
      }),
      { numRuns: 100 },
    )
  })

  it('allow a share of each window', () => {
    const store = new MemoryStore()
    vi.setSystemTime(Date.parse('2026-03-31T23:00:00Z'))
    const fallback = new FallbackStore(() => store, 0.25)
    const charge = chargeOf('client', [calendarLimit(100, 'month')])
    const state = { name: 'read', limit: 100, remaining: 40, resetMs: 3_600_000 }
    fallback.seed(charge, { allowed: true, retryAfterMs: 0, limits: [state] })
    const left = (): unknown => fallback.decide('peek', charge)?.limits[0]
    expect(left()).toEqual({ name: 'read', limit: 25, remaining: 10, resetMs: 3_600_000 })
    vi.setSystemTime(Date.parse('2026-04-01T00:00:00Z'))
    expect(left()).toEqual({ name: 'read', limit: 25, remaining: 25, resetMs: 30 * DAY_MS })
    store.close()
  })
})
