import type { IncomingMessage, ServerResponse } from 'node:http'
import { canonicalClientKey } from '../client/client-resolver.ts'
import { checkNames, checkWholeNumber, rejectOption } from '../errors/option-checks.ts'
import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import type { Decision } from '../limits/decision.ts'
import { LARGEST_LIMIT } from '../limits/limit.ts'
import { type DynamicPolicy, isDynamic, type Policy } from '../limits/policy.ts'
import { REQUEST_CLASSES, type RequestClass } from '../limits/request-class.ts'
import type { ChargeOptions } from '../options/rate-limiter.ts'
import type { Settings } from '../options/settings.ts'
import type { GuardedStore } from '../stores/guarded-store.ts'
import type { Charge, Store } from '../stores/store.ts'
import { type StoreKeyOf, storeKeysOf } from '../stores/store-key.ts'
import { storeName } from '../stores/store-name.ts'
import { checkCapacity } from './assessment.ts'

/** What direct charges are made of. */
export interface DirectChargeParts<Req extends IncomingMessage, Res extends ServerResponse> {
  readonly settings: Settings<Req, Res>
  readonly store: GuardedStore
  readonly checkOpen: () => void
}

/** The answer for a class that is not limited, and for a store that is down while requests may pass. */
const ADMITTED_UNCOUNTED: Decision = { allowed: true, retryAfterMs: 0, limits: [] }

/** Charges without a request: by client key instead of by what a request shows. */
export class DirectCharges<Req extends IncomingMessage, Res extends ServerResponse> {
  readonly #parts: DirectChargeParts<Req, Res>
  readonly #bareStore: Store
  readonly #storeKeyOf: StoreKeyOf

  constructor(parts: DirectChargeParts<Req, Res>, bareStore: Store) {
    this.#parts = parts
    this.#bareStore = bareStore
    this.#storeKeyOf = storeKeysOf(parts.settings.name)
  }

  readonly consume = async (key: string, options: ChargeOptions = {}): Promise<Decision> => {
    const charge = this.#chargeOf(key, options)
    return charge === undefined ? ADMITTED_UNCOUNTED : this.#settle(await this.#parts.store.consume(charge))
  }

  readonly peek = async (key: string, options: ChargeOptions = {}): Promise<Decision> => {
    this.#checkStoreHas('peek')
    const charge = this.#chargeOf(key, options)
    return charge === undefined ? ADMITTED_UNCOUNTED : this.#settle(await this.#parts.store.peek(charge))
  }

  readonly reset = async (key: string): Promise<void> => {
    this.#parts.checkOpen()
    this.#checkStoreHas('reset')
    for (const requestClass of REQUEST_CLASSES) {
      await this.#parts.store.reset(this.#storeKey(requestClass, key))
    }
  }

  readonly resetAll = async (): Promise<void> => {
    this.#parts.checkOpen()
    this.#checkStoreHas('resetAll')
    await this.#parts.store.resetAll()
  }

  #chargeOf(key: string, options: ChargeOptions): Charge | undefined {
    const { settings, checkOpen } = this.#parts
    checkOpen()
    checkNames('', options, ['class', 'cost', 'limit'])
    const { class: requestClass = 'read', cost = 1, limit } = options
    if (!REQUEST_CLASSES.includes(requestClass)) {
      rejectOption('class', requestClass, 'takes a class of requests', "Give 'read' or 'write'.")
    }
    const classPolicy = settings.policies[requestClass]
    if (classPolicy === false) return undefined
    const policy = policyFor(classPolicy, limit)
    return {
      key: this.#storeKey(requestClass, key),
      limits: policy.limits,
      cost: checkCapacity(checkWholeNumber('cost', cost, 1, LARGEST_LIMIT), policy),
    }
  }

  #storeKey(requestClass: RequestClass, key: unknown): string {
    if (typeof key !== 'string' || key === '') {
      return rejectOption('key', key, 'takes a client key', 'Give a string that is not empty.')
    }
    const { keyGenerator, client } = this.#parts.settings
    // Where addresses are the keys, every spelling of one must find its counter.
    const clientKey = keyGenerator === undefined ? canonicalClientKey(key, client.ipv6Subnet) : key
    return this.#storeKeyOf(requestClass, clientKey)
  }

  #settle(answer: Decision | RateLimiterError): Decision {
    if (!(answer instanceof RateLimiterError)) return answer
    if (this.#parts.settings.onStoreError === 'deny') throw answer
    return ADMITTED_UNCOUNTED
  }

  #checkStoreHas(method: 'peek' | 'reset' | 'resetAll'): void {
    if (typeof this.#bareStore[method] === 'function') return
    throw new RateLimiterError({
      code: 'unsupported_by_store',
      problem: `${storeName(this.#bareStore)} has no ${method}()`,
      remedy: `Add it to the store, or do without limiter.${method}().`,
    })
  }
}

/** The policy to charge by; a number of the caller's stands in for the function that has no request here. */
function policyFor<Req>(policy: Policy | DynamicPolicy<Req>, limit: number | undefined): Policy {
  if (isDynamic(policy)) return policy.at(checkWholeNumber('limit', limit, 1, LARGEST_LIMIT))
  if (limit === undefined) return policy
  return rejectOption(
    'limit',
    limit,
    `is for limits that a function decides on, and the ${policy.class} limit is none of them`,
    'Leave it out.',
  )
}
