import { describe, expect, it } from 'vitest'
import { GENERATION_MS, RecentTop } from '../../../src/tools/dashboard/recent-top.ts'

describe('the most frequent of late', () => {
  it('come first, with their newest note', () => {
    const top = new RecentTop<string>(0)
    top.add('a', 'old', 0)
    top.add('b', 'only', 1)
    top.add('a', 'new', 2)
    expect(top.top(10, 3)).toEqual([
      { key: 'a', least: 2, most: 2, note: 'new' },
      { key: 'b', least: 1, most: 1, note: 'only' },
    ])
    expect(top.top(1, 3)).toHaveLength(1)
  })

  it('are counted over this generation and the one before it, and then forgotten', () => {
    const top = new RecentTop<string>(0)
    top.add('a', 'one', 0)
    top.add('a', 'two', GENERATION_MS)
    expect(top.top(10, GENERATION_MS)).toEqual([{ key: 'a', least: 2, most: 2, note: 'two' }])
    expect(top.top(10, 2 * GENERATION_MS)).toEqual([{ key: 'a', least: 1, most: 1, note: 'two' }])
    expect(top.top(10, 3 * GENERATION_MS)).toEqual([])
    top.add('b', 'late', 3 * GENERATION_MS)
    expect(top.top(10, 9 * GENERATION_MS)).toEqual([])
  })

  it('are given with the range that their count must lie in, where there are more keys than counters', () => {
    const top = new RecentTop<number>(0)
    for (let count = 0; count < 500; count++) {
      top.add('heavy', count, 0)
      top.add(`stranger-${count}`, count, 0)
    }
    const [first] = top.top(10, 0)
    expect(first?.key).toBe('heavy')
    expect(first?.least).toBeLessThanOrEqual(500)
    expect(first?.most).toBeGreaterThanOrEqual(500)
    expect(top.top(10_000, 0)).toHaveLength(100)
  })
})
