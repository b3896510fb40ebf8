import type { Limit } from '../../limits/limit.ts'

/** A charge that Redis has taken. */
export interface RedisReceiptDetails {
  /** The store that took it. */
  readonly store: object
  readonly key: string
  readonly limits: readonly Limit[]
  readonly cost: number
  /** What the script answered of each limit, for the script that refunds. */
  readonly marks: readonly (readonly number[])[]
}

/** A receipt of the Redis store. Private, so that nobody can make one. */
export class RedisReceipt {
  readonly #taken: RedisReceiptDetails
  #spent = false

  constructor(taken: RedisReceiptDetails) {
    this.#taken = taken
  }

  /** Whether this is a receipt of that store, and not an object made after one. */
  static isOf(store: object, receipt: object): receipt is RedisReceipt {
    return #taken in receipt && receipt.#taken.store === store
  }

  /** The charge, the first time; nothing is given back twice. */
  spend(): RedisReceiptDetails | undefined {
    if (this.#spent) return undefined
    this.#spent = true
    return this.#taken
  }
}
