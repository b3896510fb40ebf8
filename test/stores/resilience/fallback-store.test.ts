import { afterEach, beforeEach, describe, expect, it, type Mock, vi } from 'vitest'
import type { Decision } from '../../../src/limits/decision.ts'
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts'
import { FallbackStore, type SeedableStore } from '../../../src/stores/resilience/fallback-store.ts'
import type { Charge } from '../../../src/stores/store.ts'
import { FakeClock } from '../../../src/tools/testing/fake-clock.ts'
import { allowedDecision, banRule, chargeOf, limitOf } from '../../support/charges.ts'

// The timer of the memory store does not run.
beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const HUNDRED = [limitOf(100)]

/** A fallback store with counters of this process, on a fake clock. */
function createFallback(share = 1): {
  fallback: FallbackStore
  create: Mock<() => SeedableStore>
  store: MemoryStore
  clock: FakeClock
} {
  const clock = new FakeClock()
  const store = new MemoryStore({ clock })
  const create = vi.fn(() => store)
  return { fallback: new FallbackStore(create, share), create, store, clock }
}

/** The decision of a store on a charge of one limit. */
function answer(charge: Charge, remaining: number, retryAfterMs = 0): Decision {
  const [{ name = '', burst = 0 } = {}] = charge.limits
  const limits = [{ name, limit: burst, remaining, resetMs: retryAfterMs || 60_000 }]
  return { allowed: retryAfterMs === 0, retryAfterMs, limits }
}

describe('a fallback store', () => {
  it('creates its store once, for the first decision or the first seed', async () => {
    for (const use of [
      (one: FallbackStore) => one.seed(chargeOf('client'), allowedDecision()),
      (one: FallbackStore) => one.decide('consume', chargeOf('client')),
      (one: FallbackStore) => one.decide('peek', chargeOf('client')),
    ]) {
      const { fallback: one, create } = createFallback()
      one.settle({}, 0)
      await one.write((store) => store.resetAll?.())
      expect(create).not.toHaveBeenCalled()
      use(one)
      use(one)
      expect(create).toHaveBeenCalledTimes(1)
    }
  })

  it('decides without any seed', () => {
    const { fallback: one } = createFallback()
    const charge = chargeOf('client', HUNDRED)
    expect(one.decide('peek', charge)).toMatchObject({ allowed: true, limits: [{ remaining: 100 }] })
    expect(one.decide('consume', charge)).toMatchObject({ allowed: true, limits: [{ remaining: 99 }] })
  })

  it('continues from the last decision of the store: 90 used of 100 leave 10', () => {
    const { fallback: one } = createFallback()
    const charge = chargeOf('client', HUNDRED)
    one.seed(charge, answer(charge, 10))
    const allowed = Array.from({ length: 12 }, () => one.decide('consume', charge)?.allowed)
    expect(allowed).toEqual([...Array(10).fill(true), false, false])
  })

  it('decides nothing if its store does not answer at once or has no peek', () => {
    const asynchronous = new FallbackStore(() => ({ consume: async () => allowedDecision() }), 1)
    expect(asynchronous.decide('consume', chargeOf('client'))).toBeUndefined()
    expect(asynchronous.decide('peek', chargeOf('client'))).toBeUndefined()
    expect(() => asynchronous.seed(chargeOf('client'), allowedDecision())).not.toThrow()
  })

  it('recognizes its own receipts, and its own refusals that started a ban', () => {
    const { fallback: one } = createFallback()
    const charge = chargeOf('client', [limitOf(1)], 1, banRule(1, 60_000, 60_000))
    const taken = one.decide('consume', charge)
    const banning = one.decide('consume', charge)
    expect([taken?.allowed, banning?.ban?.isNew]).toEqual([true, true])
    expect(taken?.receipt !== undefined && one.isOwn(taken.receipt)).toBe(true)
    expect(banning !== undefined && one.isOwn(banning)).toBe(true)
    expect(one.isOwn({})).toBe(false)
    expect(one.isOwn(answer(charge, 0, 5000))).toBe(false)
  })

  it('refunds its own charge', () => {
    const { fallback: one } = createFallback()
    const charge = chargeOf('client', HUNDRED)
    const receipt = one.decide('consume', charge)?.receipt ?? {}
    one.settle(receipt, 0)
    expect(one.decide('peek', charge)).toMatchObject({ limits: [{ remaining: 100 }] })
  })

  it('refunds no charge from before the last seed', () => {
    const { fallback: one } = createFallback()
    const charge = chargeOf('client', HUNDRED)
    const receipt = one.decide('consume', charge)?.receipt ?? {}
    one.seed(charge, answer(charge, 10))
    one.settle(receipt, 0)
    expect(one.decide('peek', charge)).toMatchObject({ limits: [{ remaining: 10 }] })
  })

  it('repeats writes to the store', async () => {
    const { fallback: one, store } = createFallback()
    one.decide('consume', chargeOf('client'))
    await one.write((to) => to.block?.('client', 5000))
    expect(store.peek(chargeOf('client'))).toMatchObject({ ban: { endsInMs: 5000 } })
    await one.write((to) => to.resetAll?.())
    expect(store.size).toBe(0)
  })
})

describe('a fallback store that was closed', () => {
  it('has closed its store, if it was created', async () => {
    const { fallback: one, create, store } = createFallback()
    const closed = vi.spyOn(store, 'close')
    await one.close()
    expect(create).not.toHaveBeenCalled()
    const { fallback: used, store: usedStore } = createFallback()
    const usedClosed = vi.spyOn(usedStore, 'close')
    used.decide('consume', chargeOf('client'))
    await used.close()
    expect([closed.mock.calls.length, usedClosed.mock.calls.length]).toEqual([0, 1])
  })

  it.each([true, false])(
    'ignores seeds, decides nothing and creates no store (used before: %s)',
    async (isUsed) => {
      const { fallback: one, create } = createFallback()
      if (isUsed) one.decide('consume', chargeOf('client'))
      await one.close()
      expect(() => one.seed(chargeOf('client'), allowedDecision())).not.toThrow()
      expect(one.decide('consume', chargeOf('client'))).toBeUndefined()
      expect(one.decide('peek', chargeOf('client'))).toBeUndefined()
      expect(create).toHaveBeenCalledTimes(isUsed ? 1 : 0)
    },
  )
})

describe('a fallback store with a share', () => {
  it('grants its share of a limit to an unknown client', () => {
    const { fallback: one } = createFallback(0.25)
    const charge = chargeOf('client', HUNDRED)
    const allowed = Array.from({ length: 27 }, () => one.decide('consume', charge)?.allowed)
    expect(allowed.filter(Boolean).length).toBe(25)
    expect(one.decide('peek', charge)).toMatchObject({ limits: [{ limit: 25, remaining: 0 }] })
  })

  it.each([
    [100, 25],
    [10, 2],
    [4, 1],
    [3, 0],
    [0, 0],
  ])('grants its share of the %i units that were left in the store: %i', (remaining, granted) => {
    const { fallback: one } = createFallback(0.25)
    const charge = chargeOf('client', HUNDRED)
    one.seed(charge, answer(charge, remaining, remaining === 0 ? 5000 : 0))
    const allowed = Array.from({ length: 30 }, () => one.decide('consume', charge)?.allowed)
    expect(allowed.filter(Boolean).length).toBe(granted)
  })

  it('takes the whole share for a larger charge', () => {
    const { fallback: one } = createFallback(0.25)
    const charge = chargeOf('client', HUNDRED, 60)
    expect(one.decide('consume', charge)).toMatchObject({ allowed: true, limits: [{ remaining: 0 }] })
    expect(one.decide('consume', charge)).toMatchObject({ allowed: false })
  })

  it('refuses a charge that the store refused, also if it is larger than the share', () => {
    const { fallback: one, clock } = createFallback(0.25)
    // 8 of 10 units are left. A quarter of 8 is 2, which is the whole share of 10.
    const charge = chargeOf('client', [limitOf(10)], 9)
    one.seed(charge, answer(charge, 8, 5000))
    expect(one.decide('consume', charge)).toMatchObject({ allowed: false, retryAfterMs: 5000 })
    expect(one.decide('consume', { ...charge, cost: 1 })).toMatchObject({ allowed: true })
    clock.advance(5000)
    expect(one.decide('consume', charge)).toMatchObject({ allowed: true })
  })

  it('makes a client wait as long as the store has answered', () => {
    for (const algorithm of ['fixed-window', 'sliding-window', 'token-bucket'] as const) {
      const { fallback: one, clock } = createFallback(0.25)
      const charge = chargeOf('client', [limitOf(100, { algorithm })])
      one.seed(charge, answer(charge, 0, 500))
      expect(one.decide('consume', charge)).toMatchObject({ allowed: false, retryAfterMs: 500 })
      clock.advance(499)
      expect(one.decide('consume', charge)).toMatchObject({ allowed: false })
      clock.advance(1)
      expect(one.decide('consume', charge)).toMatchObject({ allowed: true })
    }
  })

  it('passes the same array of limits for the same limits', () => {
    const consume = vi.fn((_charge: Charge): Decision => allowedDecision())
    const one = new FallbackStore(() => ({ consume }), 0.5)
    one.decide('consume', chargeOf('client', HUNDRED))
    one.decide('consume', chargeOf('other', HUNDRED))
    one.decide('consume', chargeOf('other', [limitOf(100)]))
    const limits = consume.mock.calls.map(([charge]) => charge.limits)
    expect(limits[1]).toBe(limits[0])
    expect(limits[2]).not.toBe(limits[0])
    expect(limits[2]).toEqual(limits[0])
  })

  it('of 1 passes the charge unchanged', () => {
    const consume = vi.fn((_charge: Charge): Decision => allowedDecision())
    const charge = chargeOf('client', HUNDRED)
    new FallbackStore(() => ({ consume }), 1).decide('consume', charge)
    expect(consume.mock.calls[0]?.[0]).toBe(charge)
  })
})
