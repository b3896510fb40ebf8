/** A reference to a component (OpenAPI 3.1, 4.8.23). */
export interface Reference {
  readonly $ref: string
}

/** A JSON Schema in the dialect of OpenAPI 3.1. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** OpenAPI 3.1, 4.8.21. */
export interface HeaderObject {
  readonly description: string
  readonly required?: true
  readonly schema: JsonSchema
}

/** Headers by their names in a response, or by their names as components. */
export type Headers = Readonly<Record<string, HeaderObject | Reference>>

/** OpenAPI 3.1, 4.8.17. */
export interface ResponseObject {
  readonly description: string
  readonly headers: Headers
  /** By media type. */
  readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>>
}

/** The parts of a document's `components` that describe limiters (OpenAPI 3.1, 4.8.7). */
export interface OpenApiComponents {
  readonly responses: Readonly<Record<string, ResponseObject>>
  readonly headers: Readonly<Record<string, HeaderObject>>
  readonly schemas: Readonly<Record<string, JsonSchema>>
}

/** A reference to a component of the same document. */
export function referenceTo(section: keyof OpenApiComponents, name: string): Reference {
  return { $ref: `#/components/${section}/${name}` }
}
