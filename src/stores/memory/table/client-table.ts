/*
 * The table of clients: one row for each client, found by the client's fingerprint. There is no object for any
 * client. Keeps the rows (row-store.ts) and the index over them (row-index.ts) in agreement.
 */
import type { Fingerprint } from './key-hash.ts'
import { RowIndex } from './row-index.ts'
import { RowStore } from './row-store.ts'

/**
 * The number of a client's row changes when the client needs a wider row, and when the row moves into the gap
 * that another client has left.
 */
export class ClientTable {
  readonly rows: RowStore = new RowStore()
  readonly #index: RowIndex
  /** Counts the calls that may move rows. While it stays the same, no row has moved. */
  moves = 0

  /** @param mostClients how many clients are expected at most: the size of the index, and not a ceiling */
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

  /** So many clients are about to be added: the index need not grow step by step. 0 when they have been added. */
  expect(clients: number): void {
    this.#index.expect(clients)
  }

  /** The row of a fingerprint, or {@link NO_ROW}. */
  find(fingerprint: Fingerprint): number {
    return this.#index.find(fingerprint)
  }

  /** Adds a row for a fingerprint that has none. Only the fingerprint is written. */
  add(fingerprint: Fingerprint, width: number): number {
    this.moves++
    const row = this.rows.add(fingerprint, width)
    this.#index.insert(fingerprint, row)
    return row
  }

  /** Gives a client a row of another width. Only the fingerprint is written. */
  resize(row: number, width: number): number {
    const fingerprint = this.rows.fingerprintOf(row)
    const newRow = this.rows.add(fingerprint, width)
    this.#index.renumber(fingerprint, row, newRow)
    this.#removeRow(row)
    return newRow
  }

  remove(row: number): void {
    this.#index.remove(this.rows.fingerprintOf(row), row)
    this.#removeRow(row)
  }

  /** Writes rows near a fingerprint to `into`, in an order that nobody can predict, and returns how many. */
  neighbours(fingerprint: Fingerprint, into: Int32Array): number {
    return this.#index.neighbours(fingerprint, into)
  }

  clear(): void {
    this.moves++
    this.rows.clear()
    this.#index.clear()
  }

  #removeRow(row: number): void {
    this.moves++
    const moved = this.rows.remove(row)
    if (moved !== row) this.#index.renumber(this.rows.fingerprintOf(row), moved, row)
  }
}
