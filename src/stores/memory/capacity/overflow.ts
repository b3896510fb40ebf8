import type { Decision } from '../../../limits/decision.ts'
import type { Charge } from '../../store.ts'
import { Decider } from '../decider.ts'
import { ClientCursor, type ClientRows } from '../table/client-cursor.ts'
import { type Fingerprint, KeyHash } from '../table/key-hash.ts'
import { Pruner } from './pruner.ts'

/** Buckets that newcomers share, for each set of limit names: so many clients' worth of quota. */
export const OVERFLOW_BUCKETS = 64

/**
 * Counts newcomers for whom a full table has no room, many to a bucket. A bucket has the quota of one client, so
 * that all of them together can use what as many clients as there are buckets can, however many they are.
 */
export class Overflow {
  readonly pruner: Pruner
  readonly client: ClientCursor
  readonly #clients: ClientRows
  readonly #decider: Decider
  readonly #hash = new KeyHash()
  /** Charges that were decided here. */
  charges = 0

  constructor(clients: ClientRows) {
    this.pruner = new Pruner(clients)
    this.client = new ClientCursor(clients)
    this.#clients = clients
    this.#decider = new Decider(this.client, clients.schemas, () => true)
  }

  get bytes(): number {
    return this.#clients.table.bytes
  }

  consume(newcomer: Fingerprint, charge: Charge, nowMs: number): Decision {
    this.charges++
    const shared = this.#sharedBy(newcomer, charge)
    // There is room for every bucket, and so always an answer; the compiler cannot know.
    return this.#decider.consume(shared, nowMs) ?? this.#decider.peek(shared, nowMs)
  }

  peek(newcomer: Fingerprint, charge: Charge, nowMs: number): Decision {
    return this.#decider.peek(this.#sharedBy(newcomer, charge), nowMs)
  }

  clear(): void {
    this.#clients.table.clear()
    this.#clients.schemas.clear()
  }

  /** Goes to the bucket of a newcomer. Nobody is banned for what others did: its refusals are not counted. */
  #sharedBy({ third }: Fingerprint, charge: Charge): Charge {
    const { text } = this.#clients.schemas.of(charge.limits)
    this.client.findKey(`${third & (OVERFLOW_BUCKETS - 1)} ${text}`, this.#hash)
    return { ...charge, ban: undefined }
  }
}
