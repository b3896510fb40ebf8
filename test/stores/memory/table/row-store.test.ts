import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Fingerprint } from '../../../../src/stores/memory/table/key-hash.ts'
import { FINGERPRINT_WORDS, RowStore, rowAt } from '../../../../src/stores/memory/table/row-store.ts'
import { scatteredFingerprints } from './fingerprints.ts'

const ROWS_PER_CHUNK = 4096
const WORD_BYTES = 4

const fingerprintOf = (client: number): Fingerprint => ({ first: client, second: ~client, third: client * 7 })

/** The words that a client's row should hold after its fingerprint. */
const wordOf = (client: number, index: number): number => (client * 1000 + index) | 0

/** A store with words in all rows, and what each word should be. */
class FilledStore {
  readonly store: RowStore = new RowStore()
  /** The client on each row. */
  readonly clients: Map<number, number> = new Map()
  readonly widths: Map<number, number> = new Map()
  #clientsSoFar = 0

  add(width: number): number {
    const client = this.#clientsSoFar++
    const row = this.store.add(fingerprintOf(client), width)
    if (this.clients.has(row)) throw new Error(`row ${row} was taken`)
    const [words, start] = [this.store.wordsOf(row), this.store.startOf(row)]
    for (let index = FINGERPRINT_WORDS; index < width; index++) words[start + index] = wordOf(client, index)
    this.clients.set(row, client)
    this.widths.set(client, width)
    return row
  }

  /** Removes a row, and notes the row that moved into the gap. Returns the client that is gone. */
  remove(row: number): number {
    const client = this.clients.get(row) ?? -1
    const moved = this.store.remove(row)
    const movedClient = this.clients.get(moved) ?? -1
    this.clients.delete(moved)
    if (moved !== row) this.clients.set(row, movedClient)
    this.widths.delete(client)
    return client
  }

  clear(): void {
    this.store.clear()
    this.clients.clear()
    this.widths.clear()
  }

  /** Rows that hold other words than they should. */
  damaged(): number[] {
    return [...this.clients].filter(([row, client]) => !this.#isWhole(row, client)).map(([row]) => row)
  }

  #isWhole(row: number, client: number): boolean {
    const { store } = this
    const width = this.widths.get(client) ?? 0
    const { first, second, third } = fingerprintOf(client)
    const [words, start] = [store.wordsOf(row), store.startOf(row)]
    const known = store.fingerprintOf(row)
    if (store.widthOf(row) !== width || !store.has(row, { first, second, third })) return false
    if (known.first !== first || known.second !== second || known.third !== third) return false
    for (let index = FINGERPRINT_WORDS; index < width; index++) {
      if (words[start + index] !== wordOf(client, index)) return false
    }
    return true
  }
}

/** Checks what must hold for a store at any time. */
function check(filled: FilledStore): void {
  const { store, clients } = filled
  expect(filled.damaged()).toEqual([])
  expect(store.size).toBe(clients.size)
  const numbers = store.sizeClasses.flatMap((sizeClass) =>
    Array.from({ length: sizeClass.rows }, (_, index) => rowAt(sizeClass, index)),
  )
  expect(numbers.toSorted()).toEqual([...clients.keys()].toSorted())
  expect(numbers.filter((row) => store.widthOf(row) === 0)).toEqual([])
  for (const sizeClass of store.sizeClasses) {
    expect(sizeClass.chunks.length === 0).toBe(sizeClass.rows === 0)
    expect(sizeClass.chunks.map((chunk) => store.widthOf(chunk * ROWS_PER_CHUNK))).toEqual(
      sizeClass.chunks.map(() => sizeClass.width),
    )
  }
  expect(store.sizeClasses.map(({ width }) => width)).toEqual([
    ...new Set(store.sizeClasses.map(({ width }) => width)),
  ])
  expect(store.bytes).toBe(bytesIn(store))
}

function bytesIn(store: RowStore): number {
  const chunks = store.sizeClasses.flatMap((sizeClass) => sizeClass.chunks)
  expect(new Set(chunks).size).toBe(chunks.length)
  return chunks.reduce((bytes, chunk) => bytes + store.wordsOf(chunk * ROWS_PER_CHUNK).byteLength, 0)
}

/** Adds `count` rows, and returns them. */
function fill(filled: FilledStore, count: number, width: number): number[] {
  return Array.from({ length: count }, () => filled.add(width))
}

/** Removes `count` rows of a width, from different places. */
function empty(filled: FilledStore, count: number, width: number, seed = 0): void {
  const sizeClass = filled.store.sizeClasses.find((one) => one.width === width)
  for (let turn = 0; sizeClass !== undefined && sizeClass.rows > 0 && turn < count; turn++) {
    filled.remove(rowAt(sizeClass, (seed + turn * 7919) % sizeClass.rows))
  }
}

const capacityFor = (rows: number): number =>
  rows > ROWS_PER_CHUNK
    ? Math.ceil(rows / ROWS_PER_CHUNK) * ROWS_PER_CHUNK
    : 2 ** Math.max(6, Math.ceil(Math.log2(rows)))

describe('a store of rows', () => {
  it('keeps what is written in them, on random traces', () => {
    const step = fc.record({
      act: fc.oneof(
        { weight: 5, arbitrary: fc.constant('add' as const) },
        { weight: 4, arbitrary: fc.constant('remove' as const) },
        { weight: 1, arbitrary: fc.constant('clear' as const) },
      ),
      width: fc.constantFrom(3, 4, 8, 11, 40),
      count: fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 400 })),
      seed: fc.nat(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25, size: 'max' }), (trace) => {
        const filled = new FilledStore()
        for (const { act, width, count, seed } of trace) {
          if (act === 'add') fill(filled, count, width)
          if (act === 'remove') empty(filled, count, width, seed)
          if (act === 'clear') filled.clear()
          check(filled)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('keeps rows of several widths in many chunks', () => {
    const filled = new FilledStore()
    for (let turn = 0; turn < 5; turn++) {
      fill(filled, 10_000, 4)
      fill(filled, 5000, 6)
    }
    check(filled)
    expect(filled.store.sizeClasses.map(({ chunks }) => chunks.length)).toEqual([13, 7])
    empty(filled, 30_000, 4)
    check(filled)
    // The other width uses the chunks that the first one has given back.
    fill(filled, 30_000, 6)
    check(filled)
    expect(filled.store.sizeClasses.map(({ chunks }) => chunks.length)).toEqual([6, 14])
    expect(Math.max(...filled.store.sizeClasses.flatMap(({ chunks }) => chunks))).toBe(19)
    empty(filled, 20_000, 4)
    empty(filled, 55_000, 6)
    check(filled)
    expect([filled.store.size, filled.store.bytes]).toEqual([0, 0])
  })

  it('returns the old number of the row that moves when another one is removed', () => {
    const { store } = new FilledStore()
    const [a, b, c] = [1, 2, 3].map((client) => store.add(fingerprintOf(client), 3))
    const other = store.add(fingerprintOf(4), 5)
    expect(store.remove(a ?? -1)).toBe(c)
    expect(store.fingerprintOf(a ?? -1)).toEqual(fingerprintOf(3))
    expect(store.remove(b ?? -1)).toBe(b)
    expect(store.remove(a ?? -1)).toBe(a)
    expect(store.remove(other)).toBe(other)
    expect(store.size).toBe(0)
  })

  it('distinguishes the fingerprint of a row from any other', () => {
    const store = new RowStore()
    const fingerprints = scatteredFingerprints(100)
    const rows = fingerprints.map((fingerprint) => store.add(fingerprint, 8))
    expect(rows.map((row) => store.fingerprintOf(row))).toEqual(fingerprints)
    for (const [at, row] of rows.entries()) {
      const own = fingerprints[at] ?? fingerprintOf(0)
      expect(fingerprints.filter((fingerprint) => store.has(row, fingerprint))).toEqual([own])
      for (const word of ['first', 'second', 'third'] as const) {
        expect(store.has(row, { ...own, [word]: own[word] ^ (1 << (at & 31)) })).toBe(false)
      }
    }
  })

  it('has no words and no fingerprint for a row that was never added', () => {
    const store = new RowStore()
    store.add({ first: 0, second: 0, third: 0 }, 8)
    for (const row of [-1, ROWS_PER_CHUNK, 2 ** 24]) {
      expect(store.has(row, { first: 0, second: 0, third: 0 })).toBe(false)
      expect([store.wordsOf(row).length, store.widthOf(row)]).toEqual([0, 0])
    }
  })
})

describe('the memory of a store of rows', () => {
  it('doubles from 64 rows to a chunk, and then grows by one chunk at a time', () => {
    const filled = new FilledStore()
    const wrong: number[] = []
    for (let rows = 1; rows <= 3 * ROWS_PER_CHUNK + 1; rows++) {
      filled.add(5)
      if (filled.store.bytes !== capacityFor(rows) * 5 * WORD_BYTES) wrong.push(rows)
    }
    expect(wrong).toEqual([])
    check(filled)
  })

  it('moves no row when there is more than one chunk', () => {
    const { store } = new FilledStore()
    const rows = Array.from({ length: ROWS_PER_CHUNK }, (_, client) => store.add(fingerprintOf(client), 5))
    const words = store.wordsOf(0)
    for (let more = 0; more < 2 * ROWS_PER_CHUNK; more++) rows.push(store.add(fingerprintOf(more), 5))
    expect(store.wordsOf(0)).toBe(words)
    for (const row of rows.toReversed().slice(0, 2 * ROWS_PER_CHUNK)) store.remove(row)
    expect(store.wordsOf(0)).toBe(words)
    expect(store.bytes).toBe(2 * ROWS_PER_CHUNK * 5 * WORD_BYTES)
  })

  /** The most rows for which memory may be kept: whole chunks, or a power of two where there is one chunk. */
  function mostRows(rows: number): number {
    if (rows > ROWS_PER_CHUNK / 2) return Math.ceil(rows / ROWS_PER_CHUNK + 0.5) * ROWS_PER_CHUNK
    return rows === 0 ? 0 : Math.max(64, 2 ** Math.floor(Math.log2(4 * rows - 1)))
  }

  it('is given back as rows are removed, except for 1.5 chunks, or 4 times what is needed of the first chunk', () => {
    const filled = new FilledStore()
    fill(filled, 3 * ROWS_PER_CHUNK + 1, 5)
    const tooMuch: number[] = []
    for (let rows = 3 * ROWS_PER_CHUNK; rows >= 0; rows--) {
      empty(filled, 1, 5, rows)
      if (filled.store.bytes > mostRows(rows) * 5 * WORD_BYTES) tooMuch.push(rows)
      if (rows % 10_000 === 0) check(filled)
    }
    expect(tooMuch).toEqual([])
    expect(filled.store.bytes).toBe(0)
  })

  it('is not taken and given back again and again at the edge of a chunk', () => {
    const filled = new FilledStore()
    const changes: number[] = []
    const bytesAfter = (act: () => void): number => {
      act()
      return filled.store.bytes
    }
    const more = (): number => bytesAfter(() => filled.add(4))
    const less = (): number => bytesAfter(() => empty(filled, 1, 4))
    const MOST = 2.2 * ROWS_PER_CHUNK
    more()
    while (filled.store.size < MOST) {
      if (more() !== less()) changes.push(filled.store.size)
      more()
    }
    while (filled.store.size > 2) {
      if (less() !== more()) changes.push(-filled.store.size)
      less()
    }
    expect(changes).toEqual([])
  })

  it('is 0 after the store was cleared, and then grows as in a new store', () => {
    const filled = new FilledStore()
    fill(filled, 10_000, 4)
    fill(filled, 100, 8)
    filled.clear()
    check(filled)
    expect([filled.store.size, filled.store.bytes]).toEqual([0, 0])
    fill(filled, 100, 8)
    fill(filled, 5000, 4)
    check(filled)
    expect(filled.store.bytes).toBe((128 * 8 + 2 * ROWS_PER_CHUNK * 4) * WORD_BYTES)
    // Numbers are used again: there are never more of them than chunks at the same time.
    expect(Math.max(...filled.store.sizeClasses.flatMap(({ chunks }) => chunks))).toBeLessThan(4)
  })
})
