import type { Fingerprint } from './key-hash.ts'

/** Bits of a row's number: that of its chunk, above its place in the chunk. */
export const ROW_BITS = 24
const PLACE_BITS = 12
const MOST_CHUNKS = 2 ** (ROW_BITS - PLACE_BITS) - 1
const ROWS_PER_CHUNK = 2 ** PLACE_BITS
const PLACE_MASK = ROWS_PER_CHUNK - 1

/** Rows that the first chunk of a sizeClass begins with, so that a small store is small. */
const FIRST_ROWS = 64

/** Words that a fingerprint takes, at the beginning of each row. */
export const FINGERPRINT_WORDS = 3

/** Rows of one width, without gaps: where one goes, the last one moves in. */
export interface SizeClass {
  /** Words of a row. */
  readonly width: number
  /** Numbers of its chunks, in the order in which they are filled. */
  readonly chunks: number[]
  rows: number
}

const NO_CHUNK = new Int32Array(0)

/**
 * Keeps rows of words in typed arrays, taking memory and giving it back by the chunk. What the words mean is
 * nothing to it, except that the first three are a fingerprint.
 */
export class RowStore {
  /** Each chunk by its number, and the width of the rows in it. */
  readonly #chunks: Int32Array[] = []
  readonly #widths: number[] = []
  readonly #freeNumbers: number[] = []
  readonly sizeClasses: SizeClass[] = []
  /** Rows at present. */
  size = 0
  /** Bytes of all chunks. */
  bytes = 0

  /** The words among which a row stands, from {@link startOf} on; good until rows come or go. */
  wordsOf(row: number): Int32Array {
    return this.#chunks[row >>> PLACE_BITS] ?? NO_CHUNK
  }

  startOf(row: number): number {
    return (row & PLACE_MASK) * this.widthOf(row)
  }

  widthOf(row: number): number {
    return this.#widths[row >>> PLACE_BITS] ?? 0
  }

  has(row: number, { first, second, third }: Fingerprint): boolean {
    const words = this.wordsOf(row)
    const start = this.startOf(row)
    return words[start] === first && words[start + 1] === second && words[start + 2] === third
  }

  fingerprintOf(row: number): Fingerprint {
    const words = this.wordsOf(row)
    const start = this.startOf(row)
    return { first: words[start] ?? 0, second: words[start + 1] ?? 0, third: words[start + 2] ?? 0 }
  }

  /** Adds a row of so many words, of which only the fingerprint is written; in the others anything may stand. */
  add({ first, second, third }: Fingerprint, width: number): number {
    const sizeClass = this.#sizeClassOf(width)
    this.#makeRoom(sizeClass)
    const row = rowAt(sizeClass, sizeClass.rows)
    sizeClass.rows++
    this.size++
    const words = this.wordsOf(row)
    const start = this.startOf(row)
    words[start] = first
    words[start + 1] = second
    words[start + 2] = third
    return row
  }

  /** Takes a row away. Answers whose number has changed to this one: the row itself when nobody's has. */
  remove(row: number): number {
    const sizeClass = this.#sizeClassOf(this.widthOf(row))
    sizeClass.rows--
    this.size--
    const last = rowAt(sizeClass, sizeClass.rows)
    if (last !== row) this.#move(last, row, sizeClass.width)
    this.#shrink(sizeClass)
    return last
  }

  clear(): void {
    for (const sizeClass of this.sizeClasses) {
      while (sizeClass.chunks.length > 0) this.#dropChunk(sizeClass.chunks)
      sizeClass.rows = 0
    }
    this.size = 0
  }

  #move(from: number, to: number, width: number): void {
    const [source, target] = [this.wordsOf(from), this.wordsOf(to)]
    const [sourceStart, targetStart] = [this.startOf(from), this.startOf(to)]
    for (let word = 0; word < width; word++) target[targetStart + word] = source[sourceStart + word] ?? 0
  }

  #sizeClassOf(width: number): SizeClass {
    for (const sizeClass of this.sizeClasses) if (sizeClass.width === width) return sizeClass
    const sizeClass: SizeClass = { width, chunks: [], rows: 0 }
    this.sizeClasses.push(sizeClass)
    return sizeClass
  }

  #makeRoom(sizeClass: SizeClass): void {
    const { width, chunks, rows } = sizeClass
    const capacity = this.#capacityOf(sizeClass)
    if (rows < capacity) return
    if (chunks.length === 1 && capacity < ROWS_PER_CHUNK) this.#resizeFirst(sizeClass, 2 * capacity)
    else this.#addChunk(width, chunks, chunks.length === 0 ? FIRST_ROWS : ROWS_PER_CHUNK)
  }

  /** Gives back what is not needed, and not at once what is, lest a client at an edge take and give by turns. */
  #shrink(sizeClass: SizeClass): void {
    const { chunks, rows } = sizeClass
    const capacity = this.#capacityOf(sizeClass)
    if (rows === 0 || (chunks.length > 1 && rows <= capacity - 1.5 * ROWS_PER_CHUNK)) this.#dropChunk(chunks)
    else if (chunks.length === 1 && capacity > FIRST_ROWS && rows <= capacity / 4) {
      this.#resizeFirst(sizeClass, capacity / 2)
    }
  }

  #capacityOf({ width, chunks }: SizeClass): number {
    const last = chunks[chunks.length - 1]
    if (last === undefined) return 0
    return (chunks.length - 1) * ROWS_PER_CHUNK + (this.#chunks[last]?.length ?? 0) / width
  }

  #addChunk(width: number, chunks: number[], rows: number): void {
    const number = this.#freeNumbers.pop() ?? this.#chunks.length
    if (number >= MOST_CHUNKS)
      throw new RangeError(`a table holds ${MOST_CHUNKS * ROWS_PER_CHUNK} rows at most`)
    this.#widths[number] = width
    this.#setChunk(number, new Int32Array(width * rows))
    chunks.push(number)
  }

  #resizeFirst({ width, chunks, rows }: SizeClass, capacity: number): void {
    const number = chunks[0] ?? 0
    const chunk = new Int32Array(width * capacity)
    chunk.set((this.#chunks[number] ?? NO_CHUNK).subarray(0, width * rows))
    this.#setChunk(number, chunk)
  }

  #dropChunk(chunks: number[]): void {
    const number = chunks.pop()
    if (number === undefined) return
    this.#setChunk(number, NO_CHUNK)
    this.#freeNumbers.push(number)
  }

  #setChunk(number: number, chunk: Int32Array): void {
    this.bytes += chunk.byteLength - (this.#chunks[number]?.byteLength ?? 0)
    this.#chunks[number] = chunk
  }
}

/** The number of the row at a place of a sizeClass. */
export function rowAt({ chunks }: SizeClass, place: number): number {
  return ((chunks[place >>> PLACE_BITS] ?? 0) << PLACE_BITS) | (place & PLACE_MASK)
}
