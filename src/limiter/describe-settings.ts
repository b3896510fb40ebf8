import type { IncomingMessage, ServerResponse } from 'node:http'
import { calendarParts } from '../limits/calendar.ts'
import type { Limit } from '../limits/limit.ts'
import type {
  AnswerDescription,
  LimitDescription,
  LimiterDescription,
} from '../limits/limiter-description.ts'
import { type ClassPolicy, isDynamic, limitedPolicies, type Plan } from '../limits/policy.ts'
import { DEFAULT_UNIT, unitOfClass } from '../limits/quota-unit.ts'
import type { ReadOrWrite } from '../limits/request-class.ts'
import type { Settings } from '../options/settings.ts'
import { FORBIDDEN_STATUS, UNAVAILABLE_STATUS } from '../response/refusal.ts'

/** Describes a limiter by its settings. */
export function describeSettings<Req extends IncomingMessage, Res extends ServerResponse>(
  settings: Settings<Req, Res>,
): LimiterDescription {
  const { name, mode, plans, preflight, classifiedBy, skip, cost, unit, settles, formats } = settings
  const countsRequests = unit === DEFAULT_UNIT
  return {
    name,
    mode,
    plans: plans.map((plan) => plan.name).filter((planName) => planName !== undefined),
    read: describeClass(plans, 'read', unit),
    write: describeClass(plans, 'write', unit),
    preflight: preflight !== false && describePolicy(preflight, unit),
    classifiedBy,
    canSkip: skip !== undefined,
    hasCosts: cost !== undefined,
    ...(countsRequests ? {} : { unit }),
    settles,
    headers: formats.flatMap(({ fields, fieldsWithUnit }) =>
      countsRequests ? fields : (fieldsWithUnit ?? fields),
    ),
    ...describeAnswers(settings),
  }
}

function describeAnswers<Req extends IncomingMessage, Res extends ServerResponse>({
  plans,
  client,
  unit,
  onStoreError,
  refusal: { statusCode, exampleBodyFor, forbiddenBody, unavailableBody },
}: Settings<Req, Res>): Pick<LimiterDescription, 'refusal' | 'denial' | 'unavailable'> {
  const names = limitedPolicies(plans).flatMap((policy) =>
    describePolicy(policy, unit).map(({ name }) => name),
  )
  const body = exampleBodyFor({ violated: () => [...new Set(names)], unit })
  const refusal: AnswerDescription = { status: statusCode, body }
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
  unit: string,
): readonly LimitDescription[] | false {
  const limits = plans.flatMap(({ policies }) => describePolicy(policies[readOrWrite], unit))
  return limits.length > 0 && limits
}

function describePolicy<Req, Res>(
  policy: ClassPolicy<Req, Res>,
  limiterUnit: string,
): readonly LimitDescription[] {
  if (policy === false) return []
  const { plan, class: requestClass } = policy
  const unit = unitOfClass(limiterUnit, requestClass)
  const scope = {
    ...(plan === undefined ? {} : { plan }),
    ...(requestClass === 'any' ? ({ allMethods: true } as const) : {}),
    ...(unit === DEFAULT_UNIT ? {} : { unit }),
  }
  if (isDynamic(policy)) return [describeLimit(policy.template, 'dynamic', scope)]
  return policy.limits.map((limit) => describeLimit(limit, limit.limit, scope))
}

function describeLimit(
  compiled: Limit,
  limit: number | 'dynamic',
  scope: Pick<LimitDescription, 'plan' | 'allMethods' | 'unit'>,
): LimitDescription {
  const { name, windowMs, algorithm, burst, isInFlight, calendar } = compiled
  return {
    ...scope,
    name,
    limit,
    windowSec: windowMs / 1000,
    algorithm: isInFlight === true ? 'in-flight' : algorithm,
    ...(burst === compiled.limit ? {} : { burst }),
    ...(calendar === undefined ? {} : { calendar: calendarParts(calendar) }),
  }
}
