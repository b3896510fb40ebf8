import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import { LARGEST_LIMIT } from '../limits/limit.ts'
import { type DynamicPolicy, isDynamic, type Policy } from '../limits/policy.ts'
import type { RequestClass } from '../limits/request-class.ts'
import { chain, type MaybePromise } from '../maybe-promise.ts'
import type { Settings } from '../options/settings.ts'
import type { Charge } from '../stores/store.ts'
import { storeKeysOf } from '../stores/store-key.ts'

/** Which client a request is charged to, by which policy, and the charge that the store gets. */
export interface ChargePlan {
  readonly policy: Policy
  readonly clientKey: string
  readonly charge: Charge
}

/** The settings that a plan depends on. */
export type ChargePlanSettings<Req extends IncomingMessage, Res extends ServerResponse> = Pick<
  Settings<Req, Res>,
  'name' | 'policies' | 'classify' | 'classifiedBy' | 'keyGenerator' | 'cost' | 'skip' | 'ban' | 'refund'
>

/** Plans the charge of a request; undefined where the request is not limited. */
export type PlanCharge<Req> = (
  req: Req,
  clientAddress: string,
  headers?: IncomingHttpHeaders,
) => MaybePromise<ChargePlan | undefined>

/** Makes the plan from its parts: a policy, a client key, and a cost in units. */
export type BuildPlan = (policy: Policy, clientKey: string, cost: number) => ChargePlan

/** Compiles {@link BuildPlan} for one limiter. */
export function planBuilder({
  name,
  ban,
  refund,
}: Pick<Settings<never, never>, 'name' | 'ban' | 'refund'>): BuildPlan {
  const storeKeyOf = storeKeysOf(name)
  const refundable = refund !== undefined
  return (policy, clientKey, cost) => {
    checkCapacity(cost, policy)
    const charge = { key: storeKeyOf(policy.class, clientKey), limits: policy.limits, cost, ban, refundable }
    return { policy, clientKey, charge }
  }
}

/** Compiles {@link PlanCharge}. A plan is synchronous unless a function among the options returns a promise. */
export function chargePlanner<Req extends IncomingMessage, Res extends ServerResponse>(
  settings: ChargePlanSettings<Req, Res>,
): PlanCharge<Req> {
  const { policies, classify, classifiedBy, keyGenerator, cost, skip } = settings
  const classOf: typeof classify = classifiedBy === 'method' ? classify : (req) => classify(req)
  const buildPlan = planBuilder(settings)
  const isPlain = keyGenerator === undefined && cost === undefined

  function planUnskipped(
    req: Req,
    clientAddress: string,
    headers: IncomingHttpHeaders | undefined,
  ): MaybePromise<ChargePlan | undefined> {
    const requestClass = checkClass(classOf(req, headers))
    const classPolicy = policies[requestClass]
    if (classPolicy === false) return undefined
    // Most limiters ask no function. Then the plan is made at once, without the functions below.
    if (isPlain && !isDynamic(classPolicy)) return buildPlan(classPolicy, clientAddress, 1)
    return chain(keyGenerator === undefined ? clientAddress : keyGenerator(req, clientAddress), (given) => {
      const clientKey = keyGenerator === undefined ? clientAddress : checkKey(given)
      return chain(isDynamic(classPolicy) ? askLimit(classPolicy, req) : classPolicy, (policy) =>
        chain(cost === undefined ? 1 : cost(req), (units) => buildPlan(policy, clientKey, checkCost(units))),
      )
    })
  }

  if (skip === undefined) return planUnskipped
  return (req, clientAddress, headers) =>
    chain(skip(req), (skipped) => (skipped ? undefined : planUnskipped(req, clientAddress, headers)))
}

function askLimit<Req>(policy: DynamicPolicy<Req>, req: Req): MaybePromise<Policy> {
  return chain(policy.limitFunction(req), (limit) => policyAt(policy, limit))
}

function policyAt<Req>(policy: DynamicPolicy<Req>, limit: unknown): Policy {
  if (isWholeNumber(limit)) return policy.withLimit(limit)
  throw invalidResult(
    policy.class,
    limit,
    'returned no limit',
    `Return a whole number from 1 to ${LARGEST_LIMIT}.`,
  )
}

function checkCost(cost: unknown): number {
  if (isWholeNumber(cost)) return cost
  throw invalidResult('cost', cost, 'returned no cost', 'Return a whole number of at least 1.')
}

/** Throws for a cost that no wait would admit. */
function checkCapacity(cost: number, { smallestLimit: { name, burst, algorithm } }: Policy): void {
  if (cost <= burst) return
  throw new RateLimiterError({
    code: 'cost_above_capacity',
    option: 'cost',
    value: cost,
    problem: `can never be admitted by the limit '${name}' of ${burst}`,
    remedy: `Lower the cost, or raise ${algorithm === 'token-bucket' ? 'its burst' : 'the limit'} to at least ${cost}.`,
  })
}

function checkClass(requestClass: RequestClass): RequestClass {
  if (requestClass === 'read' || requestClass === 'write') return requestClass
  throw invalidResult('classify', requestClass, 'returned no class', "Return 'read' or 'write'.")
}

function checkKey(key: unknown): string {
  if (typeof key === 'string' && key !== '') return key
  throw invalidResult(
    'keyGenerator',
    key,
    'returned no key',
    'Return a string that is not empty. Its second argument is the key of the client address.',
  )
}

function isWholeNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= LARGEST_LIMIT
}

function invalidResult(option: string, value: unknown, problem: string, remedy: string): RateLimiterError {
  return new RateLimiterError({ code: 'invalid_result', option, value, problem, remedy })
}
