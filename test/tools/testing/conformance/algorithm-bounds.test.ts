import { describe, expect, it } from 'vitest'
import type { AlgorithmName, Limit } from '../../../../src/limits/limit.ts'
import {
  latenessMs,
  mayRefuse,
  mustRefuse,
  type Taken,
} from '../../../../src/tools/testing/conformance/algorithm-bounds.ts'

function limitOf(algorithm: AlgorithmName, limit: number, windowMs: number, burst = limit): Limit {
  return { name: 'some', limit, windowMs, ttlMs: windowMs, burst, algorithm }
}

/** Where the bound lies: `must`, `may` or `must not`, for the last of the charges on top of the others. */
function judge(limit: Limit, ...charges: readonly (readonly [atMs: number, units: number])[]): string {
  const taken: readonly Taken[] = charges.slice(0, -1).map(([atMs, units]) => ({ atMs, units }))
  const [nowMs = 0, cost = 0] = charges.at(-1) ?? []
  if (mustRefuse(taken, nowMs, cost, limit)) return 'must'
  return mayRefuse(taken, nowMs, cost, limit) ? 'may' : 'must not'
}

describe('the bound of a fixed window', () => {
  const limit = limitOf('fixed-window', 4, 1000)

  it('is on each window by itself, and nothing may be late', () => {
    expect(judge(limit, [0, 4])).toBe('must not')
    expect(judge(limit, [0, 5])).toBe('must')
    expect(judge(limit, [7, 1], [1006, 3])).toBe('must not')
    expect(judge(limit, [7, 1], [1006, 4])).toBe('must')
    expect(judge(limit, [7, 1], [1006, 3], [1007, 4])).toBe('must not')
    expect(judge(limit, [7, 1], [1006, 3], [1007, 4], [2006, 1])).toBe('must')
  })

  it('is on windows that open with a charge, however long nobody came', () => {
    expect(judge(limit, [0, 4], [2500, 3], [3100, 1])).toBe('must not')
    expect(judge(limit, [0, 4], [2500, 3], [3100, 2])).toBe('must')
  })
})

describe('the bound of a sliding window', () => {
  const limit = limitOf('sliding-window', 4, 1000)

  it('is on any stretch of its length, and a unit may weigh an eighth longer', () => {
    expect(judge(limit, [0, 4])).toBe('must not')
    expect(judge(limit, [0, 1], [600, 3], [999, 1])).toBe('must')
    expect(judge(limit, [0, 1], [600, 3], [1000, 1])).toBe('may')
    expect(judge(limit, [0, 1], [600, 3], [1124, 1])).toBe('may')
    expect(judge(limit, [0, 1], [600, 3], [1125, 1])).toBe('must not')
    expect(judge(limit, [0, 1], [600, 3], [1125, 2])).toBe('must')
  })
})

describe('the bound of a token bucket', () => {
  const limit = limitOf('token-bucket', 7, 1000, 3)

  it('is on any interval, up to the millisecond in which a unit is whole', () => {
    expect(judge(limit, [0, 3])).toBe('must not')
    expect(judge(limit, [0, 4])).toBe('must')
    // A unit takes 142.86 ms to come back.
    expect(judge(limit, [0, 3], [142, 1])).toBe('must')
    expect(judge(limit, [0, 3], [143, 1])).toBe('may')
    expect(judge(limit, [0, 3], [144, 1])).toBe('must not')
    expect(judge(limit, [0, 3], [144, 2])).toBe('must')
    // An interval that begins later can be the one that is full.
    expect(judge(limit, [0, 1], [5000, 3], [5100, 1])).toBe('must')
    expect(judge(limit, [0, 1], [1, 2], [142, 1])).toBe('must')
  })

  it('is no looser at the instant of another charge', () => {
    expect(judge(limit, [0, 1], [0, 2])).toBe('must not')
    expect(judge(limit, [0, 1], [0, 3])).toBe('must')
  })
})

describe('how long a unit may be late', () => {
  it('is an eighth of a sliding window, a millisecond of a bucket and nothing of a fixed window', () => {
    expect(latenessMs(limitOf('fixed-window', 1, 1000))).toBe(0)
    expect(latenessMs(limitOf('sliding-window', 1, 1000))).toBe(125)
    expect(latenessMs(limitOf('sliding-window', 1, 1001))).toBe(126)
    expect(latenessMs(limitOf('token-bucket', 1, 1000))).toBe(1)
  })
})
