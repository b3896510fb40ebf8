import { describe, expect, it } from 'vitest'
import { type LimitState, tighter } from '../../src/limits/decision.ts'

const state = (name: string, remaining: number, resetMs: number, limit = 100): LimitState => ({
  name,
  limit,
  remaining,
  resetMs,
})

describe('the tighter of two limits', () => {
  it.each([
    ['has fewer units left', state('a', 1, 1000), state('b', 2, 60_000)],
    ['has no units left, even if all its units come back sooner', state('a', 0, 1), state('b', 1, 60_000)],
    // The number of units counts, not the share: 4 units of 1000 are fewer than 5 units of 5.
    ['has fewer units left, even if its limit is larger', state('a', 4, 1000, 1000), state('b', 5, 1000, 5)],
    ['has the longer wait if both have the same units left', state('a', 0, 60_000), state('b', 0, 1000)],
  ])('%s', (_what, tight, loose) => {
    expect(tighter(tight, loose)).toBe(tight)
    expect(tighter(loose, tight)).toBe(tight)
  })

  it('is the first limit if both are equal', () => {
    const [one, other] = [state('a', 3, 1000), state('b', 3, 1000)]
    expect(tighter(one, other)).toBe(one)
    expect(tighter(other, one)).toBe(other)
  })
})
