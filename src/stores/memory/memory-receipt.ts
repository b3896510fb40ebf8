import { type AlgorithmState, algorithmOf } from '../../limits/algorithms.ts'
import type { Limit } from '../../limits/limit.ts'
import { fullnessOf, type MemoryEntry, outcomesOf, placeOf, settleEntry } from './memory-entry.ts'

/**
 * A receipt of the memory store: which entry, what the charge left of it, and how much it was. Private, since
 * the entry is a live one and whoever holds the receipt must not get hold of it.
 */
export class MemoryReceipt {
  readonly #key: string
  readonly #entry: MemoryEntry
  readonly #limits: readonly Limit[]
  readonly #taken: readonly AlgorithmState[]
  readonly #cost: number
  #spent = false

  /** @param entry as the charge left it */
  constructor(key: string, entry: MemoryEntry, cost: number) {
    this.#key = key
    this.#entry = entry
    this.#limits = entry.limits
    this.#taken = entry.states
    this.#cost = cost
  }

  /** Whether this is a receipt, and not an object made after one. */
  static is(receipt: object): receipt is MemoryReceipt {
    return #spent in receipt
  }

  /** Gives the charge back, once, unless the entry was reset or forgotten and is another one now. */
  redeem(entries: ReadonlyMap<string, MemoryEntry>, nowMs: number): void {
    const entry = this.#entry
    if (this.#spent || entries.get(this.#key) !== entry) return
    this.#spent = true
    settleEntry(entry, nowMs)
    entry.states = entry.states.map((state, index) => {
      const limit = entry.limits[index]
      const taken = this.#taken[placeOf(limit, this.#limits)]
      if (limit === undefined || taken === undefined) return state
      return algorithmOf(limit).refund(state, taken, nowMs, limit, this.#cost)
    })
    entry.fullness = fullnessOf(entry.limits, outcomesOf(entry, entry, nowMs, 0))
  }
}
