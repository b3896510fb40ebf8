import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import { LARGEST_LIMIT } from '../limits/limit.ts'
import { type DynamicPolicy, isDynamic, type Policy } from '../limits/policy.ts'
import type { RequestClass } from '../limits/request-class.ts'
import { chain, type MaybePromise } from '../maybe-promise.ts'
import type { Settings } from '../options/settings.ts'
import type { Charge } from '../stores/store.ts'
import { storeKeysOf } from '../stores/store-key.ts'

/** What a request is to be charged, and to whom. */
export interface ChargePlan {
  readonly policy: Policy
  readonly clientKey: string
  readonly charge: Charge
}

/** The part of the settings that an plan needs. */
export type ChargePlanSettings<Req extends IncomingMessage, Res extends ServerResponse> = Pick<
  Settings<Req, Res>,
  'name' | 'policies' | 'classify' | 'classifiedBy' | 'keyGenerator' | 'cost' | 'skip' | 'ban' | 'refund'
>

/** Works out what a request is to be charged; undefined when it is not limited. */
export type PlanCharge<Req> = (
  req: Req,
  address: string,
  headers?: IncomingHttpHeaders,
) => MaybePromise<ChargePlan | undefined>

/** Compiles how a client is charged so many units by a policy. */
export function planBuilder<Req extends IncomingMessage, Res extends ServerResponse>({
  name,
  ban,
  refund,
}: Pick<Settings<Req, Res>, 'name' | 'ban' | 'refund'>): (
  policy: Policy,
  clientKey: string,
  cost: number,
) => ChargePlan {
  const storeKeyOf = storeKeysOf(name)
  const refundable = refund !== undefined
  return (policy, clientKey, cost) => {
    checkCapacity(cost, policy)
    const charge = { key: storeKeyOf(policy.class, clientKey), limits: policy.limits, cost, ban, refundable }
    return { policy, clientKey, charge }
  }
}

/** Compiles the plan. It is synchronous unless a function given as an option returns a promise. */
export function chargePlanner<Req extends IncomingMessage, Res extends ServerResponse>(
  settings: ChargePlanSettings<Req, Res>,
): PlanCharge<Req> {
  const { policies, classify, classifiedBy, keyGenerator, cost, skip } = settings
  const classOf: typeof classify = classifiedBy === 'method' ? classify : (req) => classify(req)
  const assessed = planBuilder(settings)
  const isPlain = keyGenerator === undefined && cost === undefined

  function assessUnskipped(
    req: Req,
    address: string,
    headers: IncomingHttpHeaders | undefined,
  ): MaybePromise<ChargePlan | undefined> {
    const requestClass = checkClass(classOf(req, headers))
    const classPolicy = policies[requestClass]
    if (classPolicy === false) return undefined
    // What most limiters come to: there is nobody to ask.
    if (isPlain && !isDynamic(classPolicy)) return assessed(classPolicy, address, 1)
    return chain(keyGenerator === undefined ? address : keyGenerator(req, address), (given) => {
      const clientKey = keyGenerator === undefined ? address : checkKey(given)
      return chain(isDynamic(classPolicy) ? ask(classPolicy, req) : classPolicy, (policy) =>
        chain(cost === undefined ? 1 : cost(req), (units) => assessed(policy, clientKey, checkCost(units))),
      )
    })
  }

  if (skip === undefined) return assessUnskipped
  return (req, address, headers) =>
    chain(skip(req), (skipped) => (skipped ? undefined : assessUnskipped(req, address, headers)))
}

function ask<Req>(policy: DynamicPolicy<Req>, req: Req): MaybePromise<Policy> {
  return chain(policy.ask(req), (limit) => policyAt(policy, limit))
}

function policyAt<Req>(policy: DynamicPolicy<Req>, limit: unknown): Policy {
  if (isWholeNumber(limit)) return policy.at(limit)
  throw invalidResult(
    policy.class,
    limit,
    'returned no limit',
    `Return a whole number from 1 to ${LARGEST_LIMIT}.`,
  )
}

function checkCost(cost: unknown): number {
  if (isWholeNumber(cost)) return cost
  throw invalidResult('cost', cost, 'is no cost', 'A cost is a whole number of at least 1.')
}

/** Throws for a cost that can never be admitted. */
function checkCapacity(cost: number, { narrowest: { name, burst, algorithm } }: Policy): void {
  if (cost <= burst) return
  throw new RateLimiterError({
    code: 'cost_above_capacity',
    option: 'cost',
    value: cost,
    problem: `can never be admitted by the limit '${name}' of ${burst}`,
    remedy: `Lower the cost, or raise ${algorithm === 'token-bucket' ? 'its burst' : 'it'} to at least ${cost}.`,
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
    'Return a string that is not empty; its second argument is the key of the client address.',
  )
}

function isWholeNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= LARGEST_LIMIT
}

function invalidResult(option: string, value: unknown, problem: string, remedy: string): RateLimiterError {
  return new RateLimiterError({ code: 'invalid_result', option, value, problem, remedy })
}
