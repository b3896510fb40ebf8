import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { floatAt, putFloat } from '../../../../src/stores/memory/table/float-words.ts'

const SOME_WORD = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })

describe('a number of any size in two words', () => {
  it.each([
    0,
    -0,
    1,
    -1,
    0.1,
    2 ** 32,
    -(2 ** 40),
    999_999_999_999_999,
    Number.MAX_SAFE_INTEGER,
    Number.MIN_VALUE,
    Number.MAX_VALUE,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NaN,
  ])('is read as it was written: %d', (value) => {
    const words = new Int32Array(2)
    putFloat(words, 0, value)
    expect(floatAt(words, 0)).toBe(value)
  })

  it('leaves the words around it alone, and other numbers that were written before', () => {
    fc.assert(
      fc.property(
        fc.array(SOME_WORD, { minLength: 6, maxLength: 6 }),
        fc.double(),
        fc.double(),
        (before, one, other) => {
          const words = Int32Array.from(before)
          putFloat(words, 1, one)
          putFloat(words, 3, other)
          assert.equal(floatAt(words, 1), one)
          assert.equal(floatAt(words, 3), other)
          assert.deepEqual([words[0], words[5]], [before[0], before[5]])
        },
      ),
      { numRuns: 300 },
    )
  })
})
