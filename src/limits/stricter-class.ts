import type { Limit } from './limit.ts'
import { type ClassPolicy, isDynamic } from './policy.ts'
import type { RequestClass } from './request-class.ts'

/**
 * The class that admits less: never one that is not limited, and `read` only where it is stricter in every
 * respect, at once as in the long run. `write` where a function decides and nobody can tell.
 */
export function stricterClass<Req>(policies: Readonly<Record<RequestClass, ClassPolicy<Req>>>): RequestClass {
  const { read, write } = policies
  if (write === false) return 'read'
  if (read === false || isDynamic(read) || isDynamic(write)) return 'write'
  const isStricter = isNoLaxer(read.limits, write.limits) && !isNoLaxer(write.limits, read.limits)
  return isStricter ? 'read' : 'write'
}

/** Whether each of `others` has a counterpart in `limits` that admits no more, at once and by the millisecond. */
function isNoLaxer(limits: readonly Limit[], others: readonly Limit[]): boolean {
  return others.every((other) =>
    limits.some((limit) => limit.burst <= other.burst && unitsPerMs(limit) <= unitsPerMs(other)),
  )
}

function unitsPerMs({ limit, windowMs }: Limit): number {
  return limit / windowMs
}
