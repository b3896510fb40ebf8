import { type AlgorithmState, algorithmOf } from '../../limits/algorithms.ts'
import type { Limit } from '../../limits/limit.ts'
import type { ClientCursor } from './table/client-cursor.ts'
import { adjustToClock, placeOf, resultsOf, tightestFullness } from './table/client-entry.ts'
import type { Fingerprint } from './table/key-hash.ts'

/** A charge that was taken. */
export interface MemoryReceiptDetails {
  /** Goes over the clients of which this one is. */
  readonly client: ClientCursor
  readonly fingerprint: Fingerprint
  readonly limits: readonly Limit[]
  /** What the charge left of each limit. */
  readonly states: readonly AlgorithmState[]
  readonly cost: number
}

/**
 * A receipt of the memory store. Private, so that nobody can make one. Whether its client was forgotten meanwhile
 * is told by the ids in the states: those of another life of the client are others.
 */
export class MemoryReceipt {
  readonly #taken: MemoryReceiptDetails
  #spent = false

  constructor(taken: MemoryReceiptDetails) {
    this.#taken = taken
  }

  /** Whether this is a receipt, and not an object made after one. */
  static is(receipt: object): receipt is MemoryReceipt {
    return #taken in receipt
  }

  /** Whether the charge was taken from a client that this cursor goes over. */
  isOf(client: ClientCursor): boolean {
    return this.#taken.client === client
  }

  /** Gives the charge back, once, as far as it is still there. */
  redeem(nowMs: number): void {
    const { client, fingerprint, limits, states, cost } = this.#taken
    if (this.#spent || !client.find(fingerprint)) return
    this.#spent = true
    const entry = client.read()
    // The limits as they were then: those of one name may differ in how much they allow.
    entry.limits = entry.limits.map((limit) => limits[placeOf(limit, limits)] ?? limit)
    adjustToClock(entry, nowMs)
    entry.states = entry.states.map((state, index) => {
      const limit = entry.limits[index]
      const left = states[placeOf(limit, limits)]
      if (limit === undefined || left === undefined) return state
      return algorithmOf(limit).refund(state, left, nowMs, limit, cost)
    })
    entry.fullness = tightestFullness(entry.limits, resultsOf(entry, entry, nowMs, 0))
    client.write(entry)
  }
}
