import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Ban, Decision } from '../../../src/limits/decision.ts'
import type { AlgorithmName, Limit } from '../../../src/limits/limit.ts'
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts'
import type { Charge } from '../../../src/stores/store.ts'
import { FakeClock } from '../../../src/tools/testing/fake-clock.ts'
import { ALGORITHMS, banRule, chargeOf, limitOf } from '../../support/charges.ts'
import { thrownBy } from '../../support/thrown-by.ts'

// Timers are faked and never run.
beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A store that is seeded with decisions of another store. */
class SeededStore {
  readonly clock = new FakeClock()
  readonly store: MemoryStore

  constructor(maxKeys = 1000) {
    this.store = new MemoryStore({ clock: this.clock, maxKeys })
  }

  /** Seeds what remains of each limit, and the wait where the client was refused. */
  seed(charge: Charge, remaining: readonly number[], { retryAfterMs = 0, resetMs = 60_000 } = {}): void {
    const limits = charge.limits.map(({ name, burst }, index) => {
      return { name, limit: burst, remaining: remaining[index] ?? 0, resetMs: retryAfterMs || resetMs }
    })
    this.store.seedFromRemote(charge, { allowed: retryAfterMs === 0, retryAfterMs, limits })
  }

  seedBan(charge: Charge, endsInMs: number): void {
    this.store.seedFromRemote(charge, banDecision(charge, { endsInMs, isNew: true }))
  }

  remaining(charge: Charge): readonly number[] {
    return this.store.peek({ ...charge, cost: 1 }).limits.map(({ remaining }) => remaining)
  }
}

function banDecision({ limits }: Charge, ban: Ban): Decision {
  const resetMs = ban.endsInMs
  const states = limits.map(({ name, burst }) => ({ name, limit: burst, remaining: 0, resetMs }))
  return { allowed: false, retryAfterMs: resetMs, limits: states, ban }
}

const TEN = [limitOf(10)]
const RULE = banRule(2, 60_000, 600_000)

describe.each(ALGORITHMS)('a MemoryStore seeded with a %s', (algorithm) => {
  const ten = [limitOf(10, { algorithm })]
  const charge = chargeOf('client', ten)

  it('continues from there, with a known client and with a new one', () => {
    for (const isKnown of [true, false]) {
      const seeded = new SeededStore()
      if (isKnown) for (const _ of [1, 2, 3]) seeded.store.consume(charge)
      seeded.seed(charge, [4])
      expect(seeded.store.size).toBe(1)
      expect(seeded.remaining(charge)).toEqual([4])
      const allowed = [1, 2, 3, 4, 5].map(() => seeded.store.consume(charge).allowed)
      expect(allowed).toEqual([true, true, true, true, false])
      expect(seeded.remaining(chargeOf('other', ten))).toEqual([10])
    }
  })

  it('refuses for as long as the other store would', () => {
    const seeded = new SeededStore()
    seeded.seed(charge, [0], { retryAfterMs: 4321 })
    expect(seeded.store.consume(charge)).toMatchObject({ allowed: false, retryAfterMs: 4321 })
    seeded.clock.advance(4320)
    expect(seeded.store.consume(charge)).toMatchObject({ allowed: false, retryAfterMs: 1 })
    seeded.clock.advance(1)
    expect(seeded.store.consume(charge)).toMatchObject({ allowed: true })
  })

  it('forgets the client when the limit need not be remembered any more', () => {
    const seeded = new SeededStore()
    seeded.seed(charge, [4])
    seeded.clock.advance(89_999)
    seeded.store.consume(chargeOf('new client'))
    expect(seeded.store.size).toBe(2)
    seeded.clock.advance(1)
    seeded.store.consume(chargeOf('another new client'))
    expect(seeded.store.size).toBe(2)
  })

  it('gives nothing back for an earlier receipt', () => {
    const seeded = new SeededStore()
    const { receipt = {} } = seeded.store.consume(charge)
    seeded.seed(charge, [4])
    seeded.store.settle(receipt, 0)
    expect(seeded.remaining(charge)).toEqual([4])
  })

  it('makes no client wait longer after the clock was set back', () => {
    const seeded = new SeededStore()
    seeded.seed(charge, [0], { retryAfterMs: 50_000 })
    seeded.clock.set(seeded.clock.now() - 3_600_000)
    expect(seeded.store.consume(charge).allowed).toBe(false)
    seeded.clock.advance(60_000)
    expect(seeded.store.consume(charge).allowed).toBe(true)
  })

  it('can be seeded after the clock was set back', () => {
    const seeded = new SeededStore()
    seeded.seed(charge, [2])
    seeded.clock.set(seeded.clock.now() - 3_600_000)
    seeded.seed(charge, [0], { retryAfterMs: 5000 })
    expect(seeded.remaining(charge)).toEqual([0])
    seeded.clock.advance(4999)
    expect(seeded.store.consume(charge).allowed).toBe(false)
    // The sliding window keeps charges that are younger.
    seeded.clock.advance(algorithm === 'sliding-window' ? 55_001 : 1)
    expect(seeded.store.consume(charge).allowed).toBe(true)
  })
})

describe('a MemoryStore seeded with several limits', () => {
  const limits = [
    limitOf(10, { name: 'minute' }),
    limitOf(100, { name: 'hour', windowMs: 3_600_000, algorithm: 'sliding-window' }),
    limitOf(50, { name: 'burst', burst: 5, algorithm: 'token-bucket' }),
  ]

  it('continues from each', () => {
    const seeded = new SeededStore()
    const charge = chargeOf('client', limits)
    seeded.seed(charge, [7, 31, 2])
    expect(seeded.remaining(charge)).toEqual([7, 31, 2])
    expect([1, 2, 3].map(() => seeded.store.consume(charge).allowed)).toEqual([true, true, false])
    expect(seeded.remaining(charge)).toEqual([5, 29, 0])
  })

  it('finds them by name in another order, and with other numbers', () => {
    const seeded = new SeededStore()
    seeded.seed(chargeOf('client', limits), [7, 31, 2])
    expect(seeded.remaining(chargeOf('client', limits.toReversed()))).toEqual([2, 31, 7])
    // A function has raised the limit to 20, of which 3 are used.
    expect(seeded.remaining(chargeOf('client', [limitOf(20, { name: 'minute' })]))).toEqual([17])
  })

  it('takes numbers of 15 digits', () => {
    const most = 999_999_999_999_999
    const charge = chargeOf('client', [
      limitOf(most, { name: 'fixed' }),
      limitOf(most, { name: 'sliding', algorithm: 'sliding-window' }),
    ])
    const seeded = new SeededStore()
    seeded.seed(charge, [1, most - 1])
    expect(seeded.remaining(charge)).toEqual([1, most - 1])
    expect(seeded.store.consume(charge)).toMatchObject({
      limits: [{ remaining: 0 }, { remaining: most - 2 }],
    })
    expect(seeded.store.consume(charge)).toMatchObject({ allowed: false })
  })
})

describe('a MemoryStore seeded with a ban', () => {
  const charge = chargeOf('client', TEN)

  it('bans a client until the ban ends, and keeps what it had used before', () => {
    const seeded = new SeededStore()
    seeded.seed(charge, [4], { resetMs: 60_000 })
    seeded.seedBan(charge, 30_000)
    expect(seeded.store.consume(charge)).toEqual({
      allowed: false,
      retryAfterMs: 30_000,
      limits: [{ name: 'test', limit: 10, remaining: 0, resetMs: 30_000 }],
      ban: { endsInMs: 30_000, isNew: false },
    })
    seeded.clock.advance(29_999)
    expect(seeded.store.peek(charge).ban).toEqual({ endsInMs: 1, isNew: false })
    seeded.clock.advance(1)
    expect(seeded.store.peek(charge).ban).toBeUndefined()
    expect(seeded.remaining(charge)).toEqual([4])
  })

  it('bans a new client, and remembers it until the ban ends', () => {
    const seeded = new SeededStore()
    seeded.seedBan(charge, 3_600_000)
    seeded.clock.advance(3_599_999)
    for (let turn = 0; turn < 10; turn++) seeded.store.consume(chargeOf(`new client ${turn}`))
    expect(seeded.store.peek(charge).ban).toEqual({ endsInMs: 1, isNew: false })
  })

  it('ends the ban when the other store decides without one', () => {
    const seeded = new SeededStore()
    seeded.seedBan(charge, 3_600_000)
    seeded.seed(charge, [9])
    expect(seeded.store.consume(charge)).toMatchObject({ allowed: true, limits: [{ remaining: 8 }] })
  })

  it('does not ban longer after the clock was set back', () => {
    const seeded = new SeededStore()
    seeded.seedBan(charge, 30_000)
    seeded.clock.set(seeded.clock.now() - 3_600_000)
    expect(seeded.store.peek(charge).ban).toEqual({ endsInMs: 30_000, isNew: false })
  })

  it('continues to count refusals that it has counted itself', () => {
    const seeded = new SeededStore()
    const counted = { ...charge, ban: RULE }
    seeded.seed(charge, [0], { retryAfterMs: 60_000 })
    expect(seeded.store.consume(counted)).not.toHaveProperty('ban')
    seeded.seed(charge, [0], { retryAfterMs: 60_000 })
    expect(seeded.store.consume(counted)).toMatchObject({ ban: { endsInMs: 600_000, isNew: true } })
  })
})

describe('a full MemoryStore', () => {
  const keysOf = (seeded: SeededStore, keys: readonly string[]): readonly boolean[] =>
    keys.map((key) => seeded.remaining(chargeOf(key, TEN))[0] !== 10)

  it('does not add a new client without room, and forgets no refused or banned client', () => {
    const seeded = new SeededStore(2)
    seeded.seed(chargeOf('refused', TEN), [0], { retryAfterMs: 50_000 })
    seeded.seedBan(chargeOf('banned', TEN), 50_000)
    for (const seed of [
      () => seeded.seed(chargeOf('new client', TEN), [0], { retryAfterMs: 50_000 }),
      () => seeded.seedBan(chargeOf('new client', TEN), 50_000),
    ]) {
      expect(seed).not.toThrow()
      expect(seeded.store.stats()).toMatchObject({ keys: 2, unexpiredEvictions: 0, overflowed: 0 })
      expect(seeded.store.peek(chargeOf('refused', TEN)).allowed).toBe(false)
      expect(seeded.store.peek(chargeOf('banned', TEN)).ban).toBeDefined()
    }
    // The new client is counted as a shared client.
    expect(seeded.store.consume(chargeOf('new client', TEN)).allowed).toBe(true)
    expect(seeded.store.stats().overflowed).toBe(1)
  })

  it('can be seeded with known clients', () => {
    const seeded = new SeededStore(1)
    seeded.seed(chargeOf('client', TEN), [0], { retryAfterMs: 50_000 })
    seeded.seed(chargeOf('client', TEN), [3])
    expect(seeded.remaining(chargeOf('client', TEN))).toEqual([3])
    seeded.seedBan(chargeOf('client', TEN), 50_000)
    expect(seeded.store.peek(chargeOf('client', TEN)).ban).toBeDefined()
  })

  it('replaces the client furthest from its limit by a seeded one', () => {
    const seeded = new SeededStore(3)
    seeded.seed(chargeOf('nearly', TEN), [1])
    seeded.seed(chargeOf('hardly', TEN), [9])
    seeded.seed(chargeOf('half', TEN), [5])
    seeded.seed(chargeOf('new client', TEN), [8])
    expect(keysOf(seeded, ['nearly', 'hardly', 'half', 'new client'])).toEqual([true, false, true, true])
    expect(seeded.store.stats()).toMatchObject({ keys: 3, unexpiredEvictions: 1 })
  })
})

describe('a closed MemoryStore', () => {
  it('cannot be seeded', () => {
    const seeded = new SeededStore()
    seeded.store.close()
    const error = thrownBy(() => seeded.seed(chargeOf('client', TEN), [4]))
    expect(error.message).toBe('this MemoryStore was closed. Close it after the last request.')
  })
})

describe('a MemoryStore seeded with each decision of another one', () => {
  interface Step {
    readonly gapMs: number
    readonly key: string
    readonly cost: number
    readonly isSeeded: boolean
  }

  const limit = (name: string): fc.Arbitrary<Limit> =>
    fc
      .record({
        algorithm: fc.constantFrom<AlgorithmName[]>(...ALGORITHMS),
        units: fc.integer({ min: 1, max: 12 }),
        windowMs: fc.constantFrom(1000, 60_000),
        burst: fc.integer({ min: 1, max: 12 }),
      })
      .map(({ algorithm, units, windowMs, burst }) => {
        return limitOf(units, {
          name,
          algorithm,
          windowMs,
          ...(algorithm === 'token-bucket' ? { burst } : {}),
        })
      })
  const limits = fc.tuple(limit('one'), limit('two')).chain((both) => fc.constantFrom(both, both.slice(0, 1)))
  const step: fc.Arbitrary<Step> = fc.record({
    gapMs: fc.oneof(fc.constantFrom(0, 1, 1000), fc.nat(2000), fc.nat(70_000)),
    key: fc.constantFrom('ann', 'bob'),
    cost: fc.integer({ min: 1, max: 4 }),
    // Other processes charge the other store as well.
    isSeeded: fc.constantFrom(true, true, false),
  })

  /** Takes the steps, and compares what both stores answer to the same charge after each seed. */
  function seedEach(
    steps: readonly Step[],
    ofLimits: readonly Limit[],
    check: (here: Decision, there: Decision, decision: Decision) => void,
  ): void {
    const [remoteClock, localClock] = [new FakeClock(), new FakeClock(5000)]
    const remote = new MemoryStore({ clock: remoteClock })
    const local = new MemoryStore({ clock: localClock })
    const most = Math.min(...ofLimits.map(({ burst }) => burst))
    for (const { gapMs, key, cost, isSeeded } of steps) {
      remoteClock.advance(gapMs)
      localClock.advance(gapMs)
      const charge = chargeOf(key, ofLimits, Math.min(cost, most), banRule(3, 60_000, 90_000))
      const decision = remote.consume(charge)
      if (!isSeeded) continue
      local.seedFromRemote(charge, decision)
      check(local.peek(charge), remote.peek(charge), decision)
    }
    remote.close()
    local.close()
  }

  it('answers what that one answers', () => {
    const seen = { refused: 0, banned: 0 }
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40, size: 'max' }), limits, (steps, ofLimits) => {
        vi.clearAllTimers()
        seedEach(steps, ofLimits, (here, there, decision) => {
          expect(here.allowed).toBe(there.allowed)
          expect(here.ban).toEqual(there.ban)
          const left = ({ limits: states }: Decision): readonly number[] => states.map((one) => one.remaining)
          expect(left(here)).toEqual(left(there))
          if (there.ban !== undefined) seen.banned++
          if (decision.allowed || decision.ban !== undefined) return
          seen.refused++
          if (ofLimits.some(({ algorithm }) => algorithm === 'sliding-window')) {
            expect(here.retryAfterMs).toBeGreaterThanOrEqual(decision.retryAfterMs)
          } else {
            expect(here.retryAfterMs).toBe(decision.retryAfterMs)
          }
        })
      }),
      { numRuns: 400 },
    )
    expect(seen.refused).toBeGreaterThan(100)
    expect(seen.banned).toBeGreaterThan(100)
  })
})
