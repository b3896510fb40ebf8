import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SpaceSaving } from '../../../src/tools/dashboard/space-saving.ts'

describe('Space-Saving', () => {
  it('counts exactly while every key has a counter', () => {
    const top = new SpaceSaving<string>(3)
    for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) top.add(key)
    expect(top.counters().map(({ key, count, error }) => [key, count, error])).toEqual(
      expect.arrayContaining([
        ['a', 3, 0],
        ['b', 2, 0],
        ['c', 1, 0],
      ]),
    )
  })

  it('gives the lowest counter to a new key, with its count as the error and without its value', () => {
    const top = new SpaceSaving<string>(2)
    top.add('a')
    top.add('a')
    top.add('b').value = 'of b'
    expect(top.add('c')).toMatchObject({ key: 'c', count: 2, error: 1, value: undefined })
    expect(top.get('b')).toBeUndefined()
    expect(top.get('a')).toMatchObject({ count: 2, error: 0 })
  })

  it('keeps the bounds of the paper, compared with exact counts', () => {
    const keys = fc.array(
      fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 60 })).map(String),
      { maxLength: 400 },
    )
    fc.assert(
      fc.property(keys, fc.integer({ min: 1, max: 12 }), (stream, capacity) => {
        const top = new SpaceSaving<never>(capacity)
        const exact = new Map<string, number>()
        for (const key of stream) {
          top.add(key)
          exact.set(key, (exact.get(key) ?? 0) + 1)
        }
        const counters = top.counters()
        expect(counters.length).toBe(Math.min(capacity, exact.size))
        expect(counters.reduce((sum, { count }) => sum + count, 0)).toBe(stream.length)
        expect(top.maxUncounted).toBeLessThanOrEqual(stream.length / capacity)
        for (const { key, count, error } of counters) {
          expect(count).toBeGreaterThanOrEqual(exact.get(key) ?? 0)
          expect(count - error).toBeLessThanOrEqual(exact.get(key) ?? 0)
          expect(error).toBeLessThanOrEqual(top.maxUncounted)
        }
        for (const [key, count] of exact) {
          if (count > stream.length / capacity) expect(top.get(key)).toBeDefined()
          if (top.get(key) === undefined) expect(count).toBeLessThanOrEqual(top.maxUncounted)
        }
      }),
    )
  })
})
