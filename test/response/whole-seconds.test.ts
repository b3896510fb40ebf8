import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { wholeSeconds } from '../../src/response/whole-seconds.ts'

describe('wholeSeconds', () => {
  it.each([
    [0, 1],
    [0.4, 1],
    [1, 1],
    [999, 1],
    [1000, 1],
    [1000.1, 2],
    [1001, 2],
    [17_200, 18],
    [18_000, 18],
    [60_000, 60],
    [60_001, 61],
    // A hundred years.
    [3_155_760_000_000, 3_155_760_000],
  ])('of %d ms is %i', (ms, seconds) => {
    expect(wholeSeconds(ms)).toBe(seconds)
  })

  it('of whole seconds is the same number, without a rounding error', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3_155_760_000 }), (seconds) => {
        expect(wholeSeconds(seconds * 1000)).toBe(seconds)
        expect(wholeSeconds(seconds * 1000 + 1)).toBe(seconds + 1)
      }),
    )
  })
})
