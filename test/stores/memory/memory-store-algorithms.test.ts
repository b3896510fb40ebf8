import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Decision, Receipt } from '../../../src/limits/decision.ts'
import type { Limit } from '../../../src/limits/limit.ts'
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts'
import { FakeClock } from '../../../src/tools/testing/fake-clock.ts'
import { ALGORITHMS, chargeOf, limitOf } from '../../support/charges.ts'

// Timers are faked and never run: these tests do not depend on them.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

function storeAndClock(): { store: MemoryStore; clock: FakeClock } {
  const clock = new FakeClock()
  return { store: new MemoryStore({ clock }), clock }
}

/** A decision in short: whether it is allowed, the wait, and what each limit has left. */
function shortOf({ allowed, retryAfterMs, limits }: Decision): unknown[] {
  return [allowed, retryAfterMs, ...limits.map(({ remaining }) => remaining)]
}

describe('a MemoryStore counts', () => {
  it('by a fixed window: everything comes back when it ends', () => {
    const { store, clock } = storeAndClock()
    const ask = (): unknown[] => shortOf(store.consume(chargeOf('client', [limitOf(2)])))
    expect(ask()).toEqual([true, 0, 1])
    clock.advance(50_000)
    expect([ask(), ask()]).toEqual([
      [true, 0, 0],
      [false, 10_000, 0],
    ])
    clock.advance(10_000)
    expect([ask(), ask(), ask()]).toEqual([
      [true, 0, 1],
      [true, 0, 0],
      [false, 60_000, 0],
    ])
  })

  it('by a sliding window: each unit comes back when it is a window old', () => {
    const { store, clock } = storeAndClock()
    const limits = [limitOf(2, { algorithm: 'sliding-window' })]
    const ask = (): unknown[] => shortOf(store.consume(chargeOf('client', limits)))
    expect(ask()).toEqual([true, 0, 1])
    clock.advance(50_000)
    expect([ask(), ask()]).toEqual([
      [true, 0, 0],
      [false, 10_000, 0],
    ])
    clock.advance(10_000)
    expect([ask(), ask()]).toEqual([
      [true, 0, 0],
      [false, 50_000, 0],
    ])
  })

  it('by a token bucket: units come back one by one', () => {
    const { store, clock } = storeAndClock()
    const limits = [limitOf(6, { algorithm: 'token-bucket', burst: 2 })]
    const ask = (): unknown[] => shortOf(store.consume(chargeOf('client', limits)))
    expect([ask(), ask(), ask()]).toEqual([
      [true, 0, 1],
      [true, 0, 0],
      [false, 10_000, 0],
    ])
    clock.advance(9999)
    expect(ask()).toEqual([false, 1, 0])
    clock.advance(1)
    expect([ask(), ask()]).toEqual([
      [true, 0, 0],
      [false, 10_000, 0],
    ])
  })

  it.each(ALGORITHMS)('no refusals and no peeks, by %s', (algorithm) => {
    const { store, clock } = storeAndClock()
    const limits = [limitOf(3, { algorithm })]
    store.consume(chargeOf('client', limits, 2))
    const before = store.peek(chargeOf('client', limits))
    for (let turn = 0; turn < 5; turn++) {
      expect(store.consume(chargeOf('client', limits, 2)).allowed).toBe(false)
      expect(store.peek(chargeOf('client', limits))).toEqual(before)
    }
    clock.advance(60_000)
    expect(store.peek(chargeOf('client', limits)).limits[0]?.remaining).toBe(3)
  })

  it.each(ALGORITHMS)(
    'and shows to the millisecond when a refused charge will be allowed, by %s',
    (algorithm) => {
      const { store, clock } = storeAndClock()
      const limits = [limitOf(7, { algorithm })]
      for (const cost of [2, 1, 3]) {
        store.consume(chargeOf('client', limits, cost))
        clock.advance(1357)
      }
      const { allowed, retryAfterMs } = store.consume(chargeOf('client', limits, 5))
      expect(allowed).toBe(false)
      clock.advance(retryAfterMs - 1)
      expect(store.peek(chargeOf('client', limits, 5))).toMatchObject({ allowed: false, retryAfterMs: 1 })
      clock.advance(1)
      expect(store.consume(chargeOf('client', limits, 5)).allowed).toBe(true)
    },
  )

  it.each(ALGORITHMS)('and shows when the same charge will be allowed again, by %s', (algorithm) => {
    const { store, clock } = storeAndClock()
    const limits = [limitOf(7, { algorithm })]
    clock.advance(777)
    const { repeatAfterMs = 0 } = store.consume(chargeOf('client', limits, 5))
    clock.advance(repeatAfterMs - 1)
    expect(store.peek(chargeOf('client', limits, 5))).toMatchObject({ allowed: false, retryAfterMs: 1 })
    clock.advance(1)
    expect(store.consume(chargeOf('client', limits, 5)).allowed).toBe(true)
  })

  it.each(ALGORITHMS)(
    'and gives the charge of a receipt back, also after the clock was set back, by %s',
    (algorithm) => {
      for (const backMs of [0, 500_000]) {
        const { store, clock } = storeAndClock()
        const limits = [limitOf(1, { algorithm })]
        const { receipt = {} } = store.consume(chargeOf('client', limits))
        clock.set(clock.now() - backMs)
        store.refund(receipt)
        expect(store.peek(chargeOf('client', limits)).limits[0]?.remaining).toBe(1)
      }
    },
  )
})

describe('limits that change under one key', () => {
  it.each(ALGORITHMS)('continue to count where a function gives another number, by %s', (algorithm) => {
    const { store, clock } = storeAndClock()
    const ask = (units: number): unknown[] =>
      shortOf(store.consume(chargeOf('client', [limitOf(units, { algorithm })])))
    for (const _ of [1, 2, 3, 4]) ask(4)
    expect(ask(3)[0]).toBe(false)
    // A bucket with the smaller limit has forgotten the fourth unit, since it holds three. A window has not.
    expect(ask(6)).toEqual([true, 0, algorithm === 'token-bucket' ? 2 : 1])
    clock.advance(60_000)
    expect(ask(2)).toEqual([true, 0, 1])
  })

  it('continue to count in another order', () => {
    const { store } = storeAndClock()
    const limits = ALGORITHMS.map((algorithm, index) => limitOf(10 + index, { name: algorithm, algorithm }))
    const ask = (asked: readonly Limit[], cost: number): unknown[] =>
      shortOf(store.consume(chargeOf('client', asked, cost)))
    expect(ask(limits, 1)).toEqual([true, 0, 9, 10, 11])
    expect(ask([...limits].reverse(), 2)).toEqual([true, 0, 9, 8, 7])
    expect(ask(limits, 3)).toEqual([true, 0, 4, 5, 6])
  })

  it('start anew where another algorithm counts them', () => {
    for (const [index, algorithm] of ALGORITHMS.entries()) {
      const { store } = storeAndClock()
      const other = ALGORITHMS[(index + 1) % ALGORITHMS.length] ?? algorithm
      store.consume(chargeOf('client', [limitOf(2, { algorithm })], 2))
      expect(shortOf(store.consume(chargeOf('client', [limitOf(2, { algorithm: other })], 2)))[0]).toBe(true)
    }
  })

  it('keep their counts where another limit is added', () => {
    const { store } = storeAndClock()
    const [one, two] = [limitOf(5, { name: 'one' }), limitOf(5, { name: 'two' })]
    store.consume(chargeOf('client', [one], 3))
    expect(shortOf(store.consume(chargeOf('client', [two, one])))).toEqual([true, 0, 4, 1])
  })
})

describe('several limits', () => {
  type Step =
    | { readonly kind: 'consume' | 'peek'; readonly cost: number; readonly order: number }
    | { readonly kind: 'refund'; readonly which: number }
    | { readonly kind: 'advance'; readonly ms: number }

  const cost = fc.integer({ min: 1, max: 4 })
  const order = fc.nat({ max: 2 })
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('consume' as const), cost, order }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('peek' as const), cost, order }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('refund' as const), which: fc.nat() }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.nat({ max: 4000 }) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('advance' as const),
        ms: fc.integer({ min: -9000, max: -1 }),
      }),
    },
  )

  /** Two windows of different lengths, and a bucket that holds less than it regains in its window. */
  const LIMITS: readonly Limit[] = [
    limitOf(7, { name: 'fixed', windowMs: 5000, ttlMs: 1e9 }),
    limitOf(9, { name: 'sliding', windowMs: 8000, ttlMs: 1e9, algorithm: 'sliding-window' }),
    limitOf(6, { name: 'bucket', windowMs: 4000, ttlMs: 1e9, algorithm: 'token-bucket', burst: 5 }),
  ]
  const ORDERS = [0, 1, 2].map((first) => [...LIMITS.slice(first), ...LIMITS.slice(0, first)])

  /** A store for each limit. They are asked one by one, and charged only where all of them allow the charge. */
  class OneByOne {
    readonly #stores: ReadonlyMap<Limit, MemoryStore>

    constructor(clock: FakeClock) {
      this.#stores = new Map(LIMITS.map((limit) => [limit, new MemoryStore({ clock })]))
    }

    ask(
      kind: 'consume' | 'peek',
      limits: readonly Limit[],
      units: number,
    ): Decision & { receipts: Receipt[] } {
      const peeked = limits.map((limit) => this.#ask('peek', limit, units))
      const allowed = peeked.every((decision) => decision.allowed)
      const answers =
        allowed && kind === 'consume' ? limits.map((limit) => this.#ask(kind, limit, units)) : peeked
      const repeatAfterMs = Math.max(...answers.map((answer) => answer.repeatAfterMs ?? 0))
      return {
        allowed,
        retryAfterMs: Math.max(...answers.map(({ retryAfterMs }) => retryAfterMs)),
        limits: answers.flatMap((answer) => answer.limits),
        ...(repeatAfterMs > 0 ? { repeatAfterMs } : {}),
        receipts: answers.flatMap(({ receipt }) => receipt ?? []),
      }
    }

    refund(receipts: readonly Receipt[]): void {
      for (const receipt of receipts) for (const store of this.#stores.values()) store.refund(receipt)
    }

    #ask(kind: 'consume' | 'peek', limit: Limit, units: number): Decision {
      const store = this.#stores.get(limit)
      if (store === undefined) throw new Error(`no store for ${limit.name}`)
      return store[kind](chargeOf('client', [limit], units))
    }
  }

  it('answer as each of them would alone, in any order and on any clock', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { store, clock } = storeAndClock()
        const oneByOne = new OneByOne(clock)
        const receipts: { readonly together: Receipt; readonly apart: readonly Receipt[] }[] = []
        for (const next of steps) {
          if (next.kind === 'advance') {
            clock.set(clock.now() + next.ms)
          } else if (next.kind === 'refund') {
            const given = receipts[next.which % Math.max(1, receipts.length)]
            if (given === undefined) continue
            store.refund(given.together)
            oneByOne.refund(given.apart)
          } else {
            const limits = ORDERS[next.order] ?? LIMITS
            const { receipt, ...together } = store[next.kind](chargeOf('client', limits, next.cost))
            const { receipts: given, ...apart } = oneByOne.ask(next.kind, limits, next.cost)
            expect(together).toEqual(apart)
            if (receipt !== undefined) receipts.push({ together: receipt, apart: given })
            expect(given.length).toBe(receipt === undefined ? 0 : limits.length)
          }
        }
      }),
      { numRuns: 500 },
    )
  })
})
