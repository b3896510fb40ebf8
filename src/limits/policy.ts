import type { Limit } from './limit.ts'
import type { RequestClass } from './request-class.ts'

/** The limits of one class: a request is admitted when all of them admit it. */
export interface Policy {
  readonly class: RequestClass
  readonly limits: readonly Limit[]
  /** The limit that holds least at once: a request that costs more can never be admitted. */
  readonly narrowest: Limit
}

/** A policy whose one limit is decided for each request. */
export interface DynamicPolicy<Req> {
  readonly class: RequestClass
  /** Everything but the number: how a limit of `limit` units would look. */
  readonly template: Limit
  /** Asks the function given as an option. */
  readonly ask: (req: Req) => unknown
  /** The policy for a number; the same number gives the same policy. */
  readonly at: (limit: number) => Policy
}

/** The policy of one class, in either form; `false` when the class is not limited. */
export type ClassPolicy<Req> = Policy | DynamicPolicy<Req> | false

export function isDynamic<Req>(policy: Policy | DynamicPolicy<Req>): policy is DynamicPolicy<Req> {
  return 'ask' in policy
}

export function fixedPolicy(requestClass: RequestClass, limits: readonly Limit[]): Policy {
  const narrowest = limits.reduce((one, other) => (other.burst < one.burst ? other : one))
  return { class: requestClass, limits, narrowest }
}

/** Numbers remembered for one function: people have a handful of tariffs; a function that never repeats
 * itself must not fill the memory. */
const MOST_REMEMBERED = 1000

export function dynamicPolicy<Req>(
  requestClass: RequestClass,
  template: Limit,
  ask: (req: Req) => unknown,
): DynamicPolicy<Req> {
  const policies = new Map<number, Policy>()
  const at = (limit: number): Policy => {
    const known = policies.get(limit)
    if (known !== undefined) return known
    if (policies.size >= MOST_REMEMBERED) policies.clear()
    const policy = fixedPolicy(requestClass, [{ ...template, limit, burst: limit }])
    policies.set(limit, policy)
    return policy
  }
  return { class: requestClass, template, ask, at }
}
