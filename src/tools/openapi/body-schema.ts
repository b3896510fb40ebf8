import type { AnswerDescription } from '../../limits/limiter-description.ts'
import type { JsonSchema } from './openapi-object.ts'

/** The media type of a body, without parameters. Any media type where a function writes the body. */
export function mediaTypeOf({ body }: AnswerDescription): string {
  return body === 'dynamic' ? '*/*' : body.contentType.replace(/ *;.*/, '')
}

export function bodySchema(answer: AnswerDescription): JsonSchema {
  const { body } = answer
  if (body === 'dynamic') return { description: 'A function of the server writes this body.' }
  const mediaType = mediaTypeOf(answer)
  if (mediaType === 'text/plain') return { type: 'string', const: body.text }
  const value: unknown = JSON.parse(body.text)
  const isProblem = mediaType === 'application/problem+json'
  return schemaOf(value, isProblem ? { 'violated-policies': violatedPoliciesSchema } : {})
}

type SchemaOf = (value: unknown) => JsonSchema

/**
 * The schema of this one value. The functions in `overrides` make the schemas of the properties they name.
 */
function schemaOf(value: unknown, overrides: Readonly<Record<string, SchemaOf>> = {}): JsonSchema {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return { type: typeOf(value), const: value }
  }
  const properties = Object.entries(value).map(([name, property]) => [
    name,
    (Object.hasOwn(overrides, name) ? overrides[name] : undefined)?.(property) ?? schemaOf(property),
  ])
  return { type: 'object', required: Object.keys(value), properties: Object.fromEntries(properties) }
}

function violatedPoliciesSchema(names: unknown): JsonSchema {
  return {
    description: 'The names of the limits that refused the request. Empty when the client is banned.',
    type: 'array',
    items: { type: 'string', enum: names },
  }
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}
