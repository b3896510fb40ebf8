import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Limit } from '../limits/limit.ts'
import type { LimitDescription, LimiterDescription } from '../limits/limiter-description.ts'
import { type ClassPolicy, isDynamic } from '../limits/policy.ts'
import type { Settings } from './settings.ts'

/** What a limiter with these settings says of itself. */
export function describeSettings<Req extends IncomingMessage, Res extends ServerResponse>({
  name,
  mode,
  policies,
  classifiedBy,
  skip,
}: Settings<Req, Res>): LimiterDescription {
  return {
    name,
    mode,
    read: describePolicy(policies.read),
    write: describePolicy(policies.write),
    classifiedBy,
    canSkip: skip !== undefined,
  }
}

function describePolicy<Req>(policy: ClassPolicy<Req>): readonly LimitDescription[] | false {
  if (policy === false) return false
  if (isDynamic(policy)) return [describeLimit(policy.template, 'dynamic')]
  return policy.limits.map((limit) => describeLimit(limit, limit.limit))
}

function describeLimit(compiled: Limit, limit: number | 'dynamic'): LimitDescription {
  const { name, windowMs, algorithm, burst } = compiled
  return {
    name,
    limit,
    windowSec: windowMs / 1000,
    algorithm,
    ...(burst === compiled.limit ? {} : { burst }),
  }
}
