import { rejectOption } from '../../errors/option-checks.ts'
import { RateLimiterError } from '../../errors/rate-limiter-error.ts'
import {
  describeLimiter,
  type LIMITER_DESCRIPTION,
  type LimiterDescription,
} from '../../limits/limiter-description.ts'
import { REQUEST_CLASSES, type RequestClass } from '../../limits/request-class.ts'
import { prefixOf } from './component-name.ts'

/** A limiter, or what it says of itself: the audit's `routes` list that of the limiters before each route. */
export type DescribedLimiter = LimiterDescription | { readonly [LIMITER_DESCRIPTION]: LimiterDescription }

/** One limiter or several. */
export type DescribedLimiters = DescribedLimiter | readonly DescribedLimiter[]

/**
 * What the limiters say of themselves, each once.
 *
 * @throws RateLimiterError `invalid_option` for what is no limiter, `impossible_combination` for limiters whose
 *   components would have the same names
 */
export function describedLimiters(given: DescribedLimiters): readonly LimiterDescription[] {
  const candidates: readonly unknown[] = Array.isArray(given) ? given : [given]
  const descriptions = [...new Set(candidates.map(descriptionOf))]
  const byPrefix = new Map<string, string>()
  for (const { name } of descriptions) {
    const prefix = prefixOf(name)
    const other = byPrefix.get(prefix)
    if (other !== undefined) throw sameNames(other, name)
    byPrefix.set(prefix, name)
  }
  return descriptions
}

/** The classes meant: both where none is named. */
export function checkClasses(requestClass: RequestClass | undefined): readonly RequestClass[] {
  if (requestClass === undefined) return REQUEST_CLASSES
  if (REQUEST_CLASSES.includes(requestClass)) return [requestClass]
  return rejectOption(
    'requestClass',
    requestClass,
    'takes a class of requests',
    "Give 'read' or 'write', or leave it out for both.",
  )
}

function descriptionOf(candidate: unknown): LimiterDescription {
  const description = describeLimiter(candidate) ?? candidate
  if (isDescription(description)) return description
  return rejectOption(
    'limiter',
    candidate,
    'takes a limiter',
    'Give what createRateLimiter() returned, or one of the limiters that auditRoutes(app) lists.',
  )
}

function isDescription(candidate: unknown): candidate is LimiterDescription {
  if (typeof candidate !== 'object' || candidate === null) return false
  const { name, headers, refusal } = candidate as Partial<LimiterDescription>
  return typeof name === 'string' && Array.isArray(headers) && typeof refusal === 'object'
}

function sameNames(one: string, other: string): RateLimiterError {
  return new RateLimiterError({
    code: 'impossible_combination',
    option: 'limiter',
    problem: `the limiters named '${one}' and '${other}' would have components of the same names`,
    remedy: 'Give each limiter a name of its own, with letters or digits in it.',
  })
}
