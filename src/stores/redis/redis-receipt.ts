// The receipt of a charge that the Redis store has taken.

import type { Limit } from '../../limits/limit.ts'

/** A charge that was taken in Redis. */
export interface RedisCharge {
  /** The store that took it. */
  readonly store: object
  readonly key: string
  readonly limits: readonly Limit[]
  readonly cost: number
  /** Three numbers of each limit. `decide.lua` answers them, and `refund.lua` finds the charge by them. */
  readonly receiptNumbers: readonly (readonly number[])[]
}

/** A receipt of the Redis store. Its charge is private, so that an application cannot make a receipt. */
export class RedisReceipt {
  readonly #charge: RedisCharge
  #isSpent = false

  constructor(charge: RedisCharge) {
    this.#charge = charge
  }

  /** Whether an object is a receipt of that store, and not an imitation. */
  static isOf(store: object, receipt: object): receipt is RedisReceipt {
    return #charge in receipt && receipt.#charge.store === store
  }

  /** The charge on the first call, then undefined: a charge is given back once. */
  spend(): RedisCharge | undefined {
    if (this.#isSpent) return undefined
    this.#isSpent = true
    return this.#charge
  }
}
