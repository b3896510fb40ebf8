import { fixedWindow } from '../../limits/fixed-window.ts'
import type { MemoryEntry } from './memory-entry.ts'

/**
 * A receipt of the memory store: which entry, which windows in it, and how much. Private, since the entry is
 * a live one and whoever holds the receipt must not get hold of it.
 */
export class MemoryReceipt {
  readonly #key: string
  readonly #entry: MemoryEntry
  readonly #windowIds: readonly number[]
  readonly #cost: number
  #spent = false

  constructor(key: string, entry: MemoryEntry, cost: number) {
    this.#key = key
    this.#entry = entry
    this.#windowIds = entry.states.map((state) => fixedWindow.windowOf(state))
    this.#cost = cost
  }

  /** Whether this is a receipt, and not an object made after one. */
  static is(receipt: object): receipt is MemoryReceipt {
    return #spent in receipt
  }

  /** Gives the charge back, once, unless the entry was reset or forgotten and is another one now. */
  redeem(entries: ReadonlyMap<string, MemoryEntry>): void {
    if (this.#spent || entries.get(this.#key) !== this.#entry) return
    this.#spent = true
    this.#entry.states = this.#entry.states.map((state, index) =>
      fixedWindow.refund(state, this.#windowIds[index] ?? 0, this.#cost),
    )
  }
}
