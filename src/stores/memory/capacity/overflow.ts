/*
 * The overflow counts the new clients for which a full table has no room. Many of them share one bucket, which has the
 * quota of one client. So all of them together can use the quota of as many clients as there are buckets, however
 * many they are.
 */
import type { Decision } from '../../../limits/decision.ts'
import type { Charge } from '../../store.ts'
import { ClientCursor, type ClientRows } from '../client-cursor.ts'
import { Decider } from '../decider.ts'
import { type Fingerprint, KeyHash } from '../table/key-hash.ts'
import { Pruner } from './pruner.ts'

/** Buckets for each set of limits with the same names, algorithms, windows and times to live. */
export const OVERFLOW_BUCKETS = 64

export class Overflow {
  readonly pruner: Pruner
  readonly client: ClientCursor
  readonly #buckets: ClientRows
  readonly #decider: Decider
  readonly #hash = new KeyHash()
  /** Charges that were decided here. */
  charges = 0

  /** @param buckets a table without clients; here each bucket is a client of it */
  constructor(buckets: ClientRows) {
    this.pruner = new Pruner(buckets)
    this.client = new ClientCursor(buckets)
    this.#buckets = buckets
    this.#decider = new Decider(this.client, buckets.schemas, () => true)
  }

  get bytes(): number {
    return this.#buckets.table.bytes
  }

  consume(newClient: Fingerprint, charge: Charge, nowMs: number): Decision {
    this.charges++
    const shared = this.#findBucket(newClient, charge)
    // There is room for every bucket, so `consume` always answers. The compiler cannot know that.
    return this.#decider.consume(shared, nowMs) ?? this.#decider.peek(shared, nowMs)
  }

  peek(newClient: Fingerprint, charge: Charge, nowMs: number): Decision {
    return this.#decider.peek(this.#findBucket(newClient, charge), nowMs)
  }

  clear(): void {
    this.#buckets.table.clear()
    this.#buckets.schemas.clear()
  }

  /**
   * Points at the bucket of a new client.
   *
   * @returns the charge without its ban rule, so that no client is banned for the refusals of others
   */
  #findBucket({ third }: Fingerprint, charge: Charge): Charge {
    const { textOfCounters } = this.#buckets.schemas.of(charge.limits)
    this.client.findKey(`${third & (OVERFLOW_BUCKETS - 1)} ${textOfCounters}`, this.#hash)
    return { ...charge, ban: undefined }
  }
}
