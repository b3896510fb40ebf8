/*
 * Settles the charge that a receipt was written for: in this store only, and only while the client still has it.
 *
 * Twin: src/stores/redis/scripts/settle.lua
 */
import type { ChargeRecord } from '../../limits/algorithm.ts'
import { algorithmOf } from '../../limits/algorithms.ts'
import type { Limit } from '../../limits/limit.ts'
import type { ClientCursor } from './client-cursor.ts'
import { adjustToClock, indexOfLimit, overAtMs, withLimits } from './client-entry.ts'
import type { Fingerprint } from './table/key-hash.ts'

/** A charge that was taken. */
export interface MemoryReceiptDetails {
  /** A cursor over the clients to which the charged client belongs. */
  readonly client: ClientCursor
  readonly fingerprint: Fingerprint
  readonly limits: readonly Limit[]
  /** What is recorded of the charge, for each limit. */
  readonly records: readonly ChargeRecord[]
}

/**
 * A receipt of the memory store. Its details are private, so that nobody can forge one. The ids in its records show
 * whether the client was forgotten in the meantime: a client that comes back gets other ids.
 */
export class MemoryReceipt {
  readonly #details: MemoryReceiptDetails
  #records: readonly ChargeRecord[]
  #isFinal = false

  constructor(details: MemoryReceiptDetails) {
    this.#details = details
    this.#records = details.records
  }

  /** Whether an object is a receipt, and not a copy or an imitation of one. */
  static is(receipt: object): receipt is MemoryReceipt {
    return #details in receipt
  }

  /** Whether the charge was taken through this cursor. */
  isOf(client: ClientCursor): boolean {
    return this.#details.client === client
  }

  /** Sets the charge to `cost` units, as `Store.settle` describes it. Returns the units recorded now. */
  settle(nowMs: number, cost: number): number {
    const { client, fingerprint, limits } = this.#details
    if (!this.#isFinal && client.find(fingerprint)) {
      // The limits of the charge: the limits that have the same names now may allow another number.
      const entry = withLimits(client.read(), limits, nowMs)
      adjustToClock(entry, nowMs)
      entry.states = entry.states.map((state, index) => {
        const limit = entry.limits[index]
        const place = indexOfLimit(limit, limits)
        const record = this.#records[place]
        if (limit === undefined || record === undefined) return state
        const settled = algorithmOf(limit).settle(state, record, nowMs, limit, cost)
        this.#records = this.#records.with(place, settled.record)
        return settled.state
      })
      entry.expiresAtMs = Math.max(entry.expiresAtMs, overAtMs(entry, nowMs))
      client.write(entry)
      this.#isFinal = cost === 0
    }
    return Math.max(...this.#records.map(([units]) => units))
  }
}
