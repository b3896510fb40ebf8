/*
 * The overflow counts the new clients for which a full table has no room. Many of them are counted as one, the shared
 * client, which has the quota of one client. So all of them together can use the quota of as many clients as there are
 * shared clients, however many they are.
 */
import type { Decision } from '../../../limits/decision.ts'
import type { Charge } from '../../store.ts'
import { ClientCursor, type ClientRows } from '../client-cursor.ts'
import { Decider } from '../decider.ts'
import type { Fingerprint, KeyHash } from '../table/key-hash.ts'
import { Pruner } from './pruner.ts'

/** Shared clients for each set of limits with the same names, algorithms, windows and times to live. */
export const SHARED_CLIENTS = 64

export class Overflow {
  readonly pruner: Pruner
  readonly client: ClientCursor
  readonly #clients: ClientRows
  readonly #decider: Decider
  readonly #hash: KeyHash
  /** Charges that were decided here. */
  charges = 0

  /** @param clients a table without clients, for the shared clients */
  constructor(clients: ClientRows, hash: KeyHash) {
    this.#hash = hash
    this.pruner = new Pruner(clients)
    this.client = new ClientCursor(clients)
    this.#clients = clients
    this.#decider = new Decider(this.client, clients.schemas, () => true)
  }

  get bytes(): number {
    return this.#clients.table.bytes
  }

  consume(newClient: Fingerprint, charge: Charge, nowMs: number): Decision {
    this.charges++
    const shared = this.#findShared(newClient, charge)
    // There is room for every shared client, so `consume` always answers. The compiler cannot know that.
    return this.#decider.consume(shared, nowMs) ?? this.#decider.peek(shared, nowMs)
  }

  peek(newClient: Fingerprint, charge: Charge, nowMs: number): Decision {
    return this.#decider.peek(this.#findShared(newClient, charge), nowMs)
  }

  clear(): void {
    this.#clients.table.clear()
    this.#clients.schemas.clear()
  }

  /**
   * Points at the shared client of a new client.
   *
   * @returns the charge without its ban rule, so that no client is banned for the refusals of others
   */
  #findShared({ third }: Fingerprint, charge: Charge): Charge {
    const { textOfCounters } = this.#clients.schemas.use(charge.limits)
    this.client.findKey(`${third & (SHARED_CLIENTS - 1)} ${textOfCounters}`, this.#hash)
    return { ...charge, ban: undefined }
  }
}
