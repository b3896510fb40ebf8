import { describe, expect, it } from 'vitest'
import type { AlgorithmName, Limit } from '../../../../src/limits/limit.ts'
import {
  type AllowedCharge,
  mayRefuse,
  mustRefuse,
  toleranceMsOf,
} from '../../../../src/tools/testing/conformance/algorithm-bounds.ts'

function limitOf(algorithm: AlgorithmName, limit: number, windowMs: number, burst = limit): Limit {
  return { name: 'some', limit, windowMs, ttlMs: windowMs, burst, algorithm }
}

/** Whether the limit must, may or must not refuse the last charge, after the other charges were allowed. */
function refusalOf(limit: Limit, ...charges: readonly (readonly [atMs: number, units: number])[]): string {
  const allowedCharges: readonly AllowedCharge[] = charges
    .slice(0, -1)
    .map(([atMs, units]) => ({ atMs, units }))
  const [nowMs = 0, cost = 0] = charges.at(-1) ?? []
  if (mustRefuse(allowedCharges, nowMs, cost, limit)) return 'must'
  return mayRefuse(allowedCharges, nowMs, cost, limit) ? 'may' : 'must not'
}

describe('the bound of a fixed window', () => {
  const limit = limitOf('fixed-window', 4, 1000)

  it('counts each window separately, and has no tolerance', () => {
    expect(refusalOf(limit, [0, 4])).toBe('must not')
    expect(refusalOf(limit, [0, 5])).toBe('must')
    expect(refusalOf(limit, [7, 1], [1006, 3])).toBe('must not')
    expect(refusalOf(limit, [7, 1], [1006, 4])).toBe('must')
    expect(refusalOf(limit, [7, 1], [1006, 3], [1007, 4])).toBe('must not')
    expect(refusalOf(limit, [7, 1], [1006, 3], [1007, 4], [2006, 1])).toBe('must')
  })

  it('counts windows that open with a charge, after any pause', () => {
    expect(refusalOf(limit, [0, 4], [2500, 3], [3100, 1])).toBe('must not')
    expect(refusalOf(limit, [0, 4], [2500, 3], [3100, 2])).toBe('must')
  })
})

describe('the bound of a sliding window', () => {
  const limit = limitOf('sliding-window', 4, 1000)

  it('counts any stretch of the length of the window, and a unit may count for an eighth longer', () => {
    expect(refusalOf(limit, [0, 4])).toBe('must not')
    expect(refusalOf(limit, [0, 1], [600, 3], [999, 1])).toBe('must')
    expect(refusalOf(limit, [0, 1], [600, 3], [1000, 1])).toBe('may')
    expect(refusalOf(limit, [0, 1], [600, 3], [1124, 1])).toBe('may')
    expect(refusalOf(limit, [0, 1], [600, 3], [1125, 1])).toBe('must not')
    expect(refusalOf(limit, [0, 1], [600, 3], [1125, 2])).toBe('must')
  })
})

describe('the bound of a token bucket', () => {
  const limit = limitOf('token-bucket', 7, 1000, 3)

  it('counts any interval, and a unit may come back up to a millisecond late', () => {
    expect(refusalOf(limit, [0, 3])).toBe('must not')
    expect(refusalOf(limit, [0, 4])).toBe('must')
    // A unit takes 142.86 ms to come back.
    expect(refusalOf(limit, [0, 3], [142, 1])).toBe('must')
    expect(refusalOf(limit, [0, 3], [143, 1])).toBe('may')
    expect(refusalOf(limit, [0, 3], [144, 1])).toBe('must not')
    expect(refusalOf(limit, [0, 3], [144, 2])).toBe('must')
    // An interval that begins later can be the one that exceeds the bound.
    expect(refusalOf(limit, [0, 1], [5000, 3], [5100, 1])).toBe('must')
    expect(refusalOf(limit, [0, 1], [1, 2], [142, 1])).toBe('must')
  })

  it('adds up charges at the same time', () => {
    expect(refusalOf(limit, [0, 1], [0, 2])).toBe('must not')
    expect(refusalOf(limit, [0, 1], [0, 3])).toBe('must')
  })
})

describe('the tolerance', () => {
  it('is an eighth of a sliding window, a millisecond of a token bucket, and 0 for a fixed window', () => {
    expect(toleranceMsOf(limitOf('fixed-window', 1, 1000))).toBe(0)
    expect(toleranceMsOf(limitOf('sliding-window', 1, 1000))).toBe(125)
    expect(toleranceMsOf(limitOf('sliding-window', 1, 1001))).toBe(126)
    expect(toleranceMsOf(limitOf('token-bucket', 1, 1000))).toBe(1)
  })
})
