/*
 * Plans the charge of a request: from the request and the key of its address to a policy, a client key and a charge.
 *
 * Twin: src/tools/cli/replay/offline-limiter.ts
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Client } from '../client/known-client.ts'
import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import { LARGEST_LIMIT } from '../limits/limit.ts'
import { type DynamicPolicy, isDynamic, optionOf, type Plan, type Policy } from '../limits/policy.ts'
import { isPreflight } from '../limits/request-methods.ts'
import { chain, isPromiseLike, type MaybePromise } from '../maybe-promise.ts'
import type { Settings } from '../options/settings.ts'
import type { Charge } from '../stores/store.ts'
import { storeKeysOf } from '../stores/store-key.ts'

/** Which client a request is charged to, by which policy, and the charge that the store gets. */
export interface ChargePlan {
  readonly policy: Policy
  readonly clientKey: string
  readonly charge: Charge
  /** The plan for the other class, where a method override puts both classes in play. */
  readonly otherClass?: ChargePlan
}

/** The settings that a plan depends on. */
export type ChargePlanSettings<Req extends IncomingMessage, Res extends ServerResponse> = Pick<
  Settings<Req, Res>,
  'name' | 'plans' | 'plan' | 'preflight' | 'classify' | 'keyGenerator' | 'cost' | 'skip' | 'refund'
>

/** What a plan needs of a client. */
export type PlannedClient = Pick<Client, 'key' | 'storeKeys'>

/** A client with a key that is not remembered. */
export function clientWithKey(key: string): PlannedClient {
  return { key, storeKeys: {} }
}

/**
 * Plans the charge of a request; undefined where the request is not limited.
 *
 * @param client the client of the request's address, which is charged unless there is a `keyGenerator`
 */
export type PlanCharge<Req, Res> = (
  req: Req,
  res: Res,
  client: PlannedClient,
  headers?: IncomingHttpHeaders,
) => MaybePromise<ChargePlan | undefined>

/** Makes the plan from its parts: a policy, a client, and a cost in units. */
export type BuildPlan = (
  policy: Policy,
  client: PlannedClient,
  cost: number,
  refundable?: boolean,
) => ChargePlan

/** Compiles {@link BuildPlan} for one limiter. */
export function planBuilder({ name, refund }: Pick<Settings<never, never>, 'name' | 'refund'>): BuildPlan {
  const storeKeyOf = storeKeysOf(name)
  const isRefundable = refund !== undefined
  return (policy, client, cost, refundable = isRefundable) => {
    checkCapacity(cost, policy)
    const { class: requestClass, limits, ban } = policy
    const { storeKeys, key: clientKey } = client
    const storeKey = storeKeys[requestClass] ?? { text: storeKeyOf(requestClass, clientKey), memo: {} }
    storeKeys[requestClass] = storeKey
    const { text: key, memo } = storeKey
    const charge = { key, memo, limits, cost, ban, refundable }
    return { policy, clientKey, charge }
  }
}

/** Compiles {@link PlanCharge}. It is synchronous unless a function among the options returns a promise. */
export function chargePlanner<Req extends IncomingMessage, Res extends ServerResponse>(
  settings: ChargePlanSettings<Req, Res>,
): PlanCharge<Req, Res> {
  const { preflight, skip } = settings
  const buildPlan = planBuilder(settings)
  const chosenPlan = planChooser(settings)
  const planBy = policyPlanner(settings, buildPlan)

  function planUnskipped(
    req: Req,
    res: Res,
    client: PlannedClient,
    headers: IncomingHttpHeaders = req.headers,
  ): MaybePromise<ChargePlan | undefined> {
    if (preflight !== false && isPreflight(req, headers)) return buildPlan(preflight, client, 1, false)
    const chosen = chosenPlan(req, res)
    const request = { req, res, client, headers }
    return isPromiseLike(chosen) ? chain(chosen, (plan) => planBy(plan, request)) : planBy(chosen, request)
  }

  if (skip === undefined) return planUnskipped
  return (req, res, client, headers) =>
    chain(skip(req, res), (skipped) => (skipped ? undefined : planUnskipped(req, res, client, headers)))
}

/** A request that is to be charged. */
interface ChargeableRequest<Req, Res> {
  readonly req: Req
  readonly res: Res
  readonly client: PlannedClient
  readonly headers: IncomingHttpHeaders
}

/** Compiles how a request is charged by the policies of a plan. */
function policyPlanner<Req extends IncomingMessage, Res extends ServerResponse>(
  { classify, keyGenerator, cost }: ChargePlanSettings<Req, Res>,
  buildPlan: BuildPlan,
): (plan: Plan<Req, Res>, request: ChargeableRequest<Req, Res>) => MaybePromise<ChargePlan | undefined> {
  const isPlain = keyGenerator === undefined && cost === undefined
  return ({ policies }, { req, res, client, headers }) => {
    const classes = classify(req, res, headers)
    const [requestClass] = classes
    const classPolicy = requestClass === undefined ? false : policies[requestClass]
    // Most limiters ask no function. Then the charge is made at once, without the functions below.
    if (isPlain && classes.length === 1 && (classPolicy === false || !isDynamic(classPolicy))) {
      return classPolicy === false ? undefined : buildPlan(classPolicy, client, 1)
    }
    // A set: where one budget serves all methods, a method override is charged to it once.
    const limited = [...new Set(classes.map((each) => policies[each]))].filter((policy) => policy !== false)
    if (limited.length === 0) return undefined
    return chain(keyGenerator?.(req, res, client.key), (given) => {
      const charged = keyGenerator === undefined ? client : clientWithKey(checkKey(given))
      return chain(policiesFor(limited, req, res), (asked) => {
        if (asked.length === 0) return undefined
        return chain(cost === undefined ? 1 : cost(req, res), (units) =>
          planOf(asked, charged, checkCost(units), buildPlan),
        )
      })
    })
  }
}

/** Finds the plan of a request: the one that the option `plan` names, or the only one. */
function planChooser<Req extends IncomingMessage, Res extends ServerResponse>({
  plans,
  plan: nameFor,
}: Pick<ChargePlanSettings<Req, Res>, 'plans' | 'plan'>): (
  req: Req,
  res: Res,
) => MaybePromise<Plan<Req, Res>> {
  const [only] = plans
  if (nameFor === undefined && only !== undefined) return () => only
  const byName = new Map<unknown, Plan<Req, Res>>(plans.map((plan) => [plan.name, plan]))
  return (req, res) =>
    chain(nameFor?.(req, res), (name) => {
      const plan = byName.get(name)
      if (plan !== undefined) return plan
      const names = [...byName.keys()].map((known) => `'${known}'`).join(', ')
      throw new RateLimiterError({
        code: 'unknown_plan',
        option: 'plan',
        value: name,
        problem: 'returned a name that is not in plans',
        remedy: `Return one of ${names}.`,
      })
    })
}

/** The policies of one or two classes, without those for which a function returned false. */
function policiesFor<Req, Res>(
  [first, ...others]: readonly (Policy | DynamicPolicy<Req, Res>)[],
  req: Req,
  res: Res,
): MaybePromise<readonly Policy[]> {
  if (first === undefined) return []
  return chain(isDynamic(first) ? askLimit(first, req, res) : first, (policy) =>
    chain(policiesFor(others, req, res), (rest) => (policy === undefined ? rest : [policy, ...rest])),
  )
}

/** A plan for the first policy, with a plan for the second in it where there are two. */
function planOf(
  [policy, other]: readonly Policy[],
  client: PlannedClient,
  cost: number,
  buildPlan: BuildPlan,
): ChargePlan | undefined {
  if (policy === undefined) return undefined
  if (other === undefined) return buildPlan(policy, client, cost)
  // Both charges can be given back, since either is when the other class refuses.
  const otherClass = buildPlan(other, client, cost, true)
  return { ...buildPlan(policy, client, cost, true), otherClass }
}

/** The policy that a limit function decides; undefined where it decides that the class is not limited. */
function askLimit<Req, Res>(
  policy: DynamicPolicy<Req, Res>,
  req: Req,
  res: Res,
): MaybePromise<Policy | undefined> {
  return chain(policy.limitFunction(req, res), (limit) => policyAt(policy, limit))
}

function policyAt<Req, Res>(policy: DynamicPolicy<Req, Res>, limit: unknown): Policy | undefined {
  if (limit === false) return undefined
  if (isWholeNumber(limit, 0)) return policy.withLimit(limit)
  throw invalidResult(
    optionOf(policy),
    limit,
    'returned no limit',
    `Return a whole number up to ${LARGEST_LIMIT}, or false for no limit.`,
  )
}

function checkCost(cost: unknown): number {
  if (isWholeNumber(cost, 1)) return cost
  throw invalidResult('cost', cost, 'returned no cost', 'Return a whole number of at least 1.')
}

/** Throws for a cost that no wait would allow. */
function checkCapacity(
  cost: number,
  { refusesAll, smallestLimit: { name, burst, algorithm } }: Policy,
): void {
  if (cost <= burst || refusesAll) return
  throw new RateLimiterError({
    code: 'cost_above_capacity',
    option: 'cost',
    value: cost,
    problem: `can never be admitted by the limit '${name}' of ${burst}`,
    remedy: `Lower the cost, or raise ${algorithm === 'token-bucket' ? 'its burst' : 'the limit'} to at least ${cost}.`,
  })
}

function checkKey(key: unknown): string {
  if (typeof key === 'string' && key !== '') return key
  throw invalidResult(
    'keyGenerator',
    key,
    'returned no key',
    'Return a string that is not empty. Its third argument is the key of the client address.',
  )
}

function isWholeNumber(value: unknown, least: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= LARGEST_LIMIT
}

function invalidResult(option: string, value: unknown, problem: string, remedy: string): RateLimiterError {
  return new RateLimiterError({ code: 'invalid_result', option, value, problem, remedy })
}
