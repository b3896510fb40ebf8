import { type ClassPolicy, isDynamic } from './policy.ts'
import type { RequestClass } from './request-class.ts'

/**
 * The class that admits less: never one that is not limited, else the one with fewer units a second.
 * `write` where a function decides and nobody can tell.
 */
export function stricterClass<Req>(policies: Readonly<Record<RequestClass, ClassPolicy<Req>>>): RequestClass {
  const { read, write } = policies
  if (write === false) return 'read'
  if (read === false || isDynamic(read) || isDynamic(write)) return 'write'
  return unitsPerMs(read.limits) < unitsPerMs(write.limits) ? 'read' : 'write'
}

function unitsPerMs(limits: readonly { readonly limit: number; readonly windowMs: number }[]): number {
  return Math.min(...limits.map(({ limit, windowMs }) => limit / windowMs))
}
