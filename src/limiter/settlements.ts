import type { IncomingMessage, ServerResponse } from 'node:http'
import { checkWholeNumber, rejectOption } from '../errors/option-checks.ts'
import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import type { Decision, Receipt } from '../limits/decision.ts'
import { LARGEST_LIMIT } from '../limits/limit.ts'
import type { PolicyCharge } from '../request/policy-charge.ts'
import { requestRecordOf } from '../request/record-of-request.ts'
import type { MiddlewareParts } from '../request/request-context.ts'
import { settleCharge, type TakenCharge } from '../request/taken-charge.ts'
import { storeFailedError } from '../stores/resilience/store-error.ts'
import type { Store } from '../stores/store.ts'
import { storeName } from '../stores/store-name.ts'
import { checkUnitCost } from '../stores/unit-cost.ts'

/** Settles charges of requests and direct charges. */
export class Settlements<Req extends IncomingMessage, Res extends ServerResponse> {
  readonly #parts: MiddlewareParts<Req, Res>
  /** The store as it was given: shows which methods it has. */
  readonly #givenStore: Store
  readonly #direct = new WeakMap<Receipt, TakenCharge>()

  constructor(parts: MiddlewareParts<Req, Res>, givenStore: Store) {
    this.#parts = parts
    this.#givenStore = givenStore
  }

  /** Notes a direct charge, so that its receipt can be settled. */
  note({ receipt }: Decision, { clientKey, policy, charge }: PolicyCharge): void {
    if (receipt === undefined) return
    this.#direct.set(receipt, {
      receipts: [receipt],
      key: clientKey,
      class: policy.class,
      plan: policy.plan,
      recorded: charge.cost,
    })
  }

  readonly settle = async (charged: IncomingMessage | Receipt | undefined, cost: number): Promise<number> => {
    const { checkOpen } = this.#parts
    checkOpen()
    checkWholeNumber('cost', cost, 0, LARGEST_LIMIT)
    checkUnitCost(this.#givenStore, cost)
    const taken = this.#takenCharge(charged)
    if (taken === undefined) return 0
    try {
      return await settleCharge(taken, cost, this.#parts)
    } catch (error) {
      throw storeFailedError(error)
    }
  }

  readonly refund = async (charged: IncomingMessage | Receipt | undefined): Promise<void> => {
    await this.settle(charged, 0)
  }

  /** Undefined if nothing was taken. */
  #takenCharge(charged: IncomingMessage | Receipt | undefined): TakenCharge | undefined {
    this.#checkStoreSettles()
    // A refused charge has no receipt.
    if (charged === undefined) return undefined
    const direct = this.#direct.get(Object(charged))
    if (direct !== undefined) return direct
    if (!isRequest(charged)) {
      return rejectOption(
        'receipt',
        charged,
        'is neither a request nor a receipt of this limiter',
        'Give the request, or the receipt that consume() of this limiter returned.',
      )
    }
    this.#checkKeepsReceipts()
    return requestRecordOf(charged).takenBy(this.#parts.id)
  }

  #checkKeepsReceipts(): void {
    const { keepsReceipts, name } = this.#parts.settings
    if (keepsReceipts) return
    throw new RateLimiterError({
      code: 'impossible_combination',
      option: 'settles',
      value: false,
      problem: `is off, and so the limiter '${name}' keeps no receipts of requests`,
      remedy: 'Set settles: true, or give an estimate with the option cost.',
    })
  }

  #checkStoreSettles(): void {
    if (typeof this.#givenStore.settle === 'function') return
    throw new RateLimiterError({
      code: 'unsupported_by_store',
      problem: `${storeName(this.#givenStore)} has no settle()`,
      remedy: 'Add settle() to the store, or do not call limiter.settle() and limiter.refund().',
    })
  }
}

/** Whether an object is a request of `node:http` or of `node:http2`. */
function isRequest(charged: object): charged is IncomingMessage {
  return charged !== null && typeof charged === 'object' && 'method' in charged && 'headers' in charged
}
