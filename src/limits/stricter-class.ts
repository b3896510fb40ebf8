import type { Limit } from './limit.ts'
import { type ClassPolicy, isDynamic } from './policy.ts'
import type { RequestClass } from './request-class.ts'

/**
 * The class that allows less. A class without limits is never the stricter one. `read` is the stricter class
 * only if it is stricter in every respect: in the units that are allowed at once, and in the units over time.
 * If a function decides the limit of a class, the classes cannot be compared, and the result is `write`.
 */
export function stricterClass<Req>(policies: Readonly<Record<RequestClass, ClassPolicy<Req>>>): RequestClass {
  const { read, write } = policies
  if (write === false) return 'read'
  if (read === false || isDynamic(read) || isDynamic(write)) return 'write'
  const isReadStricter =
    isAtLeastAsStrict(read.limits, write.limits) && !isAtLeastAsStrict(write.limits, read.limits)
  return isReadStricter ? 'read' : 'write'
}

/**
 * Whether for each limit in `others` there is a limit in `limits` that allows no more units at once and no
 * more units per millisecond.
 */
function isAtLeastAsStrict(limits: readonly Limit[], others: readonly Limit[]): boolean {
  return others.every((other) =>
    limits.some((limit) => limit.burst <= other.burst && unitsPerMs(limit) <= unitsPerMs(other)),
  )
}

function unitsPerMs({ limit, windowMs }: Limit): number {
  return limit / windowMs
}
