import { describe, expect, it } from 'vitest'
import { PERIOD_MS, RecentTop } from '../../../src/tools/dashboard/recent-top.ts'

describe('the most frequent keys', () => {
  it('come first, with their newest value', () => {
    const top = new RecentTop<string>(0)
    top.add('a', 'old', 0)
    top.add('b', 'only', 1)
    top.add('a', 'new', 2)
    expect(top.top(10, 3)).toEqual([
      { key: 'a', minCount: 2, maxCount: 2, value: 'new' },
      { key: 'b', minCount: 1, maxCount: 1, value: 'only' },
    ])
    expect(top.top(1, 3)).toHaveLength(1)
  })

  it('are counted in the current and in the previous period, and then forgotten', () => {
    const top = new RecentTop<string>(0)
    top.add('a', 'one', 0)
    top.add('a', 'two', PERIOD_MS)
    expect(top.top(10, PERIOD_MS)).toEqual([{ key: 'a', minCount: 2, maxCount: 2, value: 'two' }])
    expect(top.top(10, 2 * PERIOD_MS)).toEqual([{ key: 'a', minCount: 1, maxCount: 1, value: 'two' }])
    expect(top.top(10, 3 * PERIOD_MS)).toEqual([])
    top.add('b', 'late', 3 * PERIOD_MS)
    expect(top.top(10, 9 * PERIOD_MS)).toEqual([])
  })

  it('have a range that contains the exact count if there are more keys than counters', () => {
    const top = new RecentTop<number>(0)
    for (let count = 0; count < 500; count++) {
      top.add('heavy', count, 0)
      top.add(`other-${count}`, count, 0)
    }
    const [first] = top.top(10, 0)
    expect(first?.key).toBe('heavy')
    expect(first?.minCount).toBeLessThanOrEqual(500)
    expect(first?.maxCount).toBeGreaterThanOrEqual(500)
    expect(top.top(10_000, 0)).toHaveLength(100)
  })
})
