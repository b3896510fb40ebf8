import type { BanRule } from './ban.ts'
import type { Limit } from './limit.ts'
import type { ReadOrWrite, RequestClass } from './request-class.ts'

/** What a policy is for. */
export interface PolicyScope {
  readonly class: RequestClass
  /** The plan that it belongs to; undefined where the limiter has no plans. */
  readonly plan?: string | undefined
  /** The rule by which refusals lead to a ban; undefined where they do not. */
  readonly ban?: BanRule | undefined
}

/** The limits of one class. A request is allowed if all of them allow it. */
export interface Policy extends PolicyScope {
  readonly limits: readonly Limit[]
  /**
   * The limit with the smallest `burst`. A request that costs more than this `burst` can never be allowed.
   */
  readonly smallestLimit: Limit
  /** Whether a limit of 0 refuses every request. Then the store is not asked. */
  readonly refusesAll: boolean
}

/** A policy with one limit, whose units a function decides for each request. */
export interface DynamicPolicy<Req, Res> extends PolicyScope {
  /** The limit, complete except for its units. */
  readonly template: Limit
  /** The function from the options that decides the units for a request. */
  readonly limitFunction: (req: Req, res: Res) => unknown
  /** The policy with a limit of so many units. The same number always gives the same policy object. */
  readonly withLimit: (units: number) => Policy
}

/** The policy of one class, fixed or dynamic. `false` if the class is not limited. */
export type ClassPolicy<Req, Res> = Policy | DynamicPolicy<Req, Res> | false

/**
 * The policies of one plan, by the class of the request. Where one budget serves all methods, both are the same policy, of
 * the class `any`.
 */
export type Policies<Req, Res> = Readonly<Record<ReadOrWrite, ClassPolicy<Req, Res>>>

/** A named set of policies. A limiter without the option `plans` has one plan, without a name. */
export interface Plan<Req, Res> {
  readonly name: string | undefined
  readonly policies: Policies<Req, Res>
}

export function isDynamic<Req, Res>(
  policy: Policy | DynamicPolicy<Req, Res>,
): policy is DynamicPolicy<Req, Res> {
  return 'limitFunction' in policy
}

/** The policies of these plans, each once, without the classes that are not limited. */
export function limitedPolicies<Req, Res>(
  plans: readonly Plan<Req, Res>[],
): readonly (Policy | DynamicPolicy<Req, Res>)[] {
  const policies = plans.flatMap(({ policies: { read, write } }) => [read, write])
  return [...new Set(policies)].filter((policy) => policy !== false)
}

/** The limits of a policy. Where a function decides the units of a limit, it has one unit here. */
export function limitsOf<Req, Res>(policy: Policy | DynamicPolicy<Req, Res>): readonly Limit[] {
  return isDynamic(policy) ? [policy.template] : policy.limits
}

/** The option that a policy comes from, such as `write` or `plans.free.limit`. */
export function optionOf({ class: requestClass, plan }: PolicyScope): string {
  const option = requestClass === 'any' ? 'limit' : requestClass
  return plan === undefined ? option : `plans.${plan}.${option}`
}

export function fixedPolicy(scope: PolicyScope, limits: readonly Limit[]): Policy {
  const smallestLimit = limits.reduce((one, other) => (other.burst < one.burst ? other : one))
  return {
    class: scope.class,
    plan: scope.plan,
    ban: scope.ban,
    limits,
    smallestLimit,
    refusesAll: smallestLimit.burst === 0,
  }
}

/**
 * How many policies are remembered for one limit function. Most functions return a few different numbers. A
 * function that returns a different number each time must not fill the memory.
 */
const MOST_REMEMBERED = 1000

export function dynamicPolicy<Req, Res>(
  scope: PolicyScope,
  template: Limit,
  limitFunction: (req: Req, res: Res) => unknown,
): DynamicPolicy<Req, Res> {
  const policies = new Map<number, Policy>()
  const withLimit = (units: number): Policy => {
    const known = policies.get(units)
    if (known !== undefined) return known
    if (policies.size >= MOST_REMEMBERED) policies.clear()
    const policy = fixedPolicy(scope, [{ ...template, limit: units, burst: units }])
    policies.set(units, policy)
    return policy
  }
  return { ...scope, template, limitFunction, withLimit }
}
