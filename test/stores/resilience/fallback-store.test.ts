import { afterEach, beforeEach, describe, expect, it, type Mock, vi } from 'vitest'
import type { Decision } from '../../../src/limits/decision.ts'
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts'
import { FallbackStore, type SeedableStore } from '../../../src/stores/resilience/fallback-store.ts'
import type { Charge } from '../../../src/stores/store.ts'
import { FakeClock } from '../../../src/tools/testing/fake-clock.ts'
import { admitted, banRule, chargeOf, limitOf } from '../../support/charges.ts'

// The timer of a memory store stands still.
beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const HUNDRED = [limitOf(100)]

/** A stand-in with counters of this process, on a clock that is turned. */
function standIn(share = 1): {
  standIn: FallbackStore
  make: Mock<() => SeedableStore>
  store: MemoryStore
  clock: FakeClock
} {
  const clock = new FakeClock()
  const store = new MemoryStore({ clock })
  const make = vi.fn(() => store)
  return { standIn: new FallbackStore(make, share), make, store, clock }
}

/** What a store says of one limit, in answer to a charge of it. */
function answer(charge: Charge, remaining: number, retryAfterMs = 0): Decision {
  const [{ name = '', burst = 0 } = {}] = charge.limits
  const limits = [{ name, limit: burst, remaining, resetMs: retryAfterMs || 60_000 }]
  return { allowed: retryAfterMs === 0, retryAfterMs, limits }
}

describe('a stand-in', () => {
  it('makes its store when there is something to learn or to decide, and once', async () => {
    for (const use of [
      (one: FallbackStore) => one.learn(chargeOf('client'), admitted()),
      (one: FallbackStore) => one.decide('consume', chargeOf('client')),
      (one: FallbackStore) => one.decide('peek', chargeOf('client')),
    ]) {
      const { standIn: one, make } = standIn()
      one.refund({})
      await one.write((store) => store.resetAll?.())
      expect(make).not.toHaveBeenCalled()
      use(one)
      use(one)
      expect(make).toHaveBeenCalledTimes(1)
    }
  })

  it('decides where nothing was learnt', () => {
    const { standIn: one } = standIn()
    const charge = chargeOf('client', HUNDRED)
    expect(one.decide('peek', charge)).toMatchObject({ allowed: true, limits: [{ remaining: 100 }] })
    expect(one.decide('consume', charge)).toMatchObject({ allowed: true, limits: [{ remaining: 99 }] })
  })

  it('goes on from what the store said: of 100, 90 used leave 10', () => {
    const { standIn: one } = standIn()
    const charge = chargeOf('client', HUNDRED)
    one.learn(charge, answer(charge, 10))
    const allowed = Array.from({ length: 12 }, () => one.decide('consume', charge)?.allowed)
    expect(allowed).toEqual([...Array(10).fill(true), false, false])
  })

  it('decides nothing where its store is not there at once, or cannot', () => {
    const later = new FallbackStore(() => ({ consume: async () => admitted() }), 1)
    expect(later.decide('consume', chargeOf('client'))).toBeUndefined()
    expect(later.decide('peek', chargeOf('client'))).toBeUndefined()
    expect(() => later.learn(chargeOf('client'), admitted())).not.toThrow()
  })

  it('knows what is of its own making: receipts, and refusals that brought a ban about', () => {
    const { standIn: one } = standIn()
    const charge = chargeOf('client', [limitOf(1)], 1, banRule(1, 60_000, 60_000))
    const taken = one.decide('consume', charge)
    const banning = one.decide('consume', charge)
    expect([taken?.allowed, banning?.ban?.isNew]).toEqual([true, true])
    expect(taken?.receipt !== undefined && one.isOwn(taken.receipt)).toBe(true)
    expect(banning !== undefined && one.isOwn(banning)).toBe(true)
    expect(one.isOwn({})).toBe(false)
    expect(one.isOwn(answer(charge, 0, 5000))).toBe(false)
  })

  it('gives a charge of its own back', () => {
    const { standIn: one } = standIn()
    const charge = chargeOf('client', HUNDRED)
    const receipt = one.decide('consume', charge)?.receipt ?? {}
    one.refund(receipt)
    expect(one.decide('peek', charge)).toMatchObject({ limits: [{ remaining: 100 }] })
  })

  it('gives nothing back of which the store has told since', () => {
    const { standIn: one } = standIn()
    const charge = chargeOf('client', HUNDRED)
    const receipt = one.decide('consume', charge)?.receipt ?? {}
    one.learn(charge, answer(charge, 10))
    one.refund(receipt)
    expect(one.decide('peek', charge)).toMatchObject({ limits: [{ remaining: 10 }] })
  })

  it('has done to it what is done to the store', async () => {
    const { standIn: one, store } = standIn()
    one.decide('consume', chargeOf('client'))
    await one.write((to) => to.block?.('client', 5000))
    expect(store.peek(chargeOf('client'))).toMatchObject({ ban: { endsInMs: 5000 } })
    await one.write((to) => to.resetAll?.())
    expect(store.size).toBe(0)
  })
})

describe('a stand-in that was closed', () => {
  it('closes its store, where it was made', async () => {
    const { standIn: one, make, store } = standIn()
    const closed = vi.spyOn(store, 'close')
    await one.close()
    expect(make).not.toHaveBeenCalled()
    const { standIn: used, store: usedStore } = standIn()
    const usedClosed = vi.spyOn(usedStore, 'close')
    used.decide('consume', chargeOf('client'))
    await used.close()
    expect([closed.mock.calls.length, usedClosed.mock.calls.length]).toEqual([0, 1])
  })

  it.each([true, false])(
    'learns and decides nothing, and makes no store (used before: %s)',
    async (isUsed) => {
      const { standIn: one, make } = standIn()
      if (isUsed) one.decide('consume', chargeOf('client'))
      await one.close()
      expect(() => one.learn(chargeOf('client'), admitted())).not.toThrow()
      expect(one.decide('consume', chargeOf('client'))).toBeUndefined()
      expect(one.decide('peek', chargeOf('client'))).toBeUndefined()
      expect(make).toHaveBeenCalledTimes(isUsed ? 1 : 0)
    },
  )
})

describe('a stand-in with a share', () => {
  it('grants that part of a limit to whom it knows nothing of', () => {
    const { standIn: one } = standIn(0.25)
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
  ])('grants that part of the %i units that the store left: %i', (remaining, granted) => {
    const { standIn: one } = standIn(0.25)
    const charge = chargeOf('client', HUNDRED)
    one.learn(charge, answer(charge, remaining, remaining === 0 ? 5000 : 0))
    const allowed = Array.from({ length: 30 }, () => one.decide('consume', charge)?.allowed)
    expect(allowed.filter(Boolean).length).toBe(granted)
  })

  it('takes all of the share where a charge is larger than it', () => {
    const { standIn: one } = standIn(0.25)
    const charge = chargeOf('client', HUNDRED, 60)
    expect(one.decide('consume', charge)).toMatchObject({ allowed: true, limits: [{ remaining: 0 }] })
    expect(one.decide('consume', charge)).toMatchObject({ allowed: false })
  })

  it('refuses whom the store refused, though its charge is larger than a share', () => {
    const { standIn: one, clock } = standIn(0.25)
    // Of 10 units 8 are left, of which a quarter is 2: as much as there is of a quarter of 10.
    const charge = chargeOf('client', [limitOf(10)], 9)
    one.learn(charge, answer(charge, 8, 5000))
    expect(one.decide('consume', charge)).toMatchObject({ allowed: false, retryAfterMs: 5000 })
    expect(one.decide('consume', { ...charge, cost: 1 })).toMatchObject({ allowed: true })
    clock.advance(5000)
    expect(one.decide('consume', charge)).toMatchObject({ allowed: true })
  })

  it('keeps a client waiting as long as the store said', () => {
    for (const algorithm of ['fixed-window', 'sliding-window', 'token-bucket'] as const) {
      const { standIn: one, clock } = standIn(0.25)
      const charge = chargeOf('client', [limitOf(100, { algorithm })])
      one.learn(charge, answer(charge, 0, 500))
      expect(one.decide('consume', charge)).toMatchObject({ allowed: false, retryAfterMs: 500 })
      clock.advance(499)
      expect(one.decide('consume', charge)).toMatchObject({ allowed: false })
      clock.advance(1)
      expect(one.decide('consume', charge)).toMatchObject({ allowed: true })
    }
  })

  it('hands its store the same limits for the same ones, so that it can tell them by identity', () => {
    const consume = vi.fn((_charge: Charge): Decision => admitted())
    const one = new FallbackStore(() => ({ consume }), 0.5)
    one.decide('consume', chargeOf('client', HUNDRED))
    one.decide('consume', chargeOf('other', HUNDRED))
    one.decide('consume', chargeOf('other', [limitOf(100)]))
    const limits = consume.mock.calls.map(([charge]) => charge.limits)
    expect(limits[1]).toBe(limits[0])
    expect(limits[2]).not.toBe(limits[0])
    expect(limits[2]).toEqual(limits[0])
  })

  it('of all of it hands the very charge on', () => {
    const consume = vi.fn((_charge: Charge): Decision => admitted())
    const charge = chargeOf('client', HUNDRED)
    new FallbackStore(() => ({ consume }), 1).decide('consume', charge)
    expect(consume.mock.calls[0]?.[0]).toBe(charge)
  })
})
