import type { IncomingMessage, ServerResponse } from 'node:http'
import { canonicalClientKey } from '../client/client-key.ts'
import { generatedKey } from '../client/generated-key.ts'
import { checkNames, checkWholeNumber, rejectOption } from '../errors/option-checks.ts'
import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import type { Decision } from '../limits/decision.ts'
import { LARGEST_LIMIT } from '../limits/limit.ts'
import type { LimiterDescription } from '../limits/limiter-description.ts'
import {
  type ClassPolicy,
  type DynamicPolicy,
  isDynamic,
  optionOf,
  type Plan,
  type Policy,
  type PolicyScope,
} from '../limits/policy.ts'
import { REQUEST_CLASSES, type RequestClass } from '../limits/request-class.ts'
import type { Settings } from '../options/settings.ts'
import { secondsToMs } from '../options/window-option.ts'
import { consumeCharge, peekCharge } from '../request/ask-store.ts'
import { publishDecision, publishUncharged } from '../request/decision-events.ts'
import {
  type BuildCharge,
  chargeBuilder,
  clientWithKey,
  type PolicyCharge,
} from '../request/policy-charge.ts'
import type { StoreAnswer } from '../request/request-context.ts'
import type { ResilientStore } from '../stores/resilience/resilient-store.ts'
import type { Store } from '../stores/store.ts'
import { type StoreKeyOf, storeKeysOf } from '../stores/store-key.ts'
import { storeName } from '../stores/store-name.ts'
import type { ClientBans } from './client-bans.ts'
import type { ChargeOptions } from './rate-limiter.ts'
import type { Settlements } from './settlements.ts'

/** What the methods need. It is made once, when the limiter is created. */
export interface DirectChargeParts<Req extends IncomingMessage, Res extends ServerResponse> {
  readonly settings: Settings<Req, Res>
  /** What events say about the limiter. */
  readonly description: LimiterDescription
  readonly store: ResilientStore
  readonly bans: ClientBans
  readonly settlements: Settlements<Req, Res>
  readonly checkOpen: () => void
}

const OPTION_NAMES = ['class', 'plan', 'cost', 'limit'] as const

/** The answer for a class that is not limited, and for a store that has failed while requests may pass. */
const ALLOWED_UNCOUNTED: Decision = { allowed: true, retryAfterMs: 0, limits: [] }

/** The methods of a limiter that need no request: they take a client key instead. */
export class DirectCharges<Req extends IncomingMessage, Res extends ServerResponse> {
  readonly #parts: DirectChargeParts<Req, Res>
  /** The store as it was given: shows which methods it has. */
  readonly #givenStore: Store
  readonly #storeKeyOf: StoreKeyOf
  readonly #buildCharge: BuildCharge

  constructor(parts: DirectChargeParts<Req, Res>, givenStore: Store) {
    this.#parts = parts
    this.#givenStore = givenStore
    this.#storeKeyOf = storeKeysOf(parts.settings.name)
    this.#buildCharge = chargeBuilder(parts.settings)
  }

  readonly consume = async (key: string, options: ChargeOptions = {}): Promise<Decision> => {
    const policyCharge = this.#charge(key, options)
    if (policyCharge === undefined) {
      publishUncharged('skipped', key, this.#parts.description)
      return ALLOWED_UNCOUNTED
    }
    const answer = await consumeCharge(this.#parts.store, policyCharge)
    publishDecision(policyCharge, answer, this.#parts)
    if (!(answer instanceof RateLimiterError)) this.#parts.settlements.note(answer, policyCharge)
    return this.#decisionOf(answer)
  }

  readonly peek = async (key: string, options: ChargeOptions = {}): Promise<Decision> => {
    this.#checkStoreHas('peek')
    const policyCharge = this.#charge(key, options)
    if (policyCharge === undefined) return ALLOWED_UNCOUNTED
    return this.#decisionOf(await peekCharge(this.#parts.store, policyCharge))
  }

  readonly block = async (key: string, seconds: number): Promise<void> => {
    this.#parts.checkOpen()
    this.#checkStoreHas('block')
    const clientKey = this.#clientKeyOf(key)
    const forMs = secondsToMs('seconds', seconds)
    await this.#parts.bans.block(clientKey, forMs, this.#otherKeysOf(key, clientKey))
  }

  readonly unblock = async (key: string): Promise<void> => {
    this.#parts.checkOpen()
    this.#checkStoreHas('unblock')
    const clientKey = this.#clientKeyOf(key)
    await this.#parts.bans.unblock(clientKey, this.#otherKeysOf(key, clientKey))
  }

  readonly reset = async (key: string): Promise<void> => {
    this.#parts.checkOpen()
    this.#checkStoreHas('reset')
    const clientKey = this.#clientKeyOf(key)
    // All classes at once: one reset that fails does not keep the others from being tried.
    await Promise.all(
      [clientKey, ...this.#otherKeysOf(key, clientKey)].flatMap((each) =>
        REQUEST_CLASSES.map((requestClass) => this.#parts.store.reset(this.#storeKeyOf(requestClass, each))),
      ),
    )
    this.#parts.bans.publishReset(clientKey)
  }

  readonly resetAll = async (): Promise<void> => {
    this.#parts.checkOpen()
    this.#checkStoreHas('resetAll')
    await this.#parts.store.resetAll()
  }

  /** The charge; undefined where the class is not limited. */
  #charge(key: string, options: ChargeOptions): PolicyCharge | undefined {
    const { settings, checkOpen } = this.#parts
    checkOpen()
    const { class: requestClass, plan, cost = 1, limit } = checkNames('', options, OPTION_NAMES)
    const units = checkWholeNumber('cost', cost, 1, LARGEST_LIMIT)
    const client = clientWithKey(this.#clientKeyOf(key))
    const classPolicy = classPolicyFor(planFor(settings.plans, plan), requestClass)
    if (classPolicy === false) return undefined
    return this.#buildCharge(policyFor(classPolicy, limit), client, units, true)
  }

  #clientKeyOf(key: unknown): string {
    if (typeof key !== 'string' || key === '') {
      return rejectOption('key', key, 'takes a client key', 'Give a string that is not empty.')
    }
    const { keyGenerator, client } = this.#parts.settings
    // Every spelling of an address finds the same counter.
    const clientKey = canonicalClientKey(key, client.ipv6Subnet)
    if (clientKey !== undefined) return clientKey
    // A keyGenerator may return a network of more than one client. Then it is a key as any other text is.
    if (keyGenerator !== undefined) return key
    return rejectOption(
      'key',
      key,
      'is a network of more than one client',
      'Give the address of a client. To refuse a network, put it on the denyList.',
    )
  }

  /** The keys besides the client key under which a `keyGenerator` may charge the client. */
  #otherKeysOf(key: string, clientKey: string): readonly string[] {
    if (this.#parts.settings.keyGenerator === undefined) return []
    return [...new Set([key, generatedKey(key)])].filter((other) => other !== clientKey)
  }

  #decisionOf(answer: StoreAnswer): Decision {
    if (!(answer instanceof RateLimiterError)) return answer
    if (this.#parts.settings.onStoreError === 'deny') throw answer
    return ALLOWED_UNCOUNTED
  }

  #checkStoreHas(method: 'peek' | 'block' | 'unblock' | 'reset' | 'resetAll'): void {
    if (typeof this.#givenStore[method] === 'function') return
    throw new RateLimiterError({
      code: 'unsupported_by_store',
      problem: `${storeName(this.#givenStore)} has no ${method}()`,
      remedy: `Add ${method}() to the store, or do not call limiter.${method}().`,
    })
  }
}

/** The plan that the caller names, since no request shows it; the only one where the limiter has no `plans`. */
function planFor<Req, Res>(plans: readonly Plan<Req, Res>[], name: string | undefined): Plan<Req, Res> {
  const found = plans.find((plan) => plan.name === name)
  if (found !== undefined) return found
  const names = plans.map((plan) => plan.name).filter((known) => known !== undefined)
  return names.length === 0
    ? rejectOption('plan', name, 'is for a limiter with the option plans', 'Leave it out.')
    : rejectOption(
        'plan',
        name,
        'takes the name of a plan',
        `Give ${names.map((one) => `'${one}'`).join(' or ')}.`,
      )
}

/** The policy of the class that the caller names, or of the only class that is limited. */
function classPolicyFor<Req, Res>(
  { policies: { read, write } }: Plan<Req, Res>,
  requestClass: RequestClass | undefined,
): ClassPolicy<Req, Res> {
  if (requestClass === 'read') return read
  if (requestClass === 'write') return write
  if (requestClass !== undefined && requestClass !== 'any') {
    return rejectOption('class', requestClass, 'takes a class of requests', "Give 'read' or 'write'.")
  }
  const hasOneBudget = read === write || (requestClass === undefined && (read === false || write === false))
  if (hasOneBudget) return read || write
  return rejectOption(
    'class',
    requestClass,
    'is needed, because reads and writes have limits of their own',
    "Give 'read' or 'write'.",
  )
}

/** The policy to charge by. Where a function decides the limit of a request, the caller gives the number instead. */
function policyFor<Req, Res>(policy: Policy | DynamicPolicy<Req, Res>, limit: number | undefined): Policy {
  if (isDynamic(policy)) {
    if (limit === undefined) throw missingLimit(policy)
    return policy.withLimit(checkWholeNumber('limit', limit, 0, LARGEST_LIMIT))
  }
  if (limit === undefined) return policy
  return rejectOption(
    'limit',
    limit,
    `is for a limit that a function decides, and no function decides the limit of ${optionOf(policy)}`,
    'Leave it out.',
  )
}

function missingLimit(scope: PolicyScope): RateLimiterError {
  const { class: requestClass, plan } = scope
  const parts = [
    ...(plan === undefined ? [] : [`plan: '${plan}'`]),
    ...(requestClass === 'any' ? [] : [`class: '${requestClass}'`]),
    'limit: 100',
  ]
  return new RateLimiterError({
    code: 'invalid_option',
    option: 'limit',
    problem: `is needed, because a function of the request decides the limit of ${optionOf(scope)}, and no request is here`,
    remedy: `Pass what the function would return for this client: { ${parts.join(', ')} }.`,
  })
}
