import { Validator } from '@seriousme/openapi-schema-validator'
import type { OpenApiComponents } from '../../../src/tools/openapi/index.ts'

/** A document with these components, and one operation that is answered as `operation` says. */
export function documentOf(components: OpenApiComponents, operation: object = {}): Record<string, unknown> {
  return {
    openapi: '3.1.0',
    info: { title: 'Test', version: '1' },
    paths: { '/': { get: { responses: { 200: { description: 'Well done.' } }, ...operation } } },
    components,
  }
}

/** What the validator has against a document, references to nothing included; undefined for a valid one. */
export async function flawOfDocument(document: Record<string, unknown>): Promise<unknown> {
  const { valid, errors } = await new Validator().validate(structuredClone(document))
  if (!valid) return errors
  return danglingReferences(document)
}

/** The validator looks at the shape alone; a reference to nothing has the shape of one. */
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
