import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ClientTable } from '../../../../src/stores/memory/table/client-table.ts'
import { type Fingerprint, KeyHash } from '../../../../src/stores/memory/table/key-hash.ts'
import { NO_ROW } from '../../../../src/stores/memory/table/row-index.ts'
import { FINGERPRINT_WORDS } from '../../../../src/stores/memory/table/row-store.ts'
import { collidingFingerprints, fingerprintText, scatteredFingerprints } from './fingerprints.ts'

const WIDTHS = [3, 5, 8, 11, 20] as const

/** Where a client is kept: its row, and the chunk of that row. */
interface Place {
  readonly row: number
  readonly words: Int32Array
}

/** A table, beside a map of what it should hold. */
class MirroredTable {
  readonly table: ClientTable
  readonly #contents = new Map<Fingerprint, readonly number[]>()
  #written = 0

  constructor(mostClients: number) {
    this.table = new ClientTable(mostClients)
  }

  get clients(): Fingerprint[] {
    return [...this.#contents.keys()]
  }

  has(fingerprint: Fingerprint): boolean {
    return this.#contents.has(fingerprint)
  }

  add(fingerprint: Fingerprint, width: number): void {
    this.#write(fingerprint, this.table.add(fingerprint, width), width)
  }

  remove(fingerprint: Fingerprint): void {
    this.table.remove(this.table.find(fingerprint))
    this.#contents.delete(fingerprint)
  }

  /** Gives a client another width, unless it has that width. */
  resize(fingerprint: Fingerprint, width: number): void {
    const row = this.table.find(fingerprint)
    if (this.table.rows.widthOf(row) === width) return
    const newRow = this.table.resize(row, width)
    expect(this.table.find(fingerprint)).toBe(newRow)
    this.#write(fingerprint, newRow, width)
  }

  clear(): void {
    this.table.clear()
    this.#contents.clear()
  }

  places(): Map<Fingerprint, Place> {
    return new Map(
      this.clients.map((fingerprint) => {
        const row = this.table.find(fingerprint)
        return [fingerprint, { row, words: this.table.rows.wordsOf(row) }]
      }),
    )
  }

  /** Clients that are not found, that share a row, or whose words are not those that were written. */
  damaged(): string[] {
    const { rows } = this.table
    const seen = new Set<number>()
    return this.clients
      .filter((fingerprint) => {
        const row = this.table.find(fingerprint)
        const words = this.#contents.get(fingerprint) ?? []
        const found = [
          ...rows.wordsOf(row).subarray(rows.startOf(row), rows.startOf(row) + rows.widthOf(row)),
        ]
        const isShared = seen.has(row)
        seen.add(row)
        return row === NO_ROW || isShared || found.join() !== words.join()
      })
      .map(fingerprintText)
  }

  #write(fingerprint: Fingerprint, row: number, width: number): void {
    const { rows } = this.table
    const { first, second, third } = fingerprint
    const others = Array.from({ length: width - FINGERPRINT_WORDS }, () => this.#written++)
    rows.wordsOf(row).set(others, rows.startOf(row) + FINGERPRINT_WORDS)
    this.#contents.set(fingerprint, [first, second, third, ...others])
  }
}

/** Fingerprints that collide in every way, and some that do not collide. */
const POOL: readonly Fingerprint[] = [
  ...collidingFingerprints(0, 30),
  ...collidingFingerprints(-1, 22),
  ...collidingFingerprints(0x7fffffff, 15),
  ...collidingFingerprints(-0x80000000, 15),
  ...scatteredFingerprints(300),
]

interface Step {
  readonly act: 'add' | 'remove' | 'resize' | 'clear'
  readonly from: number
  readonly count: number
  readonly widths: readonly number[]
}

const step: fc.Arbitrary<Step> = fc.record({
  act: fc.oneof(
    { weight: 6, arbitrary: fc.constant('add' as const) },
    { weight: 4, arbitrary: fc.constant('remove' as const) },
    { weight: 4, arbitrary: fc.constant('resize' as const) },
    { weight: 1, arbitrary: fc.constant('clear' as const) },
  ),
  from: fc.nat(POOL.length - 1),
  count: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: POOL.length })),
  widths: fc.array(fc.constantFrom(...WIDTHS), { minLength: 1, maxLength: 3 }),
})
const steps = fc.array(step, { maxLength: 30, size: 'max' })

/** Applies a step to each of its clients, where it can be applied. */
function take(mirrored: MirroredTable, { act, from, count, widths }: Step): void {
  if (act === 'clear') mirrored.clear()
  for (let turn = 0; turn < count; turn++) {
    const fingerprint = POOL[(from + turn) % POOL.length] ?? UNKNOWN
    const width = widths[turn % widths.length] ?? 3
    const isKnown = mirrored.has(fingerprint)
    if (act === 'add' && !isKnown) mirrored.add(fingerprint, width)
    if (act === 'remove' && isKnown) mirrored.remove(fingerprint)
    if (act === 'resize' && isKnown) mirrored.resize(fingerprint, width)
  }
}

const UNKNOWN: Fingerprint = { first: 5, second: 5, third: 5 }

describe('a table of clients, on random traces,', () => {
  it.each([1, 10_000, 1_000_000])('made for %i clients, holds what a map would', (mostClients) => {
    fc.assert(
      fc.property(steps, (trace) => {
        const mirrored = new MirroredTable(mostClients)
        for (const each of trace) {
          take(mirrored, each)
          const { table } = mirrored
          expect(mirrored.damaged()).toEqual([])
          expect(table.size).toBe(mirrored.clients.length)
          expect(table.bytes === 0).toBe(table.size === 0)
          const strangers = POOL.filter((one) => !mirrored.has(one) && table.find(one) !== NO_ROW)
          expect(strangers).toEqual([])
        }
        for (const fingerprint of mirrored.clients) mirrored.remove(fingerprint)
        expect([mirrored.table.size, mirrored.table.bytes]).toEqual([0, 0])
      }),
      { numRuns: 50 },
    )
  })

  it('returns the rows of its clients as neighbours', () => {
    fc.assert(
      fc.property(steps, fc.constantFrom(...POOL, UNKNOWN), (trace, probe) => {
        const mirrored = new MirroredTable(1)
        for (const each of trace) take(mirrored, each)
        const into = new Int32Array(POOL.length + 1)
        const found = mirrored.table.neighbours(probe, into)
        const texts = [...into.subarray(0, found)].map((row) =>
          fingerprintText(mirrored.table.rows.fingerprintOf(row)),
        )
        expect(texts.toSorted()).toEqual(mirrored.clients.map(fingerprintText).toSorted())
        expect(mirrored.table.neighbours(probe, new Int32Array(3))).toBe(Math.min(3, found))
      }),
      { numRuns: 50 },
    )
  })

  it('counts a move whenever a client gets another row or another chunk', () => {
    fc.assert(
      fc.property(steps, (trace) => {
        const mirrored = new MirroredTable(1)
        const uncounted: Step[] = []
        for (const each of trace.flatMap(asSingleSteps)) {
          const { moves } = mirrored.table
          const before = mirrored.places()
          take(mirrored, each)
          if (mirrored.table.moves === moves && isMoved(before, mirrored.places())) uncounted.push(each)
        }
        expect(uncounted).toEqual([])
      }),
      { numRuns: 15 },
    )
  })

  function asSingleSteps({ count, widths, ...rest }: Step): Step[] {
    return Array.from({ length: Math.min(count, 40) }, (_, turn) => ({
      ...rest,
      from: rest.from + turn,
      count: 1,
      widths: [widths[turn % widths.length] ?? 3],
    }))
  }

  function isMoved(before: ReadonlyMap<Fingerprint, Place>, after: ReadonlyMap<Fingerprint, Place>): boolean {
    const isElsewhere = ([fingerprint, place]: [Fingerprint, Place]): boolean => {
      const now = after.get(fingerprint)
      return now?.row !== place.row || now.words !== place.words
    }
    return after.size !== before.size || [...before].some(isElsewhere)
  }
})

describe('the count of moves', () => {
  const [one = UNKNOWN, other = UNKNOWN] = scatteredFingerprints(2)

  it('rises with each call that may move a row', () => {
    const table = new ClientTable(100)
    const rises = (act: () => unknown): boolean => {
      const { moves } = table
      act()
      return table.moves > moves
    }
    expect(rises(() => table.add(one, 8))).toBe(true)
    expect(rises(() => table.add(other, 8))).toBe(true)
    expect(rises(() => table.resize(table.find(other), 11))).toBe(true)
    expect(rises(() => table.remove(table.find(one)))).toBe(true)
    expect(rises(() => table.clear())).toBe(true)
  })

  it('stays the same with every other call', () => {
    const table = new ClientTable(100)
    const row = table.add(one, 8)
    const { moves } = table
    table.find(one)
    table.find(other)
    table.neighbours(one, new Int32Array(4))
    table.rows.wordsOf(row).fill(7, table.rows.startOf(row) + FINGERPRINT_WORDS)
    expect([table.moves, table.find(one)]).toEqual([moves, row])
  })
})

describe('a table of clients', () => {
  it('is empty at first', () => {
    const table = new ClientTable(16_000_000)
    expect([table.size, table.bytes, table.find(UNKNOWN)]).toEqual([0, 0, NO_ROW])
    expect(table.neighbours(UNKNOWN, new Int32Array(4))).toBe(0)
  })

  it('can hold more clients than it was made for', () => {
    const mirrored = new MirroredTable(1)
    for (const fingerprint of scatteredFingerprints(20_000)) mirrored.add(fingerprint, 4)
    expect(mirrored.damaged()).toEqual([])
    expect(mirrored.table.size).toBe(20_000)
  })

  it('keeps each client unchanged while others are added, resized and removed in many chunks', () => {
    const mirrored = new MirroredTable(60_000)
    const all = scatteredFingerprints(60_000)
    for (const [at, fingerprint] of all.entries()) {
      mirrored.add(fingerprint, 4)
      const earlier = all[at >>> 1]
      if (at % 3 === 0 && earlier !== undefined && mirrored.has(earlier)) mirrored.resize(earlier, 6)
      if (at % 4 === 0 && earlier !== undefined && mirrored.has(earlier)) mirrored.remove(earlier)
    }
    expect(mirrored.damaged()).toEqual([])
    expect(all.filter((one) => !mirrored.has(one) && mirrored.table.find(one) !== NO_ROW)).toEqual([])
    expect(mirrored.table.rows.sizeClasses.map(({ chunks }) => chunks.length > 0)).toEqual([true, true])
    for (const fingerprint of all) if (mirrored.has(fingerprint)) mirrored.remove(fingerprint)
    expect([mirrored.table.size, mirrored.table.bytes]).toEqual([0, 0])
  })
})

describe('the memory of a table', () => {
  /** Bytes for each of `count` clients with one limit, and the bytes that are left when all are removed. */
  function bytesFor(count: number): { each: number; left: number } {
    const table = new ClientTable(count)
    const hash = new KeyHash(Int32Array.of(1, 2, 3, 4, 5, 6, 7, 8))
    for (let client = 0; client < count; client++) table.add(hash.of(`client-${client}`), 8)
    const each = table.bytes / count
    for (let client = count - 1; client >= 0; client--) table.remove(table.find(hash.of(`client-${client}`)))
    return { each, left: table.bytes }
  }

  it('grows in steps that each move no more than one part of the index', () => {
    const table = new ClientTable(40_000)
    let reads = 0
    const fingerprintOf = table.rows.fingerprintOf.bind(table.rows)
    table.rows.fingerprintOf = (row) => {
      reads++
      return fingerprintOf(row)
    }
    let most = 0
    for (const fingerprint of scatteredFingerprints(40_000)) {
      reads = 0
      table.add(fingerprint, 4)
      most = Math.max(most, reads)
    }
    expect(most).toBeGreaterThan(2000)
    expect(most).toBeLessThan(8192)
  })

  it.each([
    // Much of the last chunk of 4096 rows may be unused, which matters less the more clients there are.
    [100_000, 40],
    [500_000, 40],
  ])('is at most %i bytes for each client of eight words, and 0 when all are removed', (count, most) => {
    const { each, left } = bytesFor(count)
    expect(each).toBeGreaterThan(37)
    expect(each).toBeLessThanOrEqual(most)
    expect(left).toBe(0)
  })
})
