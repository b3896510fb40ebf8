import { describe, expect, it } from 'vitest'
import { nextId } from '../../src/limits/algorithm.ts'

describe('the next id', () => {
  it.each([
    [0, 1],
    [1, 2],
    // Above the largest signed number of 32 bits.
    [2 ** 31 - 1, 2 ** 31],
    [2 ** 31, 2 ** 31 + 1],
    [2 ** 32 - 2, 2 ** 32 - 1],
    // After the largest id comes 0, so that an id fits in 32 bits.
    [2 ** 32 - 1, 0],
  ])('after %i is %i', (id, next) => {
    expect(nextId(id)).toBe(next)
  })
})
