/*
 * Keeps rows of 32-bit words in typed arrays, the chunks, and takes and gives back their memory. It does not
 * know what the words mean, except that the first three are the fingerprint of a client.
 */
import type { Fingerprint } from './key-hash.ts'

/** Bits of a row's number: the number of its chunk, above its position in the chunk. */
export const ROW_BITS = 24
const POSITION_BITS = 12
const MOST_CHUNKS = 2 ** (ROW_BITS - POSITION_BITS) - 1
const ROWS_PER_CHUNK = 2 ** POSITION_BITS
const POSITION_MASK = ROWS_PER_CHUNK - 1

/** Rows for which the first chunk of a size class has room at first, so that a small store takes little memory. */
const FIRST_ROWS = 64

/** Words that a fingerprint takes, at the start of each row. */
export const FINGERPRINT_WORDS = 3

/** All rows of one width, without gaps: when a row is removed, the last row moves into the gap. */
export interface SizeClass {
  /** Words of a row. */
  readonly width: number
  /** Numbers of its chunks, in the order in which they are filled. */
  readonly chunks: number[]
  rows: number
}

const NO_CHUNK = new Int32Array(0)

export class RowStore {
  /** Each chunk, and the width of its rows, by the number of the chunk. */
  readonly #chunks: Int32Array[] = []
  readonly #widths: number[] = []
  readonly #freeNumbers: number[] = []
  readonly sizeClasses: SizeClass[] = []
  /** Rows at present. */
  size = 0
  /** Bytes of all chunks. */
  bytes = 0

  /** The chunk of a row, which starts at {@link startOf}. Valid until a row is added or removed. */
  wordsOf(row: number): Int32Array {
    return this.#chunks[row >>> POSITION_BITS] ?? NO_CHUNK
  }

  startOf(row: number): number {
    return (row & POSITION_MASK) * this.widthOf(row)
  }

  widthOf(row: number): number {
    return this.#widths[row >>> POSITION_BITS] ?? 0
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

  /** Adds a row of `width` words. Only the fingerprint is written; the other words may hold anything. */
  add({ first, second, third }: Fingerprint, width: number): number {
    const sizeClass = this.#sizeClassOf(width)
    this.#growIfFull(sizeClass)
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

  /**
   * Removes a row.
   *
   * @returns the number that the row moved into the gap had before; `row` itself when no row was moved
   */
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

  #growIfFull(sizeClass: SizeClass): void {
    const { width, chunks, rows } = sizeClass
    const capacity = this.#capacityOf(sizeClass)
    if (rows < capacity) return
    if (chunks.length === 1 && capacity < ROWS_PER_CHUNK) this.#resizeFirst(sizeClass, 2 * capacity)
    else this.#addChunk(width, chunks, chunks.length === 0 ? FIRST_ROWS : ROWS_PER_CHUNK)
  }

  /**
   * Gives memory back that is not needed. Some is kept, so that a client that comes and goes at the edge of a
   * chunk does not take the chunk and give it back each time.
   */
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

/** The number of the row at an index of a size class. */
export function rowAt({ chunks }: SizeClass, index: number): number {
  return ((chunks[index >>> POSITION_BITS] ?? 0) << POSITION_BITS) | (index & POSITION_MASK)
}
