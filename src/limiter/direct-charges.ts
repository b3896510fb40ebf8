import type { IncomingMessage, ServerResponse } from 'node:http'
import { canonicalClientKey } from '../client/client-resolver.ts'
import { checkNames, checkWholeNumber, rejectOption } from '../errors/option-checks.ts'
import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import { decisions } from '../events/channels.ts'
import type { Decision } from '../limits/decision.ts'
import { LARGEST_LIMIT } from '../limits/limit.ts'
import type { LimiterDescription } from '../limits/limiter-description.ts'
import { type DynamicPolicy, isDynamic, type Policy } from '../limits/policy.ts'
import { REQUEST_CLASSES } from '../limits/request-class.ts'
import type { Settings } from '../options/settings.ts'
import { checkSeconds } from '../options/window-option.ts'
import { type ChargePlan, planBuilder } from '../request/charge-plan.ts'
import { decisionEvent } from '../request/decision-event.ts'
import type { ResilientStore } from '../stores/resilience/resilient-store.ts'
import type { Store } from '../stores/store.ts'
import { type StoreKeyOf, storeKeysOf } from '../stores/store-key.ts'
import { storeName } from '../stores/store-name.ts'
import type { ClientBans } from './client-bans.ts'
import type { ChargeOptions } from './rate-limiter.ts'

/** What direct charges are made of. */
export interface DirectChargeParts<Req extends IncomingMessage, Res extends ServerResponse> {
  readonly settings: Settings<Req, Res>
  /** What the limiter says of itself, for events. */
  readonly description: LimiterDescription
  readonly store: ResilientStore
  readonly bans: ClientBans
  readonly checkOpen: () => void
}

const NAMES = ['class', 'cost', 'limit'] as const

/** The answer for a class that is not limited, and for a store that is down while requests may pass. */
const ADMITTED_UNCOUNTED: Decision = { allowed: true, retryAfterMs: 0, limits: [] }

/** Charges without a request: by client key instead of by what a request shows. */
export class DirectCharges<Req extends IncomingMessage, Res extends ServerResponse> {
  readonly #parts: DirectChargeParts<Req, Res>
  readonly #bareStore: Store
  readonly #storeKeyOf: StoreKeyOf
  readonly #assessed: ReturnType<typeof planBuilder>

  constructor(parts: DirectChargeParts<Req, Res>, bareStore: Store) {
    this.#parts = parts
    this.#bareStore = bareStore
    this.#storeKeyOf = storeKeysOf(parts.settings.name)
    this.#assessed = planBuilder(parts.settings)
  }

  readonly consume = async (key: string, options: ChargeOptions = {}): Promise<Decision> => {
    const plan = this.#assess(key, options)
    if (plan === undefined) return this.#skipped(key)
    const answer = await this.#parts.store.consume(plan.charge)
    if (decisions.hasSubscribers) decisions.publish(decisionEvent(plan, answer, this.#parts))
    return this.#settle(answer)
  }

  readonly peek = async (key: string, options: ChargeOptions = {}): Promise<Decision> => {
    this.#checkStoreHas('peek')
    const plan = this.#assess(key, options)
    if (plan === undefined) return ADMITTED_UNCOUNTED
    return this.#settle(await this.#parts.store.peek(plan.charge))
  }

  readonly block = async (key: string, seconds: number): Promise<void> => {
    this.#parts.checkOpen()
    this.#checkStoreHas('block')
    await this.#parts.bans.block(this.#clientKey(key), checkSeconds('seconds', seconds))
  }

  readonly unblock = async (key: string): Promise<void> => {
    this.#parts.checkOpen()
    this.#checkStoreHas('unblock')
    await this.#parts.bans.unblock(this.#clientKey(key))
  }

  readonly reset = async (key: string): Promise<void> => {
    this.#parts.checkOpen()
    this.#checkStoreHas('reset')
    const clientKey = this.#clientKey(key)
    // Side by side, so that one that fails keeps no other from being tried.
    await Promise.all(REQUEST_CLASSES.map((one) => this.#parts.store.reset(this.#storeKeyOf(one, clientKey))))
    this.#parts.bans.forgotten(clientKey)
  }

  readonly resetAll = async (): Promise<void> => {
    this.#parts.checkOpen()
    this.#checkStoreHas('resetAll')
    await this.#parts.store.resetAll()
  }

  #assess(key: string, options: ChargeOptions): ChargePlan | undefined {
    const { settings, checkOpen } = this.#parts
    checkOpen()
    const { class: requestClass = 'read', cost = 1, limit } = checkNames('', options, NAMES)
    if (!REQUEST_CLASSES.includes(requestClass)) {
      rejectOption('class', requestClass, 'takes a class of requests', "Give 'read' or 'write'.")
    }
    const classPolicy = settings.policies[requestClass]
    if (classPolicy === false) return undefined
    const policy = policyFor(classPolicy, limit)
    return this.#assessed(policy, this.#clientKey(key), checkWholeNumber('cost', cost, 1, LARGEST_LIMIT))
  }

  #skipped(key: string): Decision {
    if (decisions.hasSubscribers) {
      const { description: limiter } = this.#parts
      decisions.publish({ limiter, outcome: 'skipped', key, class: undefined, cost: 0, decision: undefined })
    }
    return ADMITTED_UNCOUNTED
  }

  #clientKey(key: unknown): string {
    if (typeof key !== 'string' || key === '') {
      return rejectOption('key', key, 'takes a client key', 'Give a string that is not empty.')
    }
    const { keyGenerator, client } = this.#parts.settings
    if (keyGenerator !== undefined) return key
    // Where addresses are the keys, every spelling of one must find its counter.
    const clientKey = canonicalClientKey(key, client.ipv6Subnet)
    if (clientKey !== undefined) return clientKey
    return rejectOption('key', key, 'is a network of more than one client', 'Give the address of a client.')
  }

  #settle(answer: Decision | RateLimiterError): Decision {
    if (!(answer instanceof RateLimiterError)) return answer
    if (this.#parts.settings.onStoreError === 'deny') throw answer
    return ADMITTED_UNCOUNTED
  }

  #checkStoreHas(method: 'peek' | 'block' | 'unblock' | 'reset' | 'resetAll'): void {
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
