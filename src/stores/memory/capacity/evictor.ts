import { banEndsInMs } from '../../../limits/ban.ts'
import { ClientCursor, type ClientRows } from '../table/client-cursor.ts'
import type { ClientTable } from '../table/client-table.ts'
import type { Fingerprint } from '../table/key-hash.ts'
import { FULL } from '../table/row-format.ts'
import { NO_ROW } from '../table/row-index.ts'

/** Clients compared for one that is evicted. */
const COMPARED = 16

/** Clients looked at when all of those are refused or banned. */
const LOOKED_AT_MOST = 256

/** Ranks: whoever ranks lowest is forgotten first, and between these two stands how much a client has used. */
const EXPIRED = -1
const REFUSED = FULL
const BANNED = FULL + 1

/**
 * Chooses who is forgotten when the store is full, among clients near the place where the newcomer would stand:
 * one that has expired, else the one furthest from its limit, and of equals the one that has been idle longest,
 * which is the one that would be forgotten first anyway.
 */
export class Evictor {
  readonly #table: ClientTable
  readonly #client: ClientCursor
  readonly #near = new Int32Array(LOOKED_AT_MOST)

  constructor(clients: ClientRows) {
    this.#table = clients.table
    this.#client = new ClientCursor(clients)
  }

  /** The row to make room with; {@link NO_ROW} when all that were looked at are refused or banned. */
  victimFor(newcomer: Fingerprint, nowMs: number): number {
    return this.#lowest(newcomer, nowMs, REFUSED)
  }

  /** The row to make room with at any price: a refused client before a banned one. */
  victimForBlock(newcomer: Fingerprint, nowMs: number): number {
    return this.#lowest(newcomer, nowMs, BANNED + 1)
  }

  /** The lowest of those that rank below `bound`. */
  #lowest(newcomer: Fingerprint, nowMs: number, bound: number): number {
    const client = this.#client
    const found = this.#table.neighbours(newcomer, this.#near)
    let victim = NO_ROW
    let lowest = bound
    let soonestMs = Number.NEGATIVE_INFINITY
    for (let looked = 0; looked < found && (looked < COMPARED || lowest >= REFUSED); looked++) {
      const row = this.#near[looked] ?? NO_ROW
      client.goTo(row)
      const { expiresAtMs } = client
      const rank = expiresAtMs <= nowMs ? EXPIRED : this.#rankOf(client, nowMs)
      if (rank > lowest || (rank === lowest && expiresAtMs >= soonestMs)) continue
      victim = row
      lowest = rank
      soonestMs = expiresAtMs
    }
    return victim
  }

  #rankOf(client: ClientCursor, nowMs: number): number {
    const isBanned = client.hasBan && banEndsInMs(client.read().ban, nowMs) > 0
    return isBanned ? BANNED : client.fullness
  }
}
