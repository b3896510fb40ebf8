/*
 * The ceiling is the most clients that a table may hold. When a new client comes to a full table, another client is
 * forgotten (evictor.ts). Each new client has a few expired clients removed (pruner.ts).
 */
import { evictionChannel } from '../../../events/channels.ts'
import { ClientCursor, type ClientRows } from '../client-cursor.ts'
import type { ClientTable } from '../table/client-table.ts'
import type { Fingerprint } from '../table/key-hash.ts'
import { NO_ROW } from '../table/row-index.ts'
import { Evictor } from './evictor.ts'
import { Pruner } from './pruner.ts'

/** Clients checked for expiry for each new client: more than the one that is added, so that pruning keeps ahead. */
const CHECKED_PER_NEW_CLIENT = 2

/** Keeps a table from holding more clients than its ceiling. */
export class Ceiling {
  readonly pruner: Pruner
  readonly #store: object
  readonly #table: ClientTable
  readonly #mostClients: number
  readonly #evictor: Evictor
  readonly #evicted: ClientCursor
  /** Clients that were forgotten before they expired, to make room. */
  unexpiredEvictions = 0

  /** @param store the store that events name */
  constructor(clients: ClientRows, mostClients: number, store: object) {
    this.#store = store
    this.pruner = new Pruner(clients)
    this.#table = clients.table
    this.#mostClients = mostClients
    this.#evictor = new Evictor(clients)
    this.#evicted = new ClientCursor(clients)
  }

  /** What `makeRoom` would return. Removes expired clients only. */
  hasRoom(newClient: Fingerprint, nowMs: number): boolean {
    this.pruner.prune(nowMs, CHECKED_PER_NEW_CLIENT)
    return !this.isFull || this.#evictor.victimFor(newClient, nowMs) !== NO_ROW
  }

  /** Makes room for a new client. Returns false when all clients near its place are limited or banned. */
  makeRoom(newClient: Fingerprint, nowMs: number): boolean {
    this.pruner.prune(nowMs, CHECKED_PER_NEW_CLIENT)
    if (!this.isFull) return true
    const victim = this.#evictor.victimFor(newClient, nowMs)
    if (victim !== NO_ROW) this.#evict(victim, nowMs)
    return victim !== NO_ROW
  }

  /** Makes room for a new client in any case, even if a limited or banned client has to be forgotten. */
  makeRoomForBlock(newClient: Fingerprint, nowMs: number): void {
    if (!this.makeRoom(newClient, nowMs)) this.#evict(this.#evictor.victimForBlock(newClient, nowMs), nowMs)
  }

  get isFull(): boolean {
    return this.#table.size >= this.#mostClients
  }

  #evict(row: number, nowMs: number): void {
    this.#evicted.goTo(row)
    const isUnexpired = this.#evicted.expiresAtMs > nowMs
    this.#evicted.remove()
    if (!isUnexpired) return
    this.unexpiredEvictions++
    if (evictionChannel.hasSubscribers) evictionChannel.publish({ store: this.#store })
  }
}
