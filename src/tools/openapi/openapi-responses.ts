import type { RequestClass } from '../../limits/request-class.ts'
import { checkClasses, type DescribedLimiters, describedLimiters } from './described-limiters.ts'
import { answersOf, type LimiterAnswer, responseOf } from './limiter-answers.ts'
import { sharedHeaders } from './limiter-headers.ts'
import { type Headers, type Reference, type ResponseObject, refTo } from './openapi-object.ts'

/**
 * What an operation behind these limiters can be answered by them, by status: references to the components of
 * {@link openApiComponents}. Where answers share a status, they are one response with the bodies of all.
 *
 * @param limiters those that a request of the operation meets, as `auditRoutes` lists them
 * @param requestClass of the operation; both where it is left out
 * @throws RateLimiterError as `openApiComponents` does, and `invalid_option` for what is no class
 */
export function openApiResponses(
  limiters: DescribedLimiters,
  requestClass?: RequestClass,
): Readonly<Record<string, ResponseObject | Reference>> {
  const descriptions = describedLimiters(limiters)
  const classes = checkClasses(requestClass)
  const byStatus = new Map<number, LimiterAnswer[]>()
  for (const one of descriptions.flatMap((limiter) => answersOf(limiter, classes))) {
    const { status } = one.answer
    byStatus.set(status, [...(byStatus.get(status) ?? []), one])
  }
  const entries = [...byStatus].map(([status, answers]) => {
    const [only] = answers
    const isShared = only === undefined || answers.length > 1 || descriptions.length > 1
    return [
      status,
      isShared ? responseOf(answers, descriptions, classes) : refTo('responses', only.componentName),
    ]
  })
  return Object.fromEntries(entries)
}

/**
 * The headers that these limiters add to the app's own responses: references to the components of
 * {@link openApiComponents}. A header that several of them write is described for all.
 *
 * @param limiters those that a request of the operation meets, as `auditRoutes` lists them
 * @param requestClass of the operation; both where it is left out
 * @throws RateLimiterError as `openApiResponses` does
 */
export function openApiHeaders(limiters: DescribedLimiters, requestClass?: RequestClass): Headers {
  return sharedHeaders(describedLimiters(limiters), checkClasses(requestClass), ['policy', 'state'])
}
