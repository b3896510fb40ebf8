import { evictions } from '../../../events/channels.ts'
import { ClientCursor, type ClientRows } from '../table/client-cursor.ts'
import type { ClientTable } from '../table/client-table.ts'
import type { Fingerprint } from '../table/key-hash.ts'
import { NO_ROW } from '../table/row-index.ts'
import { Evictor } from './evictor.ts'
import { Pruner } from './pruner.ts'

/** Clients looked at for each newcomer: more than it adds, so that pruning gains on newcomers. */
const LOOKED_AT_PER_NEWCOMER = 2

/** Keeps a table from growing beyond so many clients. */
export class Ceiling {
  readonly pruner: Pruner
  readonly #store: object
  readonly #table: ClientTable
  readonly #mostClients: number
  readonly #evictor: Evictor
  readonly #evicted: ClientCursor
  /** Clients forgotten for a newcomer's sake though their time was not over. */
  unexpiredEvictions = 0

  /** @param store whose clients they are, for events */
  constructor(clients: ClientRows, mostClients: number, store: object) {
    this.#store = store
    this.pruner = new Pruner(clients)
    this.#table = clients.table
    this.#mostClients = mostClients
    this.#evictor = new Evictor(clients)
    this.#evicted = new ClientCursor(clients)
  }

  /** Whether there is room for a newcomer, or can be without forgetting anybody who is refused or banned. */
  hasRoom(newcomer: Fingerprint, nowMs: number): boolean {
    this.pruner.prune(nowMs, LOOKED_AT_PER_NEWCOMER)
    return !this.#isFull || this.#evictor.victimFor(newcomer, nowMs) !== NO_ROW
  }

  /** Makes room for a newcomer. Answers false when everybody near is refused or banned. */
  makeRoom(newcomer: Fingerprint, nowMs: number): boolean {
    this.pruner.prune(nowMs, LOOKED_AT_PER_NEWCOMER)
    if (!this.#isFull) return true
    const victim = this.#evictor.victimFor(newcomer, nowMs)
    if (victim !== NO_ROW) this.#evict(victim, nowMs)
    return victim !== NO_ROW
  }

  /** Makes room for a newcomer whoever has to go. */
  makeRoomForBlock(newcomer: Fingerprint, nowMs: number): void {
    if (!this.makeRoom(newcomer, nowMs)) this.#evict(this.#evictor.victimForBlock(newcomer, nowMs), nowMs)
  }

  get #isFull(): boolean {
    return this.#table.size >= this.#mostClients
  }

  #evict(row: number, nowMs: number): void {
    this.#evicted.goTo(row)
    const isUnexpired = this.#evicted.expiresAtMs > nowMs
    this.#evicted.remove()
    if (!isUnexpired) return
    this.unexpiredEvictions++
    if (evictions.hasSubscribers) evictions.publish({ store: this.#store })
  }
}
