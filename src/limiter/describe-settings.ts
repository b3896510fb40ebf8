import type { IncomingMessage, ServerResponse } from 'node:http'
import { calendarParts } from '../limits/calendar.ts'
import type { Limit } from '../limits/limit.ts'
import type {
  AnswerDescription,
  LimitDescription,
  LimiterDescription,
} from '../limits/limiter-description.ts'
import {
  type ClassPolicy,
  isDynamic,
  limitedPolicies,
  type Plan,
  type PolicyScope,
} from '../limits/policy.ts'
import type { ReadOrWrite } from '../limits/request-class.ts'
import type { Settings } from '../options/settings.ts'
import { FORBIDDEN_STATUS, UNAVAILABLE_STATUS } from '../response/refusal.ts'

/** Describes a limiter by its settings. */
export function describeSettings<Req extends IncomingMessage, Res extends ServerResponse>(
  settings: Settings<Req, Res>,
): LimiterDescription {
  const { name, mode, plans, preflight, classifiedBy, skip, cost, formats } = settings
  return {
    name,
    mode,
    plans: plans.map((plan) => plan.name).filter((planName) => planName !== undefined),
    read: describeClass(plans, 'read'),
    write: describeClass(plans, 'write'),
    preflight: preflight !== false && describePolicy(preflight),
    classifiedBy,
    canSkip: skip !== undefined,
    hasCosts: cost !== undefined,
    headers: formats.flatMap((format) => format.fields),
    ...describeAnswers(settings),
  }
}

function describeAnswers<Req extends IncomingMessage, Res extends ServerResponse>({
  plans,
  client,
  onStoreError,
  refusal: { statusCode, exampleBodyFor, forbiddenBody, unavailableBody },
}: Settings<Req, Res>): Pick<LimiterDescription, 'refusal' | 'denial' | 'unavailable'> {
  const names = limitedPolicies(plans).flatMap((policy) => describePolicy(policy).map(({ name }) => name))
  const refusal: AnswerDescription = { status: statusCode, body: exampleBodyFor([...new Set(names)]) }
  return {
    refusal,
    ...(client.denyList === undefined ? {} : { denial: { status: FORBIDDEN_STATUS, body: forbiddenBody } }),
    ...(onStoreError === 'deny'
      ? { unavailable: { status: UNAVAILABLE_STATUS, body: unavailableBody } }
      : {}),
  }
}

function describeClass<Req, Res>(
  plans: readonly Plan<Req, Res>[],
  readOrWrite: ReadOrWrite,
): readonly LimitDescription[] | false {
  const limits = plans.flatMap(({ policies }) => describePolicy(policies[readOrWrite]))
  return limits.length > 0 && limits
}

function describePolicy<Req, Res>(policy: ClassPolicy<Req, Res>): readonly LimitDescription[] {
  if (policy === false) return []
  if (isDynamic(policy)) return [describeLimit(policy.template, 'dynamic', policy)]
  return policy.limits.map((limit) => describeLimit(limit, limit.limit, policy))
}

function describeLimit(
  compiled: Limit,
  limit: number | 'dynamic',
  { plan, class: requestClass }: PolicyScope,
): LimitDescription {
  const { name, windowMs, algorithm, burst, isInFlight, calendar } = compiled
  return {
    ...(plan === undefined ? {} : { plan }),
    ...(requestClass === 'any' ? { allMethods: true } : {}),
    name,
    limit,
    windowSec: windowMs / 1000,
    algorithm: isInFlight === true ? 'in-flight' : algorithm,
    ...(burst === compiled.limit ? {} : { burst }),
    ...(calendar === undefined ? {} : { calendar: calendarParts(calendar) }),
  }
}
