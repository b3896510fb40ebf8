import { rejectOption } from '../../errors/option-checks.ts'
import { RateLimiterError } from '../../errors/rate-limiter-error.ts'
import {
  describeLimiter,
  type LIMITER_DESCRIPTION,
  type LimiterDescription,
} from '../../limits/limiter-description.ts'
import { READ_AND_WRITE, type ReadOrWrite } from '../../limits/request-class.ts'
import { componentPrefix } from './component-name.ts'

/**
 * A limiter or its description. The `routes` of the audit list the descriptions of the limiters before each
 * route.
 */
export type DescribedLimiter = LimiterDescription | { readonly [LIMITER_DESCRIPTION]: LimiterDescription }

/** One limiter or several. */
export type DescribedLimiters = DescribedLimiter | readonly DescribedLimiter[]

/**
 * The descriptions of the limiters, each once.
 *
 * @throws RateLimiterError `invalid_option` for a value that is no limiter, `impossible_combination` for
 *   limiters whose components would have the same names
 */
export function describedLimiters(given: DescribedLimiters): readonly LimiterDescription[] {
  const candidates: readonly unknown[] = Array.isArray(given) ? given : [given]
  const descriptions = [...new Set(candidates.map(descriptionOf))]
  const byPrefix = new Map<string, string>()
  for (const { name } of descriptions) {
    const prefix = componentPrefix(name)
    const other = byPrefix.get(prefix)
    if (other !== undefined) throw sameComponentNames(other, name)
    byPrefix.set(prefix, name)
  }
  return descriptions
}

/** The one class that was given, or both where none was. */
export function checkClasses(readOrWrite: ReadOrWrite | undefined): readonly ReadOrWrite[] {
  if (readOrWrite === undefined) return READ_AND_WRITE
  if (READ_AND_WRITE.includes(readOrWrite)) return [readOrWrite]
  return rejectOption(
    'requestClass',
    readOrWrite,
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

function sameComponentNames(one: string, other: string): RateLimiterError {
  return new RateLimiterError({
    code: 'impossible_combination',
    option: 'limiter',
    problem: `the limiters named '${one}' and '${other}' would have components with the same names`,
    remedy: 'Give each limiter its own name. The names must differ in their letters or digits.',
  })
}
