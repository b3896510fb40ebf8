import { READ_AND_WRITE } from '../../limits/request-class.ts'
import { bodySchema } from './body-schema.ts'
import { type DescribedLimiters, describedLimiters } from './described-limiters.ts'
import { answersOf, responseOf } from './limiter-answers.ts'
import { headerComponents } from './limiter-headers.ts'
import type { OpenApiComponents } from './openapi-object.ts'

/**
 * The components of an OpenAPI 3.1 document for limiters: their answers in place of the app, their headers,
 * and the schemas of their bodies, as the options of the limiters set them. The names of the components begin
 * with the name of the limiter, unless it is `default`: `RateLimitExceeded`, `LoginRateLimitExceeded`.
 *
 * @param limiters limiters, or the descriptions of them that `auditRoutes` lists
 * @throws RateLimiterError `invalid_option` for a value that is no limiter, `impossible_combination` for two
 *   limiters whose components would have the same names
 * @see https://express-tollgate.github.io/express-tollgate/openapi
 */
export function openApiComponents(limiters: DescribedLimiters): OpenApiComponents {
  const descriptions = describedLimiters(limiters)
  const answers = descriptions.flatMap((one) => answersOf(one))
  return {
    responses: Object.fromEntries(
      answers.map((one) => [one.componentName, responseOf([one], [one.limiter], READ_AND_WRITE)]),
    ),
    headers: Object.assign({}, ...descriptions.map(headerComponents)),
    schemas: Object.fromEntries(answers.map((one) => [one.componentName, bodySchema(one.answer)])),
  }
}
