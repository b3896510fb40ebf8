import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Limit } from '../limits/limit.ts'
import type {
  AnswerDescription,
  LimitDescription,
  LimiterDescription,
} from '../limits/limiter-description.ts'
import { type ClassPolicy, isDynamic } from '../limits/policy.ts'
import type { Settings } from '../options/settings.ts'
import { FORBIDDEN_STATUS, UNAVAILABLE_STATUS } from '../response/refusal.ts'

/** Describes a limiter by its settings. */
export function describeSettings<Req extends IncomingMessage, Res extends ServerResponse>(
  settings: Settings<Req, Res>,
): LimiterDescription {
  const { name, mode, policies, classifiedBy, skip, cost, formats } = settings
  return {
    name,
    mode,
    read: describePolicy(policies.read),
    write: describePolicy(policies.write),
    classifiedBy,
    canSkip: skip !== undefined,
    hasCosts: cost !== undefined,
    headers: formats.flatMap((format) => format.fields),
    ...describeAnswers(settings),
  }
}

function describeAnswers<Req extends IncomingMessage, Res extends ServerResponse>({
  policies,
  client,
  onStoreError,
  refusal: { statusCode, exampleBodyFor, forbiddenBody, unavailableBody },
}: Settings<Req, Res>): Pick<LimiterDescription, 'refusal' | 'denial' | 'unavailable'> {
  const names = [policies.read, policies.write].flatMap(limitNamesOf)
  const refusal: AnswerDescription = { status: statusCode, body: exampleBodyFor(names) }
  return {
    refusal,
    ...(client.denyList === undefined ? {} : { denial: { status: FORBIDDEN_STATUS, body: forbiddenBody } }),
    ...(onStoreError === 'deny'
      ? { unavailable: { status: UNAVAILABLE_STATUS, body: unavailableBody } }
      : {}),
  }
}

function limitNamesOf<Req>(policy: ClassPolicy<Req>): string[] {
  if (policy === false) return []
  return isDynamic(policy) ? [policy.template.name] : policy.limits.map(({ name }) => name)
}

function describePolicy<Req>(policy: ClassPolicy<Req>): readonly LimitDescription[] | false {
  if (policy === false) return false
  if (isDynamic(policy)) return [describeLimit(policy.template, 'dynamic')]
  return policy.limits.map((limit) => describeLimit(limit, limit.limit))
}

function describeLimit(compiled: Limit, limit: number | 'dynamic'): LimitDescription {
  const { name, windowMs, algorithm, burst, isInFlight } = compiled
  return {
    name,
    limit,
    windowSec: windowMs / 1000,
    algorithm: isInFlight === true ? 'in-flight' : algorithm,
    ...(burst === compiled.limit ? {} : { burst }),
  }
}
