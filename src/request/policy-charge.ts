/*
 * Makes the charge of a request: from the request and the key of its address to a policy, a client key and a charge.
 *
 * Twin: src/tools/cli/replay/offline-limiter.ts
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Client } from '../client/known-client.ts'
import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import { LARGEST_LIMIT } from '../limits/limit.ts'
import { type DynamicPolicy, isDynamic, optionOf, type Plan, type Policy } from '../limits/policy.ts'
import type { ReadOrWrite } from '../limits/request-class.ts'
import { isPreflight } from '../limits/request-methods.ts'
import { chain, isPromiseLike, type MaybePromise } from '../maybe-promise.ts'
import type { Settings } from '../options/settings.ts'
import type { Charge } from '../stores/store.ts'
import { StoreKey, storeKeysOf } from '../stores/store-key.ts'

/** Which client a request is charged to, by which policy, and the charge that the store gets. */
export interface PolicyCharge {
  readonly policy: Policy
  readonly clientKey: string
  readonly charge: Charge
  /** The charge in the other class, where a method override puts both classes in play. */
  readonly otherClass?: PolicyCharge
}

/** The settings that a charge depends on. */
export type ChargeSettings<Req extends IncomingMessage, Res extends ServerResponse> = Pick<
  Settings<Req, Res>,
  'name' | 'plans' | 'plan' | 'preflight' | 'classify' | 'keyGenerator' | 'cost' | 'skip' | 'keepsReceipts'
>

/** What a charge needs of a client. */
export type ChargedClient = Pick<Client, 'key' | 'storeKeys'>

/** A client with a key that is not remembered. */
export function clientWithKey(key: string): ChargedClient {
  return { key, storeKeys: {} }
}

/**
 * Makes the charge of a request; undefined where the request is not limited.
 *
 * @param client the client of the request's address, which is charged unless there is a `keyGenerator`
 */
export type ComposeCharge<Req, Res> = (
  req: Req,
  res: Res,
  client: ChargedClient,
  headers?: IncomingHttpHeaders,
) => MaybePromise<PolicyCharge | undefined>

/** Makes a charge from its parts: a policy, a client, and a cost in units. */
export type BuildCharge = (
  policy: Policy,
  client: ChargedClient,
  cost: number,
  refundable?: boolean,
) => PolicyCharge

/** Compiles {@link BuildCharge} for one limiter. */
export function chargeBuilder({
  name,
  keepsReceipts,
}: Pick<Settings<never, never>, 'name' | 'keepsReceipts'>): BuildCharge {
  const storeKeyOf = storeKeysOf(name)
  return (policy, client, cost, refundable = keepsReceipts) => {
    checkCapacity(cost, policy)
    const { class: requestClass, limits, ban } = policy
    const { storeKeys, key: clientKey } = client
    // Only this function makes them.
    let memo = storeKeys[requestClass] as StoreKey | undefined
    if (memo === undefined) {
      memo = new StoreKey(storeKeyOf(requestClass, clientKey))
      storeKeys[requestClass] = memo
    }
    const charge = { key: memo.text, memo, limits, cost, ban, refundable }
    return { policy, clientKey, charge }
  }
}

/** Compiles {@link ComposeCharge}. It is synchronous unless a function among the options returns a promise. */
export function chargeComposer<Req extends IncomingMessage, Res extends ServerResponse>(
  settings: ChargeSettings<Req, Res>,
): ComposeCharge<Req, Res> {
  const { preflight, skip } = settings
  const buildCharge = chargeBuilder(settings)
  const chosenPlan = planChooser(settings)
  const composeBy = policyComposer(settings, buildCharge)

  function composeUnskipped(
    req: Req,
    res: Res,
    client: ChargedClient,
    headers: IncomingHttpHeaders = req.headers,
  ): MaybePromise<PolicyCharge | undefined> {
    if (preflight !== false && isPreflight(req, headers)) return buildCharge(preflight, client, 1, false)
    const chosen = chosenPlan(req, res)
    return isPromiseLike(chosen)
      ? chain(chosen, (plan) => composeBy(plan, req, res, client, headers))
      : composeBy(chosen, req, res, client, headers)
  }

  if (skip === undefined) return composeUnskipped
  return (req, res, client, headers) =>
    chain(skip(req, res), (skipped) => (skipped ? undefined : composeUnskipped(req, res, client, headers)))
}

/** Compiles how a request is charged by the policies of a plan. */
function policyComposer<Req extends IncomingMessage, Res extends ServerResponse>(
  { classify, keyGenerator, cost }: ChargeSettings<Req, Res>,
  buildCharge: BuildCharge,
): (
  plan: Plan<Req, Res>,
  ...request: Required<Parameters<ComposeCharge<Req, Res>>>
) => MaybePromise<PolicyCharge | undefined> {
  const isPlain = keyGenerator === undefined && cost === undefined
  return ({ policies }, req, res, client, headers) => {
    const classes = classify(req, res, headers)
    // Most limiters ask no function. Then the charge is made at once, without the functions below.
    if (isPlain && classes.length === 1) {
      const policy = policies[classes[0] as ReadOrWrite]
      if (policy === false) return undefined
      if (!isDynamic(policy)) return buildCharge(policy, client, 1)
    }
    // A set: where one budget serves all methods, a method override is charged to it once.
    const limited = [...new Set(classes.map((each) => policies[each]))].filter((policy) => policy !== false)
    if (limited.length === 0) return undefined
    return chain(keyGenerator?.(req, res, client.key), (given) => {
      const charged = keyGenerator === undefined ? client : clientWithKey(checkKey(given))
      return chain(policiesFor(limited, req, res), (asked) => {
        if (asked.length === 0) return undefined
        return chain(cost === undefined ? 1 : cost(req, res), (units) =>
          chargeByAll(asked, charged, checkCost(units), buildCharge),
        )
      })
    })
  }
}

/** Finds the plan of a request: the one that the option `plan` names, or the only one. */
function planChooser<Req extends IncomingMessage, Res extends ServerResponse>({
  plans,
  plan: nameFor,
}: Pick<ChargeSettings<Req, Res>, 'plans' | 'plan'>): (req: Req, res: Res) => MaybePromise<Plan<Req, Res>> {
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

/** The charge by the first policy, with the charge by the second in it where there are two. */
function chargeByAll(
  [policy, other]: readonly Policy[],
  client: ChargedClient,
  cost: number,
  buildCharge: BuildCharge,
): PolicyCharge | undefined {
  if (policy === undefined) return undefined
  if (other === undefined) return buildCharge(policy, client, cost)
  // Both charges can be given back, since either is when the other class refuses.
  const otherClass = buildCharge(other, client, cost, true)
  return { ...buildCharge(policy, client, cost, true), otherClass }
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
