/** The parts of a schema that the responses of the document use. */
interface Schema {
  readonly $ref?: string
  readonly type?: string
  readonly const?: unknown
  readonly minimum?: number
  readonly anyOf?: readonly Schema[]
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
}

/** The target of a `$ref` of the document; any other value itself. */
export function resolved(document: unknown, value: unknown): unknown {
  const { $ref } = value as { $ref?: string }
  if ($ref === undefined) return value
  const steps = $ref.replace(/^#\//, '').split('/')
  return steps.reduce((target, step) => (target as Record<string, unknown>)[step], document)
}

/** Whether a value matches a schema of the document. */
export function matches(document: unknown, given: unknown, value: unknown): boolean {
  const schema = resolved(document, given) as Schema
  if (schema.anyOf !== undefined) return schema.anyOf.some((option) => matches(document, option, value))
  if (schema.const !== undefined && schema.const !== value) return false
  if (schema.minimum !== undefined && !(Number(value) >= schema.minimum)) return false
  if (schema.type === 'integer') return Number.isInteger(value)
  if (schema.type !== undefined && schema.type !== typeof value) return false
  if (schema.type !== 'object') return true
  const object = value as Record<string, unknown>
  return (
    (schema.required ?? []).every((name) => name in object) &&
    Object.entries(schema.properties ?? {}).every(([name, property]) =>
      matches(document, property, object[name]),
    )
  )
}
