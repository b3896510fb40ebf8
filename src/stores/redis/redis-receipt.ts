// The receipt of a charge that the Redis store has taken.

import type { ChargeRecord } from '../../limits/algorithm.ts'
import type { Limit } from '../../limits/limit.ts'

/** A charge that was taken in Redis. */
export interface RedisCharge {
  /** The store that took it. */
  readonly store: object
  readonly key: string
  readonly limits: readonly Limit[]
  /** What is recorded of the charge, for each limit. `settle.lua` finds the charge by it, and answers it anew. */
  readonly records: readonly ChargeRecord[]
}

/** Sends a settlement. Resolves to what is recorded then, for each limit. */
export type SendSettlement = (records: readonly ChargeRecord[]) => Promise<readonly ChargeRecord[]>

/** A receipt of the Redis store. Its charge is private, so that an application cannot make a receipt. */
export class RedisReceipt {
  readonly #charge: RedisCharge
  #records: readonly ChargeRecord[]
  #isFinal = false
  /** The settlement that was asked for last. Undefined if it is over. */
  #underway: Promise<void> | undefined

  constructor(charge: RedisCharge) {
    this.#charge = charge
    this.#records = charge.records
  }

  /** Whether an object is a receipt of that store, and not an imitation. */
  static isOf(store: object, receipt: object): receipt is RedisReceipt {
    return #charge in receipt && receipt.#charge.store === store
  }

  get charge(): RedisCharge {
    return this.#charge
  }

  /**
   * Settles the charge, after the settlements that were asked for before: each needs the records that the one before
   * has left. If there are none, it is sent at once, and keeps its place among other operations. Returns the units
   * recorded now.
   */
  settle(cost: number, send: SendSettlement): Promise<number> {
    const before = this.#underway
    const settled =
      before === undefined ? this.#settle(cost, send) : before.then(() => this.#settle(cost, send))
    const ended = (): void => {
      if (this.#underway === underway) this.#underway = undefined
    }
    const underway = settled.then(ended, ended)
    this.#underway = underway
    return settled
  }

  async #settle(cost: number, send: SendSettlement): Promise<number> {
    if (!this.#isFinal) {
      // If no answer comes, nobody knows what is recorded. Then this settlement is the last one, so that nothing is given
      // back twice.
      this.#isFinal = true
      this.#records = await send(this.#records)
      this.#isFinal = cost === 0
    }
    return Math.max(...this.#records.map(([units]) => units))
  }
}
