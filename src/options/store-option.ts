import { rejectOption } from '../errors/option-checks.ts'
import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import type { Limit } from '../limits/limit.ts'
import { limitsOf, optionOf } from '../limits/policy.ts'
import { LEAST_CAPABILITIES, type Store, type StoreCapabilities } from '../stores/store.ts'
import { storeName } from '../stores/store-name.ts'
import { remedyForFlexibleLimiter } from './flexible-limiter.ts'
import { chargedPolicies, type PlanSettings } from './plan-policies.ts'

/** Throws unless `store` is a store. */
export function checkStore(store: unknown): void {
  const remedy = remedyForFlexibleLimiter(store)
  if (remedy !== undefined) {
    const problem = `takes a store, and got ${storeName(store as Store)}, a limiter of rate-limiter-flexible`
    throw new RateLimiterError({ code: 'invalid_option', option: 'store', problem, remedy })
  }
  const candidate = Object(store) as Record<string, unknown>
  if (typeof candidate.consume === 'function' && typeof store === 'object') return
  rejectOption('store', store, ...flawOf(candidate, storeName(candidate as unknown as Store)))
}

/** What is wrong with a value that is no store, and what to give instead. */
function flawOf(candidate: Record<string, unknown>, name: string): [problem: string, remedy: string] {
  if (isRedisClient(candidate)) {
    const remedy = "Give new RedisStore({ client }) of 'express-tollgate/redis'."
    return ['is a client of Redis, and takes a store', remedy]
  }
  // `incr` is that of its older stores.
  const isForeign = ['increment', 'incr', 'decrement', 'resetKey'].some(
    (method) => typeof candidate[method] === 'function',
  )
  return isForeign
    ? [
        'is a store of express-rate-limit, which cannot decide on charges',
        remedyForForeignStore(candidate, name),
      ]
    : ['takes a store', 'Give new MemoryStore(), or an object with consume(charge).']
}

/** Clients of Redis have `incr`, as stores of express-rate-limit had. */
function isRedisClient({ evalsha, evalSha }: Record<string, unknown>): boolean {
  return typeof evalsha === 'function' || typeof evalSha === 'function'
}

/** What to give instead of a store of express-rate-limit. */
function remedyForForeignStore({ localKeys }: Record<string, unknown>, name: string): string {
  const adapted = "fromExpressRateLimitStore(store) of 'express-tollgate/express-rate-limit-store'"
  if (name === 'RedisStore') {
    return `Give new RedisStore({ client }) of 'express-tollgate/redis', or ${adapted}, which can do less.`
  }
  if (localKeys === true) return `Leave it out: counters are in memory by default. Or give ${adapted}.`
  return `Give ${adapted}.`
}

/** What the options need from a store. */
export interface StoreNeeds {
  readonly budgets: PlanSettings<never, never>
  readonly refunds: boolean
  /** The option `settles`; undefined if it is not given. */
  readonly settles: unknown
  /** The option `cost`; undefined if it is not given. */
  readonly cost: unknown
  /** The option `ban` of the limiter or of a plan; undefined if none is given. */
  readonly ban: unknown
}

/** Throws if the options need more than the store declares, so that no request fails for this reason. */
export function checkCapabilities(store: Store, { budgets, refunds, settles, cost, ban }: StoreNeeds): void {
  const capabilities = { ...LEAST_CAPABILITIES, ...store.capabilities }
  const name = storeName(store)
  if (capabilities.leases === true) {
    const remedy = 'Give it to createConcurrencyLimiter()'
    reject('store', store, `${name} counts requests in flight, and no charges`, remedy)
  }
  for (const policy of chargedPolicies(budgets)) {
    checkLimits(name, capabilities, optionOf(policy), limitsOf(policy))
  }
  if (cost !== undefined && capabilities.unitCostOnly) {
    reject('cost', cost, `${name} counts charges of one unit only`, 'Leave it out')
  }
  const canSettle = typeof store.settle === 'function'
  if (refunds && !canSettle) {
    reject(
      'store',
      store,
      `${name} has no settle(), which skipSuccessfulRequests and skipFailedRequests need`,
      'Leave these options out',
    )
  }
  if (settles === true && !canSettle) reject('settles', settles, `${name} has no settle()`, 'Leave it out')
  if (settles === true && capabilities.unitCostOnly) {
    reject('settles', settles, `${name} counts charges of one unit only`, 'Leave it out')
  }
  if (ban !== undefined && (!capabilities.bans || typeof store.block !== 'function')) {
    reject('ban', ban, `${name} does not support bans`, 'Leave it out')
  }
}

function checkLimits(
  name: string,
  { algorithms, severalLimits }: StoreCapabilities,
  option: string,
  limits: readonly Limit[],
): void {
  if (limits.length > 1 && !severalLimits) {
    reject(option, limits.length, `${name} does not support several limits`, 'Give one limit')
  }
  for (const limit of limits) {
    if (algorithms.includes(limit.algorithm)) continue
    if (limit.calendar !== undefined) {
      const problem = `${name} does not support calendar windows, and the limit '${limit.name}' has per`
      reject(option, limit.calendar.per, problem, 'Give windowSec instead of per')
    }
    reject(
      option,
      limit.algorithm,
      `${name} does not support the algorithm ${limit.algorithm} of the limit '${limit.name}'`,
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
