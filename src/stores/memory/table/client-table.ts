import type { Fingerprint } from './key-hash.ts'
import { RowIndex } from './row-index.ts'
import { RowStore } from './row-store.ts'

/**
 * A table of clients in typed arrays, without an object for any of them. A client is a row of words, whose number
 * changes when it needs a wider one, and when another client goes whose place it takes.
 */
export class ClientTable {
  readonly rows: RowStore = new RowStore()
  readonly #index: RowIndex
  /** Counts what moves rows: as long as it stays, every row is where it was. */
  moves = 0

  /** @param mostClients how many there will be at most: what the index is made for, and no ceiling */
  constructor(mostClients: number) {
    this.#index = new RowIndex(this.rows, mostClients)
  }

  get size(): number {
    return this.rows.size
  }

  /** Bytes of all typed arrays. */
  get bytes(): number {
    return this.rows.bytes + this.#index.bytes
  }

  /** The row of a fingerprint, or {@link NO_ROW}. */
  find(fingerprint: Fingerprint): number {
    return this.#index.find(fingerprint)
  }

  /** Adds a row for a fingerprint that has none; only the fingerprint is written. */
  add(fingerprint: Fingerprint, width: number): number {
    this.moves++
    const row = this.rows.add(fingerprint, width)
    this.#index.insert(fingerprint, row)
    return row
  }

  /** Gives a client a row of another width; only the fingerprint is written. */
  resize(row: number, width: number): number {
    const fingerprint = this.rows.fingerprintOf(row)
    const newRow = this.rows.add(fingerprint, width)
    this.#index.renumber(fingerprint, row, newRow)
    this.#vacate(row)
    return newRow
  }

  remove(row: number): void {
    this.#index.remove(this.rows.fingerprintOf(row), row)
    this.#vacate(row)
  }

  /** Rows near a fingerprint, in an order that nobody can foretell; answers how many fit into `into`. */
  neighbours(fingerprint: Fingerprint, into: Int32Array): number {
    return this.#index.neighbours(fingerprint, into)
  }

  clear(): void {
    this.moves++
    this.rows.clear()
    this.#index.clear()
  }

  #vacate(row: number): void {
    this.moves++
    const moved = this.rows.remove(row)
    if (moved !== row) this.#index.renumber(this.rows.fingerprintOf(row), moved, row)
  }
}
