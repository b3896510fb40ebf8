import type { Limit } from './limit.ts'
import type { RequestClass } from './request-class.ts'

/** The limits of one class. A request is allowed if all of them allow it. */
export interface Policy {
  readonly class: RequestClass
  readonly limits: readonly Limit[]
  /**
   * The limit with the smallest `burst`. A request that costs more than this `burst` can never be allowed.
   */
  readonly smallestLimit: Limit
  /** Whether a limit of 0 refuses every request. Then the store is not asked. */
  readonly refusesAll: boolean
}

/** A policy with one limit, whose units a function decides for each request. */
export interface DynamicPolicy<Req, Res> {
  readonly class: RequestClass
  /** The limit, complete except for its units. */
  readonly template: Limit
  /** The function from the options that decides the units for a request. */
  readonly limitFunction: (req: Req, res: Res) => unknown
  /** The policy with a limit of so many units. The same number always gives the same policy object. */
  readonly withLimit: (units: number) => Policy
}

/** The policy of one class, fixed or dynamic. `false` if the class is not limited. */
export type ClassPolicy<Req, Res> = Policy | DynamicPolicy<Req, Res> | false

export function isDynamic<Req, Res>(
  policy: Policy | DynamicPolicy<Req, Res>,
): policy is DynamicPolicy<Req, Res> {
  return 'limitFunction' in policy
}

export function fixedPolicy(requestClass: RequestClass, limits: readonly Limit[]): Policy {
  const smallestLimit = limits.reduce((one, other) => (other.burst < one.burst ? other : one))
  return { class: requestClass, limits, smallestLimit, refusesAll: smallestLimit.burst === 0 }
}

/**
 * How many policies are remembered for one limit function. Most functions return a few different numbers. A
 * function that returns a different number each time must not fill the memory.
 */
const MOST_REMEMBERED = 1000

export function dynamicPolicy<Req, Res>(
  requestClass: RequestClass,
  template: Limit,
  limitFunction: (req: Req, res: Res) => unknown,
): DynamicPolicy<Req, Res> {
  const policies = new Map<number, Policy>()
  const withLimit = (units: number): Policy => {
    const known = policies.get(units)
    if (known !== undefined) return known
    if (policies.size >= MOST_REMEMBERED) policies.clear()
    const policy = fixedPolicy(requestClass, [{ ...template, limit: units, burst: units }])
    policies.set(units, policy)
    return policy
  }
  return { class: requestClass, template, limitFunction, withLimit }
}
