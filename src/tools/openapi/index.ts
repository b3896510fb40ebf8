export type { DescribedLimiter, DescribedLimiters } from './described-limiters.ts'
export { openApiComponents } from './openapi-components.ts'
export type {
  HeaderObject,
  Headers,
  JsonSchema,
  OpenApiComponents,
  Reference,
  ResponseObject,
} from './openapi-object.ts'
export { openApiHeaders, openApiResponses } from './openapi-responses.ts'
