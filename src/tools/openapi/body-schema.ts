import type { AnswerDescription } from '../../limits/limiter-description.ts'
import type { JsonSchema } from './openapi-object.ts'

/** The media type of a body without its parameters; any where a function writes it. */
export function mediaTypeOf({ body }: AnswerDescription): string {
  return body === 'dynamic' ? '*/*' : body.contentType.replace(/ *;.*/, '')
}

/** The schema of a body. */
export function bodySchema(answer: AnswerDescription): JsonSchema {
  const { body } = answer
  if (body === 'dynamic') return { description: 'A function of the server writes it.' }
  const mediaType = mediaTypeOf(answer)
  if (mediaType === 'text/plain') return { type: 'string', const: body.text }
  const value: unknown = JSON.parse(body.text)
  const isProblem = mediaType === 'application/problem+json'
  return schemaOf(value, isProblem ? { 'violated-policies': violatedSchema } : {})
}

type SchemaOf = (value: unknown) => JsonSchema

/** The schema of one value, and of no other but for the properties that `special` knows. */
function schemaOf(value: unknown, special: Readonly<Record<string, SchemaOf>> = {}): JsonSchema {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return { type: typeOf(value), const: value }
  }
  const properties = Object.entries(value).map(([name, property]) => [
    name,
    (Object.hasOwn(special, name) ? special[name] : undefined)?.(property) ?? schemaOf(property),
  ])
  return { type: 'object', required: Object.keys(value), properties: Object.fromEntries(properties) }
}

function violatedSchema(names: unknown): JsonSchema {
  return {
    description: 'The limits that refused, by name; none where the client is banned.',
    type: 'array',
    items: { type: 'string', enum: names },
  }
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}
