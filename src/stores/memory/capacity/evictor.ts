/*
 * Chooses the client that is forgotten when the store is full. It compares clients near the place of the new client in
 * the table, which nobody can predict. It chooses a client that has expired. Where there is none, it chooses the client
 * furthest from its limit. Among equals it chooses the client that has been idle longest, because that client would
 * be forgotten first anyway.
 */
import { banEndsInMs } from '../../../limits/ban.ts'
import { ClientCursor, type ClientRows } from '../client-cursor.ts'
import type { ClientTable } from '../table/client-table.ts'
import type { Fingerprint } from '../table/key-hash.ts'
import { FULL } from '../table/row-format.ts'
import { NO_ROW } from '../table/row-index.ts'

/** Clients that are compared. */
const COMPARED = 16

/** Clients that are compared at most, when all of the first ones are refused or banned. */
const MOST_COMPARED = 256

/** The client with the lowest rank is forgotten. Between these ranks, the fullness of a client is its rank. */
const EXPIRED = -1
const REFUSED = FULL
const BANNED = FULL + 1

export class Evictor {
  readonly #table: ClientTable
  readonly #client: ClientCursor
  readonly #neighbours = new Int32Array(MOST_COMPARED)

  constructor(clients: ClientRows) {
    this.#table = clients.table
    this.#client = new ClientCursor(clients)
  }

  /** The row of the client to forget; {@link NO_ROW} when all compared clients are refused or banned. */
  victimFor(newClient: Fingerprint, nowMs: number): number {
    return this.#lowestRanked(newClient, nowMs, REFUSED)
  }

  /** The row of the client to forget in any case: a refused client before a banned one. */
  victimForBlock(newClient: Fingerprint, nowMs: number): number {
    return this.#lowestRanked(newClient, nowMs, BANNED + 1)
  }

  /** The row of the client with the lowest rank below `bound`. */
  #lowestRanked(newClient: Fingerprint, nowMs: number, bound: number): number {
    const client = this.#client
    const found = this.#table.neighbours(newClient, this.#neighbours)
    let victim = NO_ROW
    let lowest = bound
    let soonestMs = Number.NEGATIVE_INFINITY
    for (let index = 0; index < found && (index < COMPARED || lowest >= REFUSED); index++) {
      const row = this.#neighbours[index] ?? NO_ROW
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
