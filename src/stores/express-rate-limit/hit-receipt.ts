import type { Receipt } from '../../limits/decision.ts'

/** Longer than a call to the store usually takes, in milliseconds. */
const CALL_MS = 100

/** The receipt of one hit. */
export class HitReceipt {
  readonly key: string
  readonly #owner: object
  /** From this time on the hit is not taken back. */
  readonly #refundableUntilMs: number
  /** What is recorded for the charge: 1, or 0 after a refund. */
  units: 0 | 1 = 1

  /** @param endsAtMs when the window of the charge ends, in milliseconds of wall time */
  constructor(owner: object, key: string, endsAtMs: number, windowMs: number) {
    this.#owner = owner
    this.key = key
    // A hit that is taken back after the window has ended is taken from the next window, which then allows one charge too
    // many. So the store must get the call before.
    this.#refundableUntilMs = endsAtMs - Math.min(CALL_MS, windowMs / 10)
  }

  static isOf(owner: object, receipt: Receipt): receipt is HitReceipt {
    return receipt instanceof HitReceipt && receipt.#owner === owner
  }

  get isRefundable(): boolean {
    return this.units === 1 && Date.now() < this.#refundableUntilMs
  }
}
