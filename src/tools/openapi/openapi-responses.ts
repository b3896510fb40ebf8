import type { ReadOrWrite } from '../../limits/request-class.ts'
import { checkClasses, type DescribedLimiters, describedLimiters } from './described-limiters.ts'
import { answersOf, type LimiterAnswer, responseOf } from './limiter-answers.ts'
import { sharedHeaders } from './limiter-headers.ts'
import { type Headers, type Reference, type ResponseObject, referenceTo } from './openapi-object.ts'

/**
 * The responses that these limiters can give in place of an operation, by status: references to the
 * components of `openApiComponents`. Answers that share a status are one response, which lists the bodies of
 * all of them.
 *
 * @param limiters the limiters that a request for the operation meets, as `auditRoutes` lists them
 * @param readOrWrite the class of the operation's requests; both classes when it is left out
 * @throws RateLimiterError as `openApiComponents` does, and `invalid_option` for an unknown class
 */
export function openApiResponses(
  limiters: DescribedLimiters,
  readOrWrite?: ReadOrWrite,
): Readonly<Record<string, ResponseObject | Reference>> {
  const descriptions = describedLimiters(limiters)
  const classes = checkClasses(readOrWrite)
  const byStatus = new Map<number, LimiterAnswer[]>()
  for (const one of descriptions.flatMap((limiter) => answersOf(limiter, classes))) {
    const { status } = one.answer
    byStatus.set(status, [...(byStatus.get(status) ?? []), one])
  }
  const entries = [...byStatus].map(([status, answers]) => {
    const [only] = answers
    const needsOwnResponse = only === undefined || answers.length > 1 || descriptions.length > 1
    return [
      status,
      needsOwnResponse
        ? responseOf(answers, descriptions, classes)
        : referenceTo('responses', only.componentName),
    ]
  })
  return Object.fromEntries(entries)
}

/**
 * The headers that these limiters add to the responses of an operation: references to the components of
 * `openApiComponents`. A header that several limiters write is described for all of them.
 *
 * @param limiters the limiters that a request for the operation meets, as `auditRoutes` lists them
 * @param readOrWrite the class of the operation's requests; both classes when it is left out
 * @throws RateLimiterError as `openApiResponses` does
 */
export function openApiHeaders(limiters: DescribedLimiters, readOrWrite?: ReadOrWrite): Headers {
  return sharedHeaders(describedLimiters(limiters), checkClasses(readOrWrite), ['policy', 'state'])
}
