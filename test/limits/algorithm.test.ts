import { describe, expect, it } from 'vitest'
import { nextId } from '../../src/limits/algorithm.ts'

describe('the next id', () => {
  it.each([
    [0, 1],
    [1, 2],
    // Beyond what a signed word holds.
    [2 ** 31 - 1, 2 ** 31],
    [2 ** 31, 2 ** 31 + 1],
    [2 ** 32 - 2, 2 ** 32 - 1],
    // Ids go round, so that a word of 32 bits holds one.
    [2 ** 32 - 1, 0],
  ])('after %i is %i', (id, next) => {
    expect(nextId(id)).toBe(next)
  })
})
