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
    ['has none left, however soon it is whole again', state('a', 0, 1), state('b', 1, 60_000)],
    // Fewer units count, not the smaller share: 4 of 1000 are gone before 5 of 5.
    ['has fewer units left of more', state('a', 4, 1000, 1000), state('b', 5, 1000, 5)],
    ['is longer to wait for where as many are left', state('a', 0, 60_000), state('b', 0, 1000)],
  ])('%s', (_what, tight, loose) => {
    expect(tighter(tight, loose)).toBe(tight)
    expect(tighter(loose, tight)).toBe(tight)
  })

  it('is the first where both are the same', () => {
    const [one, other] = [state('a', 3, 1000), state('b', 3, 1000)]
    expect(tighter(one, other)).toBe(one)
    expect(tighter(other, one)).toBe(other)
  })
})
