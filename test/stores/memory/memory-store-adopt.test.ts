import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Ban, Decision } from '../../../src/limits/decision.ts'
import type { AlgorithmName, Limit } from '../../../src/limits/limit.ts'
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts'
import type { Charge } from '../../../src/stores/store.ts'
import { FakeClock } from '../../../src/tools/testing/fake-clock.ts'
import { ALGORITHMS, banRule, chargeOf, limitOf } from '../../support/charges.ts'
import { thrownBy } from '../../support/thrown-by.ts'

// The timer of a store stands still.
beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A store that is told what another one decides, on a clock that is turned. */
class Adopting {
  readonly clock = new FakeClock()
  readonly store: MemoryStore

  constructor(maxKeys = 1000) {
    this.store = new MemoryStore({ clock: this.clock, maxKeys })
  }

  /** Tells what remains of each limit, and when its client may come again where it was refused. */
  tell(charge: Charge, remaining: readonly number[], { retryAfterMs = 0, resetMs = 60_000 } = {}): void {
    const limits = charge.limits.map(({ name, burst }, index) => {
      return { name, limit: burst, remaining: remaining[index] ?? 0, resetMs: retryAfterMs || resetMs }
    })
    this.store.seedFromRemote(charge, { allowed: retryAfterMs === 0, retryAfterMs, limits })
  }

  tellBan(charge: Charge, endsInMs: number): void {
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

describe.each(ALGORITHMS)('a MemoryStore that is told of a %s', (algorithm) => {
  const ten = [limitOf(10, { algorithm })]
  const charge = chargeOf('client', ten)

  it('goes on from there, with a client that it knew and with one that it did not', () => {
    for (const isKnown of [true, false]) {
      const adopting = new Adopting()
      if (isKnown) for (const _ of [1, 2, 3]) adopting.store.consume(charge)
      adopting.tell(charge, [4])
      expect(adopting.store.size).toBe(1)
      expect(adopting.remaining(charge)).toEqual([4])
      const allowed = [1, 2, 3, 4, 5].map(() => adopting.store.consume(charge).allowed)
      expect(allowed).toEqual([true, true, true, true, false])
      expect(adopting.remaining(chargeOf('other', ten))).toEqual([10])
    }
  })

  it('refuses for as long as it was told', () => {
    const adopting = new Adopting()
    adopting.tell(charge, [0], { retryAfterMs: 4321 })
    expect(adopting.store.consume(charge)).toMatchObject({ allowed: false, retryAfterMs: 4321 })
    adopting.clock.advance(4320)
    expect(adopting.store.consume(charge)).toMatchObject({ allowed: false, retryAfterMs: 1 })
    adopting.clock.advance(1)
    expect(adopting.store.consume(charge)).toMatchObject({ allowed: true })
  })

  it('forgets what it was told when the time of the limit is over', () => {
    const adopting = new Adopting()
    adopting.tell(charge, [4])
    adopting.clock.advance(89_999)
    adopting.store.consume(chargeOf('newcomer'))
    expect(adopting.store.size).toBe(2)
    adopting.clock.advance(1)
    adopting.store.consume(chargeOf('another newcomer'))
    expect(adopting.store.size).toBe(2)
  })

  it('takes no receipt of before', () => {
    const adopting = new Adopting()
    const { receipt = {} } = adopting.store.consume(charge)
    adopting.tell(charge, [4])
    adopting.store.refund(receipt)
    expect(adopting.remaining(charge)).toEqual([4])
  })

  it('keeps nobody waiting longer for a clock that was set back', () => {
    const adopting = new Adopting()
    adopting.tell(charge, [0], { retryAfterMs: 50_000 })
    adopting.clock.advance(-3_600_000)
    expect(adopting.store.consume(charge).allowed).toBe(false)
    adopting.clock.advance(60_000)
    expect(adopting.store.consume(charge).allowed).toBe(true)
  })

  it('is told right on a clock that was set back', () => {
    const adopting = new Adopting()
    adopting.tell(charge, [2])
    adopting.clock.advance(-3_600_000)
    adopting.tell(charge, [0], { retryAfterMs: 5000 })
    expect(adopting.remaining(charge)).toEqual([0])
    adopting.clock.advance(4999)
    expect(adopting.store.consume(charge).allowed).toBe(false)
    // The sliding window knows of charges that are younger.
    adopting.clock.advance(algorithm === 'sliding-window' ? 55_001 : 1)
    expect(adopting.store.consume(charge).allowed).toBe(true)
  })
})

describe('a MemoryStore that is told of several limits', () => {
  const limits = [
    limitOf(10, { name: 'minute' }),
    limitOf(100, { name: 'hour', windowMs: 3_600_000, algorithm: 'sliding-window' }),
    limitOf(50, { name: 'burst', burst: 5, algorithm: 'token-bucket' }),
  ]

  it('goes on from each', () => {
    const adopting = new Adopting()
    const charge = chargeOf('client', limits)
    adopting.tell(charge, [7, 31, 2])
    expect(adopting.remaining(charge)).toEqual([7, 31, 2])
    expect([1, 2, 3].map(() => adopting.store.consume(charge).allowed)).toEqual([true, true, false])
    expect(adopting.remaining(charge)).toEqual([5, 29, 0])
  })

  it('knows them by their names where they come in another order, or as other limits', () => {
    const adopting = new Adopting()
    adopting.tell(chargeOf('client', limits), [7, 31, 2])
    expect(adopting.remaining(chargeOf('client', limits.toReversed()))).toEqual([2, 31, 7])
    // Of a limit that a function has raised to 20, three are used.
    expect(adopting.remaining(chargeOf('client', [limitOf(20, { name: 'minute' })]))).toEqual([17])
  })

  it('takes numbers of 15 digits', () => {
    const most = 999_999_999_999_999
    const charge = chargeOf('client', [
      limitOf(most, { name: 'fixed' }),
      limitOf(most, { name: 'sliding', algorithm: 'sliding-window' }),
    ])
    const adopting = new Adopting()
    adopting.tell(charge, [1, most - 1])
    expect(adopting.remaining(charge)).toEqual([1, most - 1])
    expect(adopting.store.consume(charge)).toMatchObject({
      limits: [{ remaining: 0 }, { remaining: most - 2 }],
    })
    expect(adopting.store.consume(charge)).toMatchObject({ allowed: false })
  })
})

describe('a MemoryStore that is told of a ban', () => {
  const charge = chargeOf('client', TEN)

  it('bans a client until the ban ends, and then knows what it had used before', () => {
    const adopting = new Adopting()
    adopting.tell(charge, [4], { resetMs: 60_000 })
    adopting.tellBan(charge, 30_000)
    expect(adopting.store.consume(charge)).toEqual({
      allowed: false,
      retryAfterMs: 30_000,
      limits: [{ name: 'test', limit: 10, remaining: 0, resetMs: 30_000 }],
      ban: { endsInMs: 30_000, isNew: false },
    })
    adopting.clock.advance(29_999)
    expect(adopting.store.peek(charge).ban).toEqual({ endsInMs: 1, isNew: false })
    adopting.clock.advance(1)
    expect(adopting.store.peek(charge).ban).toBeUndefined()
    expect(adopting.remaining(charge)).toEqual([4])
  })

  it('bans one that it did not know, and remembers it as long as that', () => {
    const adopting = new Adopting()
    adopting.tellBan(charge, 3_600_000)
    adopting.clock.advance(3_599_999)
    for (let turn = 0; turn < 10; turn++) adopting.store.consume(chargeOf(`newcomer ${turn}`))
    expect(adopting.store.peek(charge).ban).toEqual({ endsInMs: 1, isNew: false })
  })

  it('bans no longer whom the other store answers again', () => {
    const adopting = new Adopting()
    adopting.tellBan(charge, 3_600_000)
    adopting.tell(charge, [9])
    expect(adopting.store.consume(charge)).toMatchObject({ allowed: true, limits: [{ remaining: 8 }] })
  })

  it('bans no longer for a clock that was set back', () => {
    const adopting = new Adopting()
    adopting.tellBan(charge, 30_000)
    adopting.clock.advance(-3_600_000)
    expect(adopting.store.peek(charge).ban).toEqual({ endsInMs: 30_000, isNew: false })
  })

  it('goes on counting refusals that it has counted itself', () => {
    const adopting = new Adopting()
    const counted = { ...charge, ban: RULE }
    adopting.tell(charge, [0], { retryAfterMs: 60_000 })
    expect(adopting.store.consume(counted)).not.toHaveProperty('ban')
    adopting.tell(charge, [0], { retryAfterMs: 60_000 })
    expect(adopting.store.consume(counted)).toMatchObject({ ban: { endsInMs: 600_000, isNew: true } })
  })
})

describe('a full MemoryStore', () => {
  const keysOf = (adopting: Adopting, keys: readonly string[]): readonly boolean[] =>
    keys.map((key) => adopting.remaining(chargeOf(key, TEN))[0] !== 10)

  it('leaves a client unknown for whom there is no room, and forgets nobody who is refused or banned', () => {
    const adopting = new Adopting(2)
    adopting.tell(chargeOf('refused', TEN), [0], { retryAfterMs: 50_000 })
    adopting.tellBan(chargeOf('banned', TEN), 50_000)
    for (const tell of [
      () => adopting.tell(chargeOf('newcomer', TEN), [0], { retryAfterMs: 50_000 }),
      () => adopting.tellBan(chargeOf('newcomer', TEN), 50_000),
    ]) {
      expect(tell).not.toThrow()
      expect(adopting.store.stats()).toMatchObject({ keys: 2, unexpiredEvictions: 0, overflowed: 0 })
      expect(adopting.store.peek(chargeOf('refused', TEN)).allowed).toBe(false)
      expect(adopting.store.peek(chargeOf('banned', TEN)).ban).toBeDefined()
    }
    // The newcomer is one of those that share.
    expect(adopting.store.consume(chargeOf('newcomer', TEN)).allowed).toBe(true)
    expect(adopting.store.stats().overflowed).toBe(1)
  })

  it('is told of whom it knows', () => {
    const adopting = new Adopting(1)
    adopting.tell(chargeOf('client', TEN), [0], { retryAfterMs: 50_000 })
    adopting.tell(chargeOf('client', TEN), [3])
    expect(adopting.remaining(chargeOf('client', TEN))).toEqual([3])
    adopting.tellBan(chargeOf('client', TEN), 50_000)
    expect(adopting.store.peek(chargeOf('client', TEN)).ban).toBeDefined()
  })

  it('gives the place of who is furthest from its limit to one that it is told of', () => {
    const adopting = new Adopting(3)
    adopting.tell(chargeOf('nearly', TEN), [1])
    adopting.tell(chargeOf('hardly', TEN), [9])
    adopting.tell(chargeOf('half', TEN), [5])
    adopting.tell(chargeOf('newcomer', TEN), [8])
    expect(keysOf(adopting, ['nearly', 'hardly', 'half', 'newcomer'])).toEqual([true, false, true, true])
    expect(adopting.store.stats()).toMatchObject({ keys: 3, unexpiredEvictions: 1 })
  })
})

describe('a closed MemoryStore', () => {
  it('is told nothing', () => {
    const adopting = new Adopting()
    adopting.store.close()
    const error = thrownBy(() => adopting.tell(chargeOf('client', TEN), [4]))
    expect(error.message).toBe('this MemoryStore was closed. Close it after the last request.')
  })
})

describe('a MemoryStore that is told each decision of another one', () => {
  interface Step {
    readonly gapMs: number
    readonly key: string
    readonly cost: number
    readonly isHeard: boolean
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
    // Other processes ask the other store as well.
    isHeard: fc.constantFrom(true, true, false),
  })

  /** Both stores, and what they then say to the same charge. */
  function tellEach(
    steps: readonly Step[],
    ofLimits: readonly Limit[],
    check: (here: Decision, there: Decision, told: Decision) => void,
  ): void {
    const [remoteClock, localClock] = [new FakeClock(), new FakeClock(5000)]
    const remote = new MemoryStore({ clock: remoteClock })
    const local = new MemoryStore({ clock: localClock })
    const most = Math.min(...ofLimits.map(({ burst }) => burst))
    for (const { gapMs, key, cost, isHeard } of steps) {
      remoteClock.advance(gapMs)
      localClock.advance(gapMs)
      const charge = chargeOf(key, ofLimits, Math.min(cost, most), banRule(3, 60_000, 90_000))
      const told = remote.consume(charge)
      if (!isHeard) continue
      local.seedFromRemote(charge, told)
      check(local.peek(charge), remote.peek(charge), told)
    }
    remote.close()
    local.close()
  }

  it('says what that one says', () => {
    const seen = { refused: 0, banned: 0 }
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40, size: 'max' }), limits, (steps, ofLimits) => {
        vi.clearAllTimers()
        tellEach(steps, ofLimits, (here, there, told) => {
          expect(here.allowed).toBe(there.allowed)
          expect(here.ban).toEqual(there.ban)
          const left = ({ limits: states }: Decision): readonly number[] => states.map((one) => one.remaining)
          expect(left(here)).toEqual(left(there))
          if (there.ban !== undefined) seen.banned++
          if (told.allowed || told.ban !== undefined) return
          seen.refused++
          if (ofLimits.some(({ algorithm }) => algorithm === 'sliding-window')) {
            expect(here.retryAfterMs).toBeGreaterThanOrEqual(told.retryAfterMs)
          } else {
            expect(here.retryAfterMs).toBe(told.retryAfterMs)
          }
        })
      }),
      { numRuns: 400 },
    )
    expect(seen.refused).toBeGreaterThan(100)
    expect(seen.banned).toBeGreaterThan(100)
  })
})
