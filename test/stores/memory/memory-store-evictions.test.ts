import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Decision } from '../../../src/limits/decision.ts'
import type { Limit } from '../../../src/limits/limit.ts'
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts'
import { FakeClock } from '../../../src/tools/testing/fake-clock.ts'
import { ALGORITHMS, banRule, chargeOf, limitOf } from '../../support/charges.ts'
import { EvictingReference, TTL_MS, UNITS, WINDOW_MS } from './evicting-reference.ts'

// Timers are faked: they run when a test lets them.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

const TEN = [limitOf(UNITS, { windowMs: WINDOW_MS, ttlMs: TTL_MS })]
const THREE = [limitOf(3)]

describe('a full MemoryStore', () => {
  type Step =
    | { readonly kind: 'consume'; readonly key: string; readonly cost: number }
    | { readonly kind: 'block'; readonly key: string; readonly forMs: number }
    | { readonly kind: 'unblock'; readonly key: string }
    | { readonly kind: 'advance'; readonly ms: number }

  const key = fc.nat({ max: 24 }).map((number) => `client ${number}`)
  const cost = fc.integer({ min: 1, max: UNITS })
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 20, arbitrary: fc.record({ kind: fc.constant('consume' as const), key, cost }) },
    {
      weight: 2,
      // No two clients expire at the same instant, because the order among equals is random.
      arbitrary: fc.record({
        kind: fc.constant('block' as const),
        key,
        forMs: fc.constantFrom(5001, 200_003),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('unblock' as const), key }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('advance' as const),
        ms: fc.nat({ max: 4000 }).map((n) => 10 * n),
      }),
    },
  )

  function take(store: MemoryStore, reference: EvictingReference, next: Step, clock: FakeClock): void {
    const nowMs = clock.now()
    if (next.kind === 'consume') {
      const expected = reference.consume(next.key, next.cost, nowMs)
      const { allowed } = store.consume(chargeOf(next.key, TEN, next.cost))
      if (expected !== undefined) expect(allowed).toBe(expected)
    } else if (next.kind === 'block') {
      store.block(next.key, next.forMs)
      reference.block(next.key, next.forMs, nowMs)
    } else if (next.kind === 'unblock') {
      store.unblock(next.key)
      reference.unblock(next.key, nowMs)
    } else {
      clock.set(clock.now() + next.ms)
    }
  }

  it('forgets exactly the client that the rule names, where all clients are compared, and counts them exactly', () => {
    const steps = fc.array(step, { minLength: 10, maxLength: 60, size: 'max' })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 16 }), steps, (maxKeys, trace) => {
        vi.clearAllTimers()
        const clock = new FakeClock()
        const store = new MemoryStore({ maxKeys, clock })
        const reference = new EvictingReference(maxKeys)
        for (const next of trace) {
          take(store, reference, next, clock)
          clock.advance(10)
          vi.advanceTimersToNextTimer()
          reference.prune(clock.now())
        }
        for (const known of reference.keys) {
          const { limits, ban } = store.peek(chargeOf(known, TEN))
          const status = { remaining: limits[0]?.remaining, isBanned: ban !== undefined }
          expect([known, status]).toEqual([known, reference.statusOf(known, clock.now())])
        }
        const { keys, unexpiredEvictions, overflowed } = store.stats()
        expect({ keys, unexpiredEvictions, overflowed }).toEqual({
          keys: reference.size,
          unexpiredEvictions: reference.unexpiredEvictions,
          overflowed: reference.overflowed,
        })
        store.close()
      }),
      { numRuns: 500 },
    )
  })

  it('forgets no refused and no banned client in any flood, and counts evictions and new clients without room', () => {
    const behaviour = fc.constantFrom('uses little', 'uses all', 'is refused', 'is banned', 'is blocked')
    const flood = fc.array(behaviour, { minLength: 1, maxLength: 80, size: 'max' })
    const rule = banRule(1, 60_000, 3_600_000)
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), flood, (maxKeys, newClients) => {
        const store = new MemoryStore({ maxKeys, clock: new FakeClock() })
        const kept: string[] = []
        let added = 0
        for (const [index, does] of newClients.entries()) {
          const client = `client ${index}`
          const used = does === 'uses little' ? 5 : 10
          if (kept.length === maxKeys) {
            expect(store.consume(chargeOf(client, TEN)).ban).toBeUndefined()
            continue
          }
          added++
          if (does === 'is blocked') store.block(client, 3_600_000)
          else expect(store.consume(chargeOf(client, TEN, used)).allowed).toBe(true)
          if (does === 'is refused') store.consume(chargeOf(client, TEN))
          if (does === 'is banned') store.consume(chargeOf(client, TEN, 1, rule))
          if (does !== 'uses little') kept.push(client)
        }
        const decisions = kept.map((client) => store.peek(chargeOf(client, TEN)))
        expect(decisions.filter(({ allowed }) => allowed)).toEqual([])
        const bans = newClients
          .slice(0, added)
          .filter((does) => does === 'is banned' || does === 'is blocked')
        expect(decisions.filter(({ ban }) => ban?.isNew === false).length).toBe(bans.length)
        const keys = Math.min(maxKeys, added)
        expect(store.stats()).toMatchObject({
          keys,
          unexpiredEvictions: added - keys,
          overflowed: newClients.length - added,
        })
        store.close()
      }),
      { numRuns: 1500 },
    )
  })
})

/** A full store in which all clients are refused for a minute, so that new clients are counted as shared clients. */
class FullStore {
  readonly clock = new FakeClock()
  readonly store: MemoryStore

  constructor(maxKeys = 5) {
    this.store = new MemoryStore({ maxKeys, clock: this.clock })
    for (let client = 0; client < maxKeys; client++) {
      this.store.consume(chargeOf(`refused ${client}`, THREE, 3))
    }
  }

  /** How many of so many new clients get the one unit that each asks for. */
  allowed(newClients: number, limits: readonly Limit[] = THREE): number {
    const keys = Array.from({ length: newClients }, (_, index) => `new client ${index}`)
    return keys.filter((key) => this.store.consume(chargeOf(key, limits)).allowed).length
  }
}

describe('new clients for which there is no room', () => {
  it.each(ALGORITHMS)('share 64 times the quota of one client, and regain it, by %s', (algorithm) => {
    const full = new FullStore(1)
    const { store, clock } = full
    store.block('blocked', 86_400_000)
    const limits = [limitOf(3, { algorithm })]
    expect([full.allowed(3000, limits), full.allowed(3000, limits)]).toEqual([64 * 3, 0])
    expect(store.stats()).toMatchObject({ keys: 1, overflowed: 6000 })
    clock.advance(60_000)
    expect(full.allowed(3000, limits)).toBe(64 * 3)
    expect(store.peek(chargeOf('blocked')).ban).toBeDefined()
  })

  it('share one such quota for each list of limit names', () => {
    const full = new FullStore()
    const [one, two] = [limitOf(3, { name: 'one' }), limitOf(2, { name: 'two' })]
    const allowed = [THREE, [one], [one, two], [two, one], THREE].map((limits) => full.allowed(2000, limits))
    expect(allowed).toEqual([64 * 3, 64 * 3, 64 * 2, 64 * 2, 0])
    expect(full.store.stats()).toMatchObject({ keys: 5, unexpiredEvictions: 0, overflowed: 10_000 })
  })

  it('get from peek what consume will answer', () => {
    const { store } = new FullStore()
    for (let turn = 0; turn < 1000; turn++) {
      const charge = chargeOf(`new client ${turn}`, THREE, 1 + (turn % 3), banRule(2, 60_000, 5000))
      const peeked = store.peek(charge)
      const consumed = store.consume(charge)
      expect([peeked.allowed, peeked.retryAfterMs]).toEqual([consumed.allowed, consumed.retryAfterMs])
      if (!consumed.allowed) expect(peeked).toEqual(consumed)
      else expect(left(peeked) - left(consumed)).toBe(charge.cost)
    }
    expect(store.stats().overflowed).toBe(1000)
  })

  it('are not banned, and have no refusals counted, however often they are refused', () => {
    const { store, clock } = new FullStore()
    const ask = (key: string): Decision => store.consume(chargeOf(key, THREE, 3, banRule(1, 1e6, 1e6)))
    const decisions = Array.from({ length: 3000 }, (_, index) => ask(`new client ${index % 1000}`))
    expect(decisions.filter(({ allowed }) => allowed).length).toBe(64)
    expect(decisions.filter(({ ban }) => ban !== undefined)).toEqual([])
    clock.advance(90_000)
    expect(ask('new client 0').allowed).toBe(true)
  })

  it('give a charge back to their shared client, once', () => {
    const { store } = new FullStore()
    const charge = chargeOf('new client', THREE)
    const { receipt = {} } = store.consume(charge)
    store.consume(charge)
    const after = [1, 2].map(() => {
      store.refund(receipt)
      return left(store.peek(charge))
    })
    expect(after).toEqual([2, 2])
    expect(store.consume({ ...charge, refundable: false })).not.toHaveProperty('receipt')
  })

  it('are remembered as soon as a client is reset, gets a refund, or expires', () => {
    const rooms: readonly ((full: FullStore) => void)[] = [
      ({ store }) => store.reset('refused 3'),
      ({ store }) => store.resetAll(),
      ({ clock }) => clock.advance(90_000),
    ]
    for (const makeRoom of rooms) {
      const full = new FullStore()
      const { store } = full
      store.consume(chargeOf('new client'))
      makeRoom(full)
      const before = store.stats().overflowed
      expect(left(store.peek(chargeOf('new client')))).toBe(3)
      expect(store.consume(chargeOf('new client')).allowed).toBe(true)
      expect(store.stats()).toMatchObject({ unexpiredEvictions: 0, overflowed: before })
      store.reset('new client')
      expect(left(store.peek(chargeOf('new client')))).toBe(3)
    }
    const { store } = new FullStore(1)
    store.reset('refused 0')
    const { receipt = {} } = store.consume(chargeOf('refunded', THREE, 3))
    store.consume(chargeOf('new client'))
    store.refund(receipt)
    store.consume(chargeOf('new client'))
    expect(store.stats()).toMatchObject({ keys: 1, unexpiredEvictions: 1, overflowed: 1 })
  })

  it('share a new quota after everything was forgotten', () => {
    const full = new FullStore(1)
    expect(full.allowed(2000)).toBe(64 * 3)
    full.store.resetAll()
    full.store.block('blocked', 60_000)
    expect(full.allowed(2000)).toBe(64 * 3)
  })

  it('are not remembered for a charge above the limit', () => {
    const { store } = new FullStore()
    const { allowed, ban } = store.consume(chargeOf('new client', THREE, 4, banRule(1, 60_000, 5000)))
    expect([allowed, ban]).toEqual([false, undefined])
    expect(store.stats()).toMatchObject({ keys: 5, unexpiredEvictions: 0 })
  })

  it('are blocked in any case, and replace refused clients first, then the client whose ban ends first', () => {
    const { store } = new FullStore(3)
    const bans = (): unknown[] =>
      [1, 2, 3, 4].map((client) => store.peek(chargeOf(`blocked ${client}`)).ban?.endsInMs)
    for (const client of [1, 2, 3]) store.block(`blocked ${client}`, 9000 - 1000 * client)
    expect(bans()).toEqual([8000, 7000, 6000, undefined])
    expect(store.stats()).toMatchObject({ keys: 3, unexpiredEvictions: 3 })
    store.block('blocked 4', 1000)
    expect(bans()).toEqual([8000, 7000, undefined, 1000])
    expect(store.stats()).toMatchObject({ keys: 3, unexpiredEvictions: 4, overflowed: 0 })
  })
})

function left({ limits }: Decision): number {
  return limits[0]?.remaining ?? Number.NaN
}
