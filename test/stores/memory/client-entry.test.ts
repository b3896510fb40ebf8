import { describe, expect, it } from 'vitest'
import { algorithmOf } from '../../../src/limits/algorithms.ts'
import { banned } from '../../../src/limits/ban.ts'
import type { Limit } from '../../../src/limits/limit.ts'
import {
  adjustToClock,
  type ClientEntry,
  emptyEntry,
  fullnessAt,
  indexOfLimit,
  resultsOf,
  stateFor,
} from '../../../src/stores/memory/client-entry.ts'
import { ALGORITHMS, limitOf } from '../../support/charges.ts'

const NOW_MS = 1_000_000

/** Ten units a minute, by each algorithm. */
const LIMITS: readonly Limit[] = ALGORITHMS.map((algorithm) => limitOf(10, { name: algorithm, algorithm }))

/** The entry of a client after a charge of `cost` on each of the limits. */
function charged(limits: readonly Limit[], cost: number, nowMs = NOW_MS): ClientEntry {
  const states = limits.map((limit) => algorithmOf(limit).charge(undefined, nowMs, limit, cost).state)
  return { ...emptyEntry(), limits, states }
}

/** Units that the limits have left. */
function left(entry: ClientEntry | undefined, limits: readonly Limit[], nowMs = NOW_MS): number[] {
  return resultsOf(entry, limits, nowMs, 0).map(({ remaining }) => remaining)
}

describe('an empty entry', () => {
  it('remembers nothing, and may be forgotten at once', () => {
    expect(emptyEntry()).toEqual({ limits: [], states: [], ban: undefined, expiresAtMs: 0, refusedCost: 0 })
    expect(emptyEntry()).not.toBe(emptyEntry())
    expect(left(emptyEntry(), LIMITS)).toEqual([10, 10, 10])
  })
})

describe('the results of a charge', () => {
  it('are those of a new client where nothing is known', () => {
    expect(left(undefined, LIMITS)).toEqual([10, 10, 10])
    const results = resultsOf(undefined, LIMITS, NOW_MS, 10)
    expect(results.map(({ allowed, remaining }) => [allowed, remaining])).toEqual(Array(3).fill([true, 0]))
  })

  it('are in the order of the limits, and each limit counts by itself', () => {
    const entry = charged(LIMITS, 3)
    const results = resultsOf(entry, LIMITS, NOW_MS, 8)
    expect(results.map(({ allowed, retryAfterMs }) => [allowed, retryAfterMs])).toEqual([
      [false, 60_000],
      [false, 60_000],
      [false, 6000],
    ])
    expect(left(entry, LIMITS)).toEqual([7, 7, 7])
  })

  it('are for the cost that is given', () => {
    expect(resultsOf(undefined, LIMITS, NOW_MS, 4).map(({ remaining }) => remaining)).toEqual([6, 6, 6])
  })

  it('change nothing in the entry', () => {
    const entry = charged(LIMITS, 3)
    const before = structuredClone(entry)
    resultsOf(entry, LIMITS, NOW_MS + 1, 5)
    expect(entry).toEqual(before)
  })
})

describe('limits that are not those of the latest charge', () => {
  const entry = charged([limitOf(10, { name: 'one' }), limitOf(10, { name: 'two' })], 0)
  entry.states = entry.limits.map(
    (limit, index) => algorithmOf(limit).charge(undefined, NOW_MS, limit, index + 1).state,
  )

  it('are found by their names, in another order', () => {
    expect(left(entry, entry.limits)).toEqual([9, 8])
    expect(left(entry, [...entry.limits].reverse())).toEqual([8, 9])
    // A copy of the array is another array with the same limits.
    expect(left(entry, [...entry.limits])).toEqual([9, 8])
  })

  it('start anew where no limit of their name was charged, and do not change the others', () => {
    expect(left(entry, [limitOf(5, { name: 'new' }), limitOf(10, { name: 'two' })])).toEqual([5, 8])
  })

  it.each(ALGORITHMS)('continue to count with another number, by %s', (algorithm) => {
    const known = charged([limitOf(10, { algorithm })], 10)
    // What is kept of a bucket is the time until it is full, and not a number of units.
    expect(left(known, [limitOf(12, { algorithm })])).toEqual([algorithm === 'token-bucket' ? 0 : 2])
    expect(left(known, [limitOf(4, { algorithm })])).toEqual([0])
    expect(left(known, [limitOf(4, { algorithm })], NOW_MS + 60_000)).toEqual([4])
  })

  it('start anew where another algorithm counts them', () => {
    for (const known of ALGORITHMS) {
      const full = charged([limitOf(10, { algorithm: known })], 10)
      const remaining = ALGORITHMS.map((algorithm) => left(full, [limitOf(10, { algorithm })])[0])
      expect(remaining).toEqual(ALGORITHMS.map((algorithm) => (algorithm === known ? 0 : 10)))
    }
  })
})

describe('the index of a limit among known limits', () => {
  const known = charged([limitOf(10, { name: 'one' }), limitOf(10, { name: 'two' })], 3)

  it('is found by name, algorithm and window, with any amount', () => {
    expect(indexOfLimit(limitOf(99, { name: 'two', burst: 5 }), known.limits)).toBe(1)
    expect(indexOfLimit(limitOf(10, { name: 'two', windowMs: 5 }), known.limits)).toBe(-1)
    expect(indexOfLimit(limitOf(10, { name: 'two', algorithm: 'token-bucket' }), known.limits)).toBe(-1)
    expect(indexOfLimit(limitOf(10, { name: 'three' }), known.limits)).toBe(-1)
    expect(indexOfLimit(undefined, known.limits)).toBe(-1)
  })

  it('is that of its state', () => {
    const reversed = [...known.limits].reverse()
    expect([0, 1].map((index) => stateFor(known, known.limits, index))).toEqual(known.states)
    expect([1, 0].map((index) => stateFor(known, reversed, index))).toEqual(known.states)
    expect(stateFor(known, [limitOf(10, { name: 'three' })], 0)).toBeUndefined()
    expect(stateFor(known, reversed, 2)).toBeUndefined()
    expect(stateFor(undefined, reversed, 0)).toBeUndefined()
  })
})

describe('the fullness of a client', () => {
  it.each(ALGORITHMS)('is the used part of its limit, by %s', (algorithm) => {
    const limits = [limitOf(1000, { algorithm })]
    const parts = [0, 1, 500, 999, 1000].map((cost) => fullnessAt(charged(limits, cost), NOW_MS))
    expect(parts).toEqual([0, 0.001, 0.5, 0.999, 1])
  })

  it.each(ALGORITHMS)('counts only what is used now, by %s', (algorithm) => {
    const entry = charged([limitOf(10, { algorithm, ttlMs: 86_400_000 })], 10)
    expect(fullnessAt(entry, NOW_MS)).toBe(1)
    expect(fullnessAt(entry, NOW_MS + 30_000)).toBe(algorithm === 'token-bucket' ? 0.5 : 1)
    expect(fullnessAt(entry, NOW_MS + 60_000)).toBe(0)
  })

  it('is that of its tightest limit now', () => {
    const perMinute = limitOf(5, { name: 'minute' })
    const perDay = limitOf(20, { name: 'day', windowMs: 86_400_000 })
    const entry = charged([perMinute, perDay], 5)
    expect(fullnessAt(entry, NOW_MS)).toBe(1)
    expect(fullnessAt(entry, NOW_MS + 60_000)).toBe(0.25)
    expect(fullnessAt(emptyEntry(), NOW_MS)).toBe(0)
  })

  it('is 1 while the charge that was refused would be refused again', () => {
    const entry = { ...charged([limitOf(10, { algorithm: 'token-bucket' })], 8), refusedCost: 4 }
    expect([0, 6000, 11_999].map((ms) => fullnessAt(entry, NOW_MS + ms))).toEqual([1, 1, 1])
    expect(fullnessAt(entry, NOW_MS + 12_000)).toBe(0.6)
  })

  it('does not depend on a refused charge above the whole limit', () => {
    expect(fullnessAt({ ...charged([limitOf(10)], 3), refusedCost: 11 }, NOW_MS + 60_000)).toBe(0)
  })

  it('of a token bucket depends on what it holds', () => {
    const bucket = limitOf(1000, { algorithm: 'token-bucket', burst: 10 })
    expect([0, 5, 10].map((cost) => fullnessAt(charged([bucket], cost), NOW_MS))).toEqual([0, 0.5, 1])
  })
})

describe('an entry on a clock that was set back', () => {
  const wait = (entry: ClientEntry, nowMs: number): number[] =>
    resultsOf(entry, entry.limits, nowMs, 1).map(({ retryAfterMs }) => retryAfterMs)

  it('makes no client wait longer than a window, by any algorithm', () => {
    const entry = charged(LIMITS, 10)
    const backMs = NOW_MS - 500_000
    expect(wait(entry, NOW_MS)).toEqual([60_000, 60_000, 6000])
    // Unadjusted, a client waits for a window plus the time by which the clock was set back.
    expect(wait(structuredClone(entry), backMs)).toEqual([560_000, 560_000, 506_000])
    expect(adjustToClock(entry, backMs)).toBe(true)
    expect(wait(entry, backMs)).toEqual([60_000, 60_000, 6000])
    expect(adjustToClock(entry, backMs)).toBe(false)
    expect(left(entry, LIMITS, backMs + 60_000)).toEqual([10, 10, 10])
  })

  it('keeps the states of limits that were not charged later than now', () => {
    const [first, second] = [limitOf(10, { name: 'first' }), limitOf(10, { name: 'second' })]
    const entry = charged([first, second], 1)
    const early = algorithmOf(first).charge(undefined, NOW_MS - 1000, first, 4).state
    entry.states = entry.states.with(0, early)
    expect(adjustToClock(entry, NOW_MS - 1000)).toBe(true)
    expect(entry.states[0]).toBe(early)
    expect(resultsOf(entry, entry.limits, NOW_MS - 1000, 0)).toMatchObject([
      { remaining: 6, resetMs: 60_000 },
      { remaining: 9, resetMs: 60_000 },
    ])
  })

  it('starts its ban again', () => {
    const entry = { ...emptyEntry(), ban: banned(NOW_MS, 5000) }
    expect(adjustToClock(entry, NOW_MS - 100_000)).toBe(true)
    expect(entry.ban).toEqual(banned(NOW_MS - 100_000, 5000))
  })

  it('has no ban when the ban is over', () => {
    const entry = { ...emptyEntry(), ban: banned(NOW_MS, 5000) }
    expect(adjustToClock(entry, NOW_MS + 5000)).toBe(true)
    expect(entry.ban).toBeUndefined()
    expect(adjustToClock(entry, NOW_MS + 5000)).toBe(false)
  })

  it('moves its refusals with the clock', () => {
    const refusals = { slices: [{ id: 1, lastMs: NOW_MS, units: 2 }], lastId: 1 }
    const entry = { ...emptyEntry(), ban: { refusals } }
    expect(adjustToClock(entry, NOW_MS)).toBe(false)
    expect(adjustToClock(entry, NOW_MS - 9)).toBe(true)
    expect(entry.ban).toEqual({
      refusals: { slices: [{ id: 1, lastMs: NOW_MS - 9, units: 2 }], lastId: 1 },
    })
  })

  it('does not change while the clock runs forward', () => {
    const entry = { ...charged(LIMITS, 10), ban: banned(NOW_MS, 5000) }
    const { states, ban } = entry
    for (const nowMs of [NOW_MS, NOW_MS + 1, NOW_MS + 4999]) {
      expect(adjustToClock(entry, nowMs)).toBe(false)
    }
    expect(entry.states).toBe(states)
    expect(entry.ban).toBe(ban)
    // The ban is over.
    expect(adjustToClock(entry, NOW_MS + 1e9)).toBe(true)
    expect(entry.states).toBe(states)
    expect(adjustToClock(emptyEntry(), NOW_MS)).toBe(false)
  })
})
