import { Validator } from '@seriousme/openapi-schema-validator'
import type { OpenApiComponents } from '../../../src/tools/openapi/index.ts'

/** A document with these components, and one operation with the fields of `operation`. */
export function documentOf(components: OpenApiComponents, operation: object = {}): Record<string, unknown> {
  return {
    openapi: '3.1.0',
    info: { title: 'Test', version: '1' },
    paths: { '/': { get: { responses: { 200: { description: 'Success.' } }, ...operation } } },
    components,
  }
}

/**
 * The errors of the validator, or the references to nothing in a document; undefined for a valid document.
 */
export async function documentError(document: Record<string, unknown>): Promise<unknown> {
  const { valid, errors } = await new Validator().validate(structuredClone(document))
  if (!valid) return errors
  return danglingReferences(document)
}

/** The validator checks only the shape of references, and not whether their targets exist. */
function danglingReferences(document: Record<string, unknown>): readonly string[] | undefined {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(
    ([, path = '']) => path,
  )
  const dangling = references.filter((path) => {
    let target: unknown = document
    for (const step of path.split('/')) target = (target as Record<string, unknown> | undefined)?.[step]
    return target === undefined
  })
  return dangling.length === 0 ? undefined : dangling
}
