import { describe, expect, it } from 'vitest'
import { someBucket, someLimit, someSlidingLimit } from '../support/some-limit.ts'
import { limitMachine } from './bound-machines.ts'
import { isTight, rowOf, searchLimit, searchTwoCounters } from './bound-search.ts'
import { reach } from './reachable-states.ts'

// The program of the same name searches larger limits and longer windows, for a minute.
describe('of all patterns of requests none is admitted more than the bound, and one is admitted as much', () => {
  it.each([
    [1, 1],
    [1, 16],
    [2, 7],
    [5, 16],
    [12, 7],
  ])('by a fixed window of %i units in %i ms', (units, windowMs) => {
    const found = searchLimit(someLimit(units, windowMs))
    expect(isTight(found), rowOf(found)).toBe(true)
    // A window of one tick has nothing to straddle.
    expect(found.most).toBe(windowMs === 1 ? units : 2 * units - 1)
  })

  it.each([
    [1, 17],
    [2, 9],
    [2, 16],
    [3, 8],
    [3, 20],
    [4, 11],
    [4, 16],
    [6, 13],
    [8, 9],
    [10, 9],
  ])('by a sliding window of %i units in %i ms', (units, windowMs) => {
    const found = searchLimit(someSlidingLimit(units, windowMs))
    expect(isTight(found), rowOf(found)).toBe(true)
    expect(found.most).toBe(units)
  })

  it.each([
    [1, 7, 1],
    [1, 7, 4],
    [3, 7, 3],
    [7, 5, 3],
    [12, 5, 24],
    [5, 13, 12],
  ])('by a token bucket that regains %i units in %i ms and holds %i', (units, windowMs, burst) => {
    const found = searchLimit(someBucket(units, windowMs, burst))
    expect(isTight(found), rowOf(found)).toBe(true)
    expect(found.most).toBe(burst + units)
  })
})

describe('the search', () => {
  it('knows the buckets too small for whole ticks: they hold their bound without reaching it', () => {
    // 2 1/2 ticks a unit: one that is taken after 3 comes back no earlier for it.
    const found = searchLimit(someBucket(2, 5, 1))
    expect(found).toMatchObject({ most: 2, bound: 3, isReachable: false, exceededAtMs: [] })
    expect([isTight(found), rowOf(found).endsWith(' held')]).toEqual([true, true])
    expect(searchLimit(someBucket(2, 5, 2))).toMatchObject({ most: 4, bound: 4, isReachable: true })
  })

  it('finds what the usual estimate from two counters admits: nearly twice the limit', () => {
    // All of the limit in the last tick of a window of the clock, and 4/5 of it before that is 10 ticks ago.
    expect(searchTwoCounters(10, 10)).toMatchObject({ most: 18, bound: 10 })
    expect(searchTwoCounters(2, 10)).toMatchObject({ most: 3, bound: 2 })
  })

  it('knows states by what follows from them, and so has few of them', () => {
    // New; or one unit that leaves after 1, 2, ... 15 more ticks: in each of the 2 places in a slice.
    expect(reach(limitMachine(someSlidingLimit(1, 16)))).toMatchObject({ states: 32, transitions: 34 })
    // Full, or lacking 1 to 6 sevenths of the unit.
    expect(reach(limitMachine(someBucket(1, 7)))).toMatchObject({ states: 7, transitions: 8 })
  })

  it('tells a bound that is exceeded and one that is not reached from one that is both', () => {
    const found = searchLimit(someSlidingLimit(2, 9))
    const { states, transitions } = found
    expect(rowOf(found).split(/\s+/)).toEqual(
      ['sliding-window', 2, 9, 2, states, transitions, 2, 2, 'reached'].map(String),
    )
    expect(rowOf({ ...found, bound: 3 })).toMatch(/ 2 {11}3 {2}NOT REACHED$/)
    expect(isTight({ ...found, bound: 3 })).toBe(false)
    expect(rowOf({ ...found, exceededAtMs: [4] })).toMatch(/ {2}EXCEEDED$/)
    expect(isTight({ ...found, exceededAtMs: [4] })).toBe(false)
  })
})
