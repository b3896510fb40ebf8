import { ClientCursor, type ClientRows } from '../table/client-cursor.ts'
import type { ClientTable } from '../table/client-table.ts'
import { rowAt } from '../table/row-store.ts'

/**
 * Forgets expired clients without ever walking the whole table at once: it keeps its place, and looks at a few of
 * them at a time. It is housekeeping; no decision depends on it.
 */
export class Pruner {
  readonly #table: ClientTable
  readonly #client: ClientCursor
  #sizeClass = 0
  /** Rows of the sizeClass yet to be looked at. From the last on, so that whoever moves to a gap was looked at. */
  #left = 0

  constructor(clients: ClientRows) {
    this.#table = clients.table
    this.#client = new ClientCursor(clients)
  }

  /** How many clients there are to look at. */
  get clients(): number {
    return this.#table.size
  }

  /** Looks at so many clients; tells how many it forgot. */
  prune(nowMs: number, most: number): number {
    let forgotten = 0
    for (let looked = 0; looked < most && this.clients > 0; looked++) {
      this.#client.goTo(this.#nextRow())
      if (this.#client.expiresAtMs > nowMs) continue
      this.#client.remove()
      forgotten++
    }
    return forgotten
  }

  #nextRow(): number {
    const { sizeClasses } = this.#table.rows
    let sizeClass = sizeClasses[this.#sizeClass]
    // Others may have been removed since.
    this.#left = Math.min(this.#left, sizeClass?.rows ?? 0)
    while (sizeClass === undefined || this.#left === 0) {
      this.#sizeClass = (this.#sizeClass + 1) % sizeClasses.length
      sizeClass = sizeClasses[this.#sizeClass]
      this.#left = sizeClass?.rows ?? 0
    }
    this.#left--
    return rowAt(sizeClass, this.#left)
  }
}
