import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  NumberReader,
  NumberWriter,
  readDouble,
  writeDouble,
} from '../../../../src/stores/memory/table/row-numbers.ts'

interface SomeNumber {
  readonly kind: 'instant' | 'amount'
  readonly value: number
}

const BASE_MS = 1_764_000_000_000
const LARGEST_WORD = 2 ** 32 - 1
/** The value of the words before and after a row. */
const OTHERS = 0x5eed

const SOME_WORD = fc.oneof(fc.constantFrom(0, 1, 2 ** 31 - 1, 2 ** 31, LARGEST_WORD), fc.nat(LARGEST_WORD))
const SOME_NARROW: fc.Arbitrary<SomeNumber> = fc.oneof(
  SOME_WORD.map((value): SomeNumber => ({ kind: 'amount', value })),
  SOME_WORD.map((word): SomeNumber => ({ kind: 'instant', value: BASE_MS - word })),
)
const SOME_WIDE: fc.Arbitrary<SomeNumber> = fc
  .tuple(fc.constantFrom('instant' as const, 'amount' as const), fc.oneof(fc.double(), fc.maxSafeInteger()))
  .map(([kind, value]) => ({ kind, value }))

/** Numbers that do not fit in one word. */
const MISFITS: readonly SomeNumber[] = [
  { kind: 'amount', value: LARGEST_WORD + 1 },
  { kind: 'amount', value: -1 },
  { kind: 'amount', value: 0.5 },
  { kind: 'amount', value: Number.NaN },
  { kind: 'amount', value: Number.POSITIVE_INFINITY },
  { kind: 'instant', value: BASE_MS + 1 },
  { kind: 'instant', value: BASE_MS - LARGEST_WORD - 1 },
  { kind: 'instant', value: BASE_MS - 0.5 },
  { kind: 'instant', value: Number.NEGATIVE_INFINITY },
]

function draftOf(numbers: readonly SomeNumber[], draft = new NumberWriter()): NumberWriter {
  draft.clear()
  for (const { kind, value } of numbers) draft[kind](value)
  return draft
}

function readBack(reader: NumberReader, numbers: readonly SomeNumber[]): SomeNumber[] {
  return numbers.map(({ kind }) => ({ kind, value: reader[kind]() }))
}

/** `length` words for the numbers, with two words of other rows before them and two after. */
function wordsAround(length: number): Int32Array {
  return new Int32Array(length + 4).fill(OTHERS)
}

function othersOf(words: Int32Array): number[] {
  return [...words.slice(0, 2), ...words.slice(-2)]
}

describe('numbers in a narrow row', () => {
  it('are read as they were written, one word each, whatever the draft held before', () => {
    const draft = new NumberWriter()
    fc.assert(
      fc.property(fc.array(SOME_NARROW, { maxLength: 80, size: 'max' }), (numbers) => {
        draftOf(numbers, draft)
        const words = wordsAround(numbers.length)
        assert.equal(draft.writeNarrow(words, 2, BASE_MS), true)
        const reader = new NumberReader()
        reader.openNarrow(words, 2, BASE_MS)
        assert.deepEqual(readBack(reader, numbers), numbers)
        assert.deepEqual(othersOf(words), Array(4).fill(OTHERS))
      }),
      { numRuns: 300 },
    )
  })

  it.each(MISFITS)('do not fit where one is the $kind $value', (misfit) => {
    const fitting: SomeNumber = { kind: 'amount', value: 1 }
    for (const numbers of [[misfit], [misfit, fitting], [fitting, misfit]]) {
      expect(draftOf(numbers).writeNarrow(new Int32Array(2), 0, BASE_MS)).toBe(false)
    }
    expect(draftOf([fitting, fitting]).writeNarrow(new Int32Array(2), 0, BASE_MS)).toBe(true)
  })

  it('fit into no words at all where the draft is empty', () => {
    expect(new NumberWriter().writeNarrow(new Int32Array(0), 0, BASE_MS)).toBe(true)
  })
})

describe('numbers in a wide row', () => {
  it('are read as they were written, two words each', () => {
    fc.assert(
      fc.property(fc.array(SOME_WIDE, { maxLength: 80, size: 'max' }), (numbers) => {
        const words = wordsAround(2 * numbers.length)
        draftOf(numbers).writeWide(words, 2)
        const reader = new NumberReader()
        reader.openWide(words, 2)
        assert.deepEqual(readBack(reader, numbers), numbers)
        assert.deepEqual(othersOf(words), Array(4).fill(OTHERS))
      }),
      { numRuns: 300 },
    )
  })

  it('may be numbers that do not fit into a narrow row', () => {
    const words = new Int32Array(2 * MISFITS.length)
    const draft = draftOf(MISFITS)
    expect(draft.writeNarrow(words, 0, BASE_MS)).toBe(false)
    draft.writeWide(words, 0)
    const reader = new NumberReader()
    reader.openWide(words, 0)
    expect(readBack(reader, MISFITS)).toEqual(MISFITS)
  })
})

describe('a number reader', () => {
  it('can read a wide row, then a narrow row, and a wide row again', () => {
    const numbers: SomeNumber[] = [
      { kind: 'instant', value: BASE_MS - 7 },
      { kind: 'amount', value: 3 },
    ]
    const [narrow, wide] = [new Int32Array(2), new Int32Array(4)]
    draftOf(numbers).writeNarrow(narrow, 0, BASE_MS)
    draftOf(numbers).writeWide(wide, 0)
    const reader = new NumberReader()
    for (let turn = 0; turn < 2; turn++) {
      reader.openWide(wide, 0)
      expect(readBack(reader, numbers)).toEqual(numbers)
      reader.openNarrow(narrow, 0, BASE_MS)
      expect(readBack(reader, numbers)).toEqual(numbers)
    }
  })
})

describe('the words that a draft needs', () => {
  it.each([
    // One window or bucket has three numbers, so most clients have no unused word.
    [0, 3, 3],
    [1, 3, 6],
    [2, 3, 6],
    [3, 3, 12],
    [4, 6, 12],
    [5, 6, 12],
    [6, 6, 24],
    [7, 12, 24],
    [12, 12, 48],
    [13, 24, 48],
    [100, 192, 384],
  ])(
    'are, for %i numbers, %i in a narrow row and %i in a wide row with the expiry',
    (count, narrow, wide) => {
      const draft = draftOf(Array(count).fill({ kind: 'amount', value: 1 }))
      expect([draft.wordsFor(false), draft.wordsFor(true)]).toEqual([narrow, wide])
    },
  )

  it('count the numbers since the draft was cleared', () => {
    const draft = draftOf(Array(50).fill({ kind: 'amount', value: 1 }))
    draft.clear()
    draft.amount(9)
    expect(draft.wordsFor(false)).toBe(3)
    const words = wordsAround(1)
    draft.writeNarrow(words, 2, BASE_MS)
    expect([...words]).toEqual([OTHERS, OTHERS, 9, OTHERS, OTHERS])
  })
})

describe('a number written as two words', () => {
  const someWord = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })

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
    writeDouble(words, 0, value)
    expect(readDouble(words, 0)).toBe(value)
  })

  it('does not change the words around it, or a number written before', () => {
    fc.assert(
      fc.property(
        fc.array(someWord, { minLength: 6, maxLength: 6 }),
        fc.double(),
        fc.double(),
        (before, one, other) => {
          const words = Int32Array.from(before)
          writeDouble(words, 1, one)
          writeDouble(words, 3, other)
          assert.equal(readDouble(words, 1), one)
          assert.equal(readDouble(words, 3), other)
          assert.deepEqual([words[0], words[5]], [before[0], before[5]])
        },
      ),
      { numRuns: 300 },
    )
  })
})
