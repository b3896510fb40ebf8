/** The members of a JSON object by their names. */
export type JsonFields = Readonly<Record<string, unknown>>

/** The object that a line of JSON holds; undefined for any other line. */
export function parseJsonFields(line: string): JsonFields | undefined {
  try {
    return asJsonFields(JSON.parse(line))
  } catch {
    return undefined
  }
}

/** The value as an object; undefined for any other value. */
export function asJsonFields(value: unknown): JsonFields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonFields)
    : undefined
}

/** The field as a text; undefined where it is absent, or anything else. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
