import { rejectOption } from '../errors/option-checks.ts'
import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import type { Limit } from '../limits/limit.ts'
import { isDynamic } from '../limits/policy.ts'
import { LEAST_CAPABILITIES, type Store, type StoreCapabilities } from '../stores/store.ts'
import { storeName } from '../stores/store-name.ts'
import type { ClassPolicies } from './class-policies.ts'

/** Throws unless `store` is one. */
export function checkStore(store: unknown): void {
  const candidate = store as { consume?: unknown; increment?: unknown } | null
  if (typeof candidate === 'object' && typeof candidate?.consume === 'function') return
  const foreign = typeof candidate === 'object' && typeof candidate?.increment === 'function'
  rejectOption(
    'store',
    store,
    foreign ? 'is a store of express-rate-limit, and cannot decide' : 'takes a store',
    'Give new MemoryStore(), or an object with consume(charge).',
  )
}

/** What the options ask of a store. */
export interface StoreDemands {
  readonly policies: ClassPolicies<never>
  readonly refunds: boolean
  /** The option `ban`, where it is given. */
  readonly ban: unknown
}

/** Throws when the options ask more of the store than it declares, before a request can find out. */
export function checkCapabilities(store: Store, { policies, refunds, ban }: StoreDemands): void {
  const capabilities = { ...LEAST_CAPABILITIES, ...store.capabilities }
  const name = storeName(store)
  for (const [requestClass, policy] of Object.entries(policies)) {
    if (policy === false) continue
    const limits = isDynamic(policy) ? [policy.template] : policy.limits
    checkLimits(name, capabilities, requestClass, limits)
  }
  if (refunds && typeof store.refund !== 'function') {
    reject(
      'store',
      store,
      `${name} has no refund(), which skipSuccessfulRequests and skipFailedRequests need`,
      'Leave these options out',
    )
  }
  if (ban !== undefined && (!capabilities.bans || typeof store.block !== 'function')) {
    reject('ban', ban, `${name} does not ban clients`, 'Leave it out')
  }
}

function checkLimits(
  name: string,
  { algorithms, severalLimits }: StoreCapabilities,
  requestClass: string,
  limits: readonly Limit[],
): void {
  if (limits.length > 1 && !severalLimits) {
    reject(requestClass, limits.length, `${name} cannot decide several limits at once`, 'Give one limit')
  }
  for (const limit of limits) {
    if (algorithms.includes(limit.algorithm)) continue
    reject(
      requestClass,
      limit.algorithm,
      `${name} does not know the algorithm ${limit.algorithm} of the limit '${limit.name}'`,
      `Give one of ${algorithms.join(', ')}`,
    )
  }
}

function reject(option: string, value: unknown, problem: string, remedy: string): never {
  throw new RateLimiterError({
    code: 'unsupported_by_store',
    option,
    value,
    problem,
    remedy: `${remedy}, or use another store.`,
  })
}
