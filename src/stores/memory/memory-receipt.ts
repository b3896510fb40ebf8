/*
 * Gives back the charge that a receipt was written for: once, in this store only, and only while the client still
 * has it.
 *
 * Twin: src/stores/redis/scripts/refund.lua
 */
import { type AlgorithmState, algorithmOf } from '../../limits/algorithms.ts'
import type { Limit } from '../../limits/limit.ts'
import type { ClientCursor } from './client-cursor.ts'
import { adjustToClock, indexOfLimit, withLimits } from './client-entry.ts'
import type { Fingerprint } from './table/key-hash.ts'

/** A charge that was taken. */
export interface MemoryReceiptDetails {
  /** A cursor over the clients to which the charged client belongs. */
  readonly client: ClientCursor
  readonly fingerprint: Fingerprint
  readonly limits: readonly Limit[]
  /** The state of each limit after the charge. */
  readonly states: readonly AlgorithmState[]
  readonly cost: number
}

/**
 * A receipt of the memory store. Its details are private, so that nobody can forge one. The ids in its states show
 * whether the client was forgotten in the meantime: a client that comes back gets other ids.
 */
export class MemoryReceipt {
  readonly #details: MemoryReceiptDetails
  #isSpent = false

  constructor(details: MemoryReceiptDetails) {
    this.#details = details
  }

  /** Whether an object is a receipt, and not a copy or an imitation of one. */
  static is(receipt: object): receipt is MemoryReceipt {
    return #details in receipt
  }

  /** Whether the charge was taken through this cursor. */
  isOf(client: ClientCursor): boolean {
    return this.#details.client === client
  }

  /** Gives the charge back, once, as far as it still counts against the client. */
  redeem(nowMs: number): void {
    const { client, fingerprint, limits, states, cost } = this.#details
    if (this.#isSpent || !client.find(fingerprint)) return
    this.#isSpent = true
    // The limits of the charge: the limits that have the same names now may allow another number.
    const entry = withLimits(client.read(), limits, nowMs)
    adjustToClock(entry, nowMs)
    entry.states = entry.states.map((state, index) => {
      const limit = entry.limits[index]
      const taken = states[indexOfLimit(limit, limits)]
      if (limit === undefined || taken === undefined) return state
      return algorithmOf(limit).refund(state, taken, nowMs, limit, cost)
    })
    client.write(entry)
  }
}
