/*
 * Chooses the client that is forgotten when the store is full. It compares clients near the place of the new client in
 * the table, which nobody can predict. It chooses a client that has expired. Where there is none, it chooses the client
 * that is furthest from its limit now: what a client has used before and got back does not count. Among equals it
 * chooses the client that has been idle longest, because that client would be forgotten first anyway.
 */
import { banEndsInMs } from '../../../limits/ban.ts'
import { ClientCursor, type ClientRows } from '../client-cursor.ts'
import { fullnessAt } from '../client-entry.ts'
import type { ClientTable } from '../table/client-table.ts'
import type { Fingerprint } from '../table/key-hash.ts'
import { NO_ROW } from '../table/row-index.ts'

/** Clients that are compared. */
const COMPARED = 16

/** Clients that are compared at most, when all of the first ones are limited or banned. */
const MOST_COMPARED = 256

/** The client with the lowest rank is forgotten. From 0 to 1, the fullness of a client is its rank. */
const EXPIRED = -1
const LIMITED = 1
const BANNED = 2

export class Evictor {
  readonly #table: ClientTable
  readonly #client: ClientCursor
  readonly #neighbours = new Int32Array(MOST_COMPARED)

  constructor(clients: ClientRows) {
    this.#table = clients.table
    this.#client = new ClientCursor(clients)
  }

  /** The row of the client to forget; {@link NO_ROW} when all compared clients are limited or banned. */
  victimFor(newClient: Fingerprint, nowMs: number): number {
    return this.#lowestRanked(newClient, nowMs, LIMITED)
  }

  /** The row of the client to forget in any case: a limited client before a banned one. */
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
    for (let index = 0; index < found && (index < COMPARED || lowest >= LIMITED); index++) {
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
    const entry = client.read()
    return banEndsInMs(entry.ban, nowMs) > 0 ? BANNED : fullnessAt(entry, nowMs)
  }
}
