import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Fingerprint } from '../../../../src/stores/memory/table/key-hash.ts'
import { NO_ROW, RowIndex } from '../../../../src/stores/memory/table/row-index.ts'
import { ROW_BITS } from '../../../../src/stores/memory/table/row-store.ts'
import { FakeRows } from './fake-rows.ts'
import { collidingFingerprints, fingerprintText, scatteredFingerprints } from './fingerprints.ts'

/** How many row numbers an entry can hold. */
const MOST_ROWS = 2 ** ROW_BITS - 1

/** An index, with the fingerprints of the rows that have an entry in it. */
class CheckedIndex {
  readonly rows: FakeRows = new FakeRows()
  readonly index: RowIndex

  constructor(mostKeys: number) {
    this.index = new RowIndex(this.rows, mostKeys)
  }

  insert(fingerprint: Fingerprint, row: number): void {
    this.rows.fingerprints.set(row, fingerprint)
    this.index.insert(fingerprint, row)
  }

  remove(row: number): void {
    this.index.remove(this.#at(row), row)
    this.rows.fingerprints.delete(row)
  }

  renumber(row: number, newRow: number): void {
    const fingerprint = this.#at(row)
    this.rows.fingerprints.delete(row)
    this.rows.fingerprints.set(newRow, fingerprint)
    this.index.renumber(fingerprint, row, newRow)
  }

  clear(): void {
    this.index.clear()
    this.rows.fingerprints.clear()
  }

  /** Rows that are not found by their fingerprint, or are found by a fingerprint without an entry. */
  misplaced(absent: readonly Fingerprint[] = []): number[] {
    const known = [...this.rows.fingerprints]
    const texts = new Set(known.map(([, fingerprint]) => fingerprintText(fingerprint)))
    return [
      ...known.filter(([row, fingerprint]) => this.index.find(fingerprint) !== row).map(([row]) => row),
      ...absent
        .filter((fingerprint) => !texts.has(fingerprintText(fingerprint)))
        .map((fingerprint) => this.index.find(fingerprint))
        .filter((row) => row !== NO_ROW),
    ]
  }

  #at(row: number): Fingerprint {
    return this.rows.fingerprintOf(row)
  }
}

function indexOf(fingerprints: readonly Fingerprint[], mostKeys: number = fingerprints.length): CheckedIndex {
  const index = new CheckedIndex(mostKeys)
  for (const [row, fingerprint] of fingerprints.entries()) index.insert(fingerprint, row)
  return index
}

function neighboursOf(index: RowIndex, probe: Fingerprint, most: number): number[] {
  const into = new Int32Array(most).fill(-7)
  const found = index.neighbours(probe, into)
  expect(found).toBeLessThanOrEqual(most)
  expect([...into.subarray(found)].every((row) => row === -7)).toBe(true)
  return [...into.subarray(0, found)]
}

/** Fingerprints that collide in every way that the format allows, and some that do not collide. */
const POOL: readonly Fingerprint[] = [
  ...collidingFingerprints(0, 20),
  ...collidingFingerprints(1, 10),
  // In the last home, after which there are the fewest slots.
  ...collidingFingerprints(-1, 20),
  ...collidingFingerprints(-2, 4),
  ...collidingFingerprints(2 ** 31 - 1, 15),
  ...collidingFingerprints(-(2 ** 31), 15),
  ...scatteredFingerprints(300),
]

interface Step {
  readonly act: 'insert' | 'remove' | 'renumber' | 'clear'
  readonly from: number
  readonly count: number
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    act: fc.oneof(
      { weight: 5, arbitrary: fc.constant('insert' as const) },
      { weight: 4, arbitrary: fc.constant('remove' as const) },
      { weight: 2, arbitrary: fc.constant('renumber' as const) },
      { weight: 1, arbitrary: fc.constant('clear' as const) },
    ),
    from: fc.nat(POOL.length - 1),
    count: fc.oneof(
      fc.constant(1),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: POOL.length }),
    ),
  }),
  { maxLength: 30, size: 'max' },
)

describe('an index of rows, on random traces,', () => {
  /** Applies a step to each of its fingerprints, where it can be applied. */
  function take(index: CheckedIndex, { act, from, count }: Step, nextRow: () => number): void {
    if (act === 'clear') index.clear()
    for (let at = from; at < from + count; at++) {
      const fingerprint = POOL[at % POOL.length] ?? { first: 0, second: 0, third: 0 }
      const row = index.index.find(fingerprint)
      if (act === 'insert' && row === NO_ROW) index.insert(fingerprint, nextRow())
      if (act === 'remove' && row !== NO_ROW) index.remove(row)
      if (act === 'renumber' && row !== NO_ROW) index.renumber(row, nextRow())
    }
  }

  it.each([1, 20_000, 100_000])(
    'made for %i keys, finds the rows that have an entry, and no others',
    (mostKeys) => {
      fc.assert(
        fc.property(steps, fc.constantFrom(1, 97), (trace, stride) => {
          const index = new CheckedIndex(mostKeys)
          let row = 0
          const nextRow = (): number => {
            row = (row + stride * 16_381) % MOST_ROWS
            return row
          }
          for (const step of trace) {
            take(index, step, nextRow)
            expect(index.misplaced(POOL)).toEqual([])
            expect(index.index.bytes === 0).toBe(index.rows.fingerprints.size === 0)
          }
        }),
        { numRuns: 60 },
      )
    },
  )

  it('returns all rows of a segment as neighbours, each once, and continues at the first slot', () => {
    fc.assert(
      fc.property(steps, fc.nat(POOL.length - 1), (trace, at) => {
        const index = new CheckedIndex(1)
        let row = 0
        for (const step of trace) take(index, step, () => row++)
        const probe = POOL[at] ?? { first: 0, second: 0, third: 0 }
        const inOrder = neighboursOf(index.index, { first: 0, second: 0, third: 0 }, 1000)
        const around = neighboursOf(index.index, probe, 1000)
        expect(around.toSorted()).toEqual([...index.rows.fingerprints.keys()].toSorted())
        const start = inOrder.indexOf(around[0] ?? NO_ROW)
        expect(around).toEqual([...inOrder.slice(start), ...inOrder.slice(0, start)])
        const itself = index.index.find(probe)
        if (itself !== NO_ROW) expect(around.slice(0, 32)).toContain(itself)
      }),
      { numRuns: 100 },
    )
  })
})

describe('fingerprints with one first word', () => {
  it.each([
    // An entry is at most 31 slots from home. After the last home there are 23 slots that can be used.
    ['0', 0, 32],
    ['of the middle', 0x12345678, 32],
    ['above 2^31', -0x12345678, 32],
    ['of the last home', -1, 24],
  ])('%s are all found, and can be removed in any order', (_name, first, count) => {
    const colliding = collidingFingerprints(first, count)
    fc.assert(
      fc.property(fc.shuffledSubarray(colliding.map((_fingerprint, row) => row)), (removed) => {
        const index = indexOf(colliding)
        expect(index.misplaced(collidingFingerprints(first, 100))).toEqual([])
        for (const row of removed) {
          index.remove(row)
          expect(index.misplaced(colliding)).toEqual([])
        }
        for (const row of removed) index.insert(colliding[row] ?? { first: 0, second: 0, third: 0 }, row)
        expect(index.misplaced(collidingFingerprints(first, 100))).toEqual([])
      }),
      { numRuns: 20 },
    )
  })

  it('are distinguished from fingerprints that differ in one bit of any word', () => {
    const one: Fingerprint = { first: 0x12345678, second: 0x2468ace, third: -5 }
    const others = (['first', 'second', 'third'] as const).flatMap((word) =>
      Array.from({ length: 32 }, (_, bit) => ({ ...one, [word]: one[word] ^ (1 << bit) })),
    )
    for (const mostKeys of [1, 16_000_000]) {
      expect(indexOf([one], mostKeys).misplaced(others)).toEqual([])
      for (const other of others) expect(indexOf([one, other], mostKeys).misplaced()).toEqual([])
    }
  })

  it('move the entries after them further from home, and nearer again when they are removed', () => {
    const groups = [0, 1, 2, 3].flatMap((home) => collidingFingerprints(home * 2 ** 24, 12))
    const index = indexOf([...scatteredFingerprints(200), ...groups])
    expect(index.misplaced()).toEqual([])
    for (let row = 200; row < 200 + 24; row++) index.remove(row)
    expect(index.misplaced([...scatteredFingerprints(200), ...groups])).toEqual([])
  })
})

describe('a search', () => {
  it('compares few rows of other clients', () => {
    const known = scatteredFingerprints(20_000)
    const { rows, index } = indexOf(known)
    rows.compared = 0
    for (const fingerprint of known) index.find(fingerprint)
    expect(rows.compared).toBeGreaterThanOrEqual(20_000)
    expect(rows.compared).toBeLessThan(1.1 * 20_000)
    rows.compared = 0
    for (const fingerprint of scatteredFingerprints(40_000).slice(20_000)) index.find(fingerprint)
    expect(rows.compared).toBeLessThan(0.15 * 20_000)
  })
})

describe('the numbers of rows', () => {
  it('may be any up to the largest', () => {
    const fingerprints = scatteredFingerprints(50)
    const index = new CheckedIndex(50)
    const rowOf = (at: number): number => (at % 2 === 0 ? at / 2 : MOST_ROWS - (at + 1) / 2)
    for (const [at, fingerprint] of fingerprints.entries()) index.insert(fingerprint, rowOf(at))
    expect([...index.rows.fingerprints.keys()]).toContain(2 ** 24 - 2)
    expect(index.misplaced(scatteredFingerprints(100))).toEqual([])
    expect(neighboursOf(index.index, { first: 0, second: 0, third: 0 }, 100).toSorted()).toEqual(
      fingerprints.map((_, at) => rowOf(at)).toSorted(),
    )
  })

  it('may change, and nothing else changes', () => {
    const index = indexOf(scatteredFingerprints(5000))
    const before = neighboursOf(index.index, { first: 0, second: 0, third: 0 }, 5000)
    for (let row = 0; row < 5000; row++) index.renumber(row, MOST_ROWS - 1 - row)
    expect(index.misplaced(scatteredFingerprints(6000))).toEqual([])
    const after = neighboursOf(index.index, { first: 0, second: 0, third: 0 }, 5000)
    expect(after).toEqual(before.map((row) => MOST_ROWS - 1 - row))
  })
})

describe('neighbours', () => {
  /** The middle of one of the eight homes that the smallest segment has. */
  const inHome = (home: number, third = 0): Fingerprint => ({
    first: ((home + 0.5) * 2 ** 29) | 0,
    second: 0,
    third,
  })

  it('are none where the index is empty', () => {
    const { index } = new CheckedIndex(1000)
    expect(neighboursOf(index, inHome(0), 16)).toEqual([])
    expect(neighboursOf(indexOf([inHome(0)]).index, inHome(0), 0)).toEqual([])
  })

  it('are the rows from the home of the fingerprint on, and then those from the first slot on', () => {
    const { index } = indexOf([inHome(6), inHome(1), inHome(4), inHome(0)])
    expect(neighboursOf(index, inHome(0), 16)).toEqual([3, 1, 2, 0])
    expect(neighboursOf(index, inHome(1), 16)).toEqual([1, 2, 0, 3])
    expect(neighboursOf(index, inHome(2), 16)).toEqual([2, 0, 3, 1])
    expect(neighboursOf(index, inHome(4), 16)).toEqual([2, 0, 3, 1])
    expect(neighboursOf(index, inHome(5), 16)).toEqual([0, 3, 1, 2])
    expect(neighboursOf(index, inHome(7), 16)).toEqual([3, 1, 2, 0])
  })

  it('include the rows after the last home', () => {
    const { index } = indexOf([inHome(7, 1), inHome(7, 2), inHome(7, 3), inHome(0)])
    expect(neighboursOf(index, inHome(7), 16)).toEqual([0, 1, 2, 3])
    expect(neighboursOf(index, inHome(1), 16)).toEqual([0, 1, 2, 3])
  })

  it('are at most as many as fit', () => {
    const { index } = indexOf([inHome(6), inHome(1), inHome(4), inHome(0)])
    expect(neighboursOf(index, inHome(5), 1)).toEqual([0])
    expect(neighboursOf(index, inHome(5), 2)).toEqual([0, 3])
    expect(neighboursOf(index, inHome(5), 4)).toEqual([0, 3, 1, 2])
  })

  it('are of one segment, and near the fingerprint in it', () => {
    const fingerprints = scatteredFingerprints(20_000)
    const { index } = indexOf(fingerprints, 32_768)
    const distance = (row: number, { first }: Fingerprint): number =>
      (((fingerprints[row]?.first ?? 0) - first) >>> 0) / 2 ** 32
    for (const probe of scatteredFingerprints(20_020).slice(19_980)) {
      const all = neighboursOf(index, probe, 20_000)
      const segment = [...fingerprints.keys()].filter(
        (row) => (((fingerprints[row]?.second ?? 0) ^ probe.second) & 3) === 0,
      )
      expect(all.toSorted()).toEqual(segment.toSorted())
      // 16 of 5000 rows take about 16 / 5000 of a segment. A row may also have been moved there from an earlier home.
      const far = all.slice(0, 16).filter((row) => distance(row, probe) > 0.02 && distance(row, probe) < 0.98)
      expect(far).toEqual([])
    }
  })
})

describe('the memory of an index', () => {
  const COUNT = 2 ** 17
  const fingerprints = scatteredFingerprints(COUNT)

  it('grows and shrinks in steps that each move no more than one segment', () => {
    const { rows, index } = new CheckedIndex(COUNT)
    const mostMoved = (act: (row: number, fingerprint: Fingerprint) => void): number => {
      let most = 0
      for (const [row, fingerprint] of fingerprints.entries()) {
        rows.asked = 0
        act(row, fingerprint)
        most = Math.max(most, rows.asked)
      }
      return most
    }
    let moved = 0
    const onGrowth = mostMoved((row, fingerprint) => {
      rows.fingerprints.set(row, fingerprint)
      index.insert(fingerprint, row)
      moved += rows.asked
    })
    // 16 segments of 8192 keys, plus or minus 5 standard deviations.
    expect(onGrowth).toBeGreaterThan(4000)
    expect(onGrowth).toBeLessThan(8192 + 450)
    expect(moved).toBeLessThan(6 * COUNT)
    expect(index.bytes).toBeGreaterThan(5 * COUNT)
    expect(index.bytes).toBeLessThan(6.3 * COUNT)
    moved = 0
    const onShrinking = mostMoved((row, fingerprint) => {
      index.remove(fingerprint, row)
      moved += rows.asked
    })
    expect(onShrinking).toBeGreaterThan(3000)
    expect(onShrinking).toBeLessThan(8192 + 450)
    expect(moved).toBeLessThan(4 * COUNT)
    expect(index.bytes).toBe(0)
  })

  it('is never much more than needed', () => {
    const index = new CheckedIndex(8192)
    const sizes = [...fingerprints.keys()].slice(0, 8192)
    const excess = (): number => {
      const keys = index.rows.fingerprints.size
      // An entry of 4 bytes takes 10 bytes where a segment is 0.4 full. 8 homes and 24 slots come on top.
      return index.index.bytes - (10 * keys + 4 * (8 + 24 + 1))
    }
    const tooMuch: number[] = []
    for (const row of sizes) {
      index.insert(fingerprints[row] ?? { first: 0, second: 0, third: 0 }, row)
      if (excess() > 0) tooMuch.push(row)
    }
    for (const row of sizes) {
      index.remove(row)
      if (excess() > 0) tooMuch.push(row)
    }
    expect(tooMuch).toEqual([])
    expect(index.index.bytes).toBe(0)
  })

  it('is not taken and given back again and again where a segment grows or shrinks', () => {
    const index = new CheckedIndex(8192)
    const changes: number[] = []
    const last = fingerprints[COUNT - 1] ?? { first: 0, second: 0, third: 0 }
    const rows = [...fingerprints.keys()].slice(0, 2000)
    for (const row of rows) {
      index.insert(fingerprints[row] ?? last, row)
      index.insert(last, COUNT)
      const { bytes } = index.index
      index.remove(COUNT)
      if (index.index.bytes !== bytes) changes.push(row)
    }
    // The remaining entry keeps the segment in place.
    for (const row of rows.slice(1)) {
      index.remove(row)
      const { bytes } = index.index
      index.insert(last, COUNT)
      if (index.index.bytes !== bytes) changes.push(-row)
      index.remove(COUNT)
    }
    expect(changes).toEqual([])
  })

  it('is 0 after the index was cleared, and then grows as in a new index', () => {
    const index = indexOf(fingerprints.slice(0, 1000), COUNT)
    index.clear()
    expect(index.index.bytes).toBe(0)
    expect(index.misplaced(fingerprints.slice(0, 1000))).toEqual([])
    expect(neighboursOf(index.index, { first: 0, second: 0, third: 0 }, 10)).toEqual([])
    const fresh = new CheckedIndex(COUNT)
    for (const [row, fingerprint] of fingerprints.slice(0, 3000).entries()) {
      index.insert(fingerprint, row)
      fresh.insert(fingerprint, row)
      expect(index.index.bytes).toBe(fresh.index.bytes)
    }
    expect(index.misplaced(fingerprints.slice(0, 4000))).toEqual([])
  })

  it('is 0 at first, for any number of keys that are expected', () => {
    for (const mostKeys of [1, 8192, 8193, 16_000_000]) {
      const index = new CheckedIndex(mostKeys)
      expect(index.index.bytes).toBe(0)
      expect(index.misplaced(fingerprints.slice(0, 5000))).toEqual([])
    }
  })
})

describe('a RowIndex that expects keys', () => {
  it('takes room for them with the first key of a segment, and finds them all', () => {
    const checked = new CheckedIndex(8192)
    const fingerprints = scatteredFingerprints(8000)
    checked.index.expect(8000)
    expect(checked.index.bytes).toBe(0)
    checked.insert(fingerprints[0] as Fingerprint, 0)
    const { bytes } = checked.index
    for (const [row, fingerprint] of fingerprints.entries()) if (row > 0) checked.insert(fingerprint, row)
    expect(checked.index.bytes).toBe(bytes)
    expect(checked.misplaced()).toEqual([])
  })

  it('grows step by step when it does not expect any more', () => {
    const checked = new CheckedIndex(8192)
    checked.index.expect(8000)
    checked.index.expect(0)
    const [fingerprint] = scatteredFingerprints(1)
    checked.insert(fingerprint as Fingerprint, 0)
    expect(checked.index.bytes).toBeLessThan(200)
  })
})
