import { describe, expect, it } from 'vitest'
import { fixedWindowLimit, slidingWindowLimit, tokenBucketLimit } from '../support/limits-by-algorithm.ts'
import { limitMachine } from './bound-machines.ts'
import { formatRow, isTight, searchLimit, searchTwoCounters } from './bound-search.ts'
import { findReachableStates } from './reachable-states.ts'

// The program bound-search.ts searches larger limits and longer windows. It takes a minute.
describe('the most units that any pattern of requests is allowed are exactly the bound', () => {
  it.each([
    [1, 1],
    [1, 16],
    [2, 7],
    [5, 16],
    [12, 7],
  ])('for a fixed window of %i units in %i ms', (units, windowMs) => {
    const result = searchLimit(fixedWindowLimit(units, windowMs))
    expect(isTight(result), formatRow(result)).toBe(true)
    // A stretch of one tick cannot touch two windows.
    expect(result.maxUnits).toBe(windowMs === 1 ? units : 2 * units - 1)
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
  ])('for a sliding window of %i units in %i ms', (units, windowMs) => {
    const result = searchLimit(slidingWindowLimit(units, windowMs))
    expect(isTight(result), formatRow(result)).toBe(true)
    expect(result.maxUnits).toBe(units)
  })

  it.each([
    [1, 7, 1],
    [1, 7, 4],
    [3, 7, 3],
    [7, 5, 3],
    [12, 5, 24],
    [5, 13, 12],
  ])('for a token bucket that regains %i units in %i ms and holds %i', (units, windowMs, burst) => {
    const result = searchLimit(tokenBucketLimit(units, windowMs, burst))
    expect(isTight(result), formatRow(result)).toBe(true)
    expect(result.maxUnits).toBe(burst + units)
  })
})

describe('the search', () => {
  it('recognises buckets that cannot reach their bound in whole ticks', () => {
    // A unit takes 2 1/2 ticks. A client that takes it after 3 ticks does not get the next unit earlier.
    const result = searchLimit(tokenBucketLimit(2, 5, 1))
    expect(result).toMatchObject({ maxUnits: 2, bound: 3, isBoundReachable: false, exceededAtMs: [] })
    expect([isTight(result), formatRow(result).endsWith(' held')]).toEqual([true, true])
    expect(searchLimit(tokenBucketLimit(2, 5, 2))).toMatchObject({
      maxUnits: 4,
      bound: 4,
      isBoundReachable: true,
    })
  })

  it('finds that the usual estimate from two counters allows nearly twice the limit', () => {
    // The pattern takes the whole limit in the last tick of a window of the clock, and 4/5 of the limit less
    // than 10 ticks later.
    expect(searchTwoCounters(10, 10)).toMatchObject({ maxUnits: 18, bound: 10 })
    expect(searchTwoCounters(2, 10)).toMatchObject({ maxUnits: 3, bound: 2 })
  })

  it('treats states with the same future as one state, so that there are few states', () => {
    // A new client, or one unit that comes back after 1, 2, ... 15 ticks. Each at 2 positions of the clock in
    // a slice.
    expect(findReachableStates(limitMachine(slidingWindowLimit(1, 16)))).toMatchObject({
      states: 32,
      transitions: 34,
    })
    // A full bucket, or a bucket in which 1 to 6 sevenths of the unit are missing.
    expect(findReachableStates(limitMachine(tokenBucketLimit(1, 7)))).toMatchObject({
      states: 7,
      transitions: 8,
    })
  })

  it('shows whether a bound is reached, not reached or exceeded', () => {
    const result = searchLimit(slidingWindowLimit(2, 9))
    const { states, transitions } = result
    expect(formatRow(result).split(/\s+/)).toEqual(
      ['sliding-window', 2, 9, 2, states, transitions, 2, 2, 'reached'].map(String),
    )
    expect(formatRow({ ...result, bound: 3 })).toMatch(/ 2 {11}3 {2}NOT REACHED$/)
    expect(isTight({ ...result, bound: 3 })).toBe(false)
    expect(formatRow({ ...result, exceededAtMs: [4] })).toMatch(/ {2}EXCEEDED$/)
    expect(isTight({ ...result, exceededAtMs: [4] })).toBe(false)
  })
})
