import type { HeaderDescription, LimiterDescription } from '../../limits/limiter-description.ts'
import { REQUEST_CLASSES, type RequestClass } from '../../limits/request-class.ts'
import { pascalCase, prefixOf } from './component-name.ts'
import { limitsText } from './limits-text.ts'
import { type HeaderObject, type Headers, refTo } from './openapi-object.ts'

/** Sent with every refusal that a wait would change. */
const RETRY_AFTER = 'Retry-After'

const RETRY_AFTER_OBJECT: HeaderObject = {
  description: 'Whole seconds after which the request can be admitted.',
  required: true,
  schema: { type: 'integer', minimum: 1 },
}

/** Whether a limiter has limits on one of these classes. */
export function hasLimits(description: LimiterDescription, classes: readonly RequestClass[]): boolean {
  return classes.some((one) => description[one] !== false)
}

/** The headers of a limiter by their names as components. */
export function headerComponents(description: LimiterDescription): Readonly<Record<string, HeaderObject>> {
  if (!hasLimits(description, REQUEST_CLASSES)) return {}
  const prefix = prefixOf(description.name)
  const told = description.headers.map((header): [string, HeaderObject] => [
    prefix + pascalCase(header.name),
    headerObject(header, [description], REQUEST_CLASSES),
  ])
  const retryAfter: [string, HeaderObject][] =
    description.mode === 'shadow' ? [] : [[prefix + pascalCase(RETRY_AFTER), RETRY_AFTER_OBJECT]]
  return Object.fromEntries([...retryAfter, ...told])
}

/**
 * The headers of a response that several limiters have had a say in. One that a single limiter writes is a
 * reference; one that they share is described for all of them.
 */
export function sharedHeaders(
  limiters: readonly LimiterDescription[],
  classes: readonly RequestClass[],
  tells: readonly HeaderDescription['tells'][],
): Headers {
  const writers = new Map<string, { header: HeaderDescription; by: LimiterDescription[] }>()
  for (const limiter of limiters.filter((one) => hasLimits(one, classes))) {
    for (const header of limiter.headers) {
      if (!tells.includes(header.tells)) continue
      const known = writers.get(header.name)
      if (known === undefined) writers.set(header.name, { header, by: [limiter] })
      else known.by.push(limiter)
    }
  }
  const entries = [...writers.values()].map(({ header, by }) => {
    const [only] = by
    if (only === undefined || by.length > 1) return [header.name, headerObject(header, by, classes)]
    return [header.name, refTo('headers', prefixOf(only.name) + pascalCase(header.name))]
  })
  return Object.fromEntries(entries)
}

/** `Retry-After` as the first of the limiters documents it: it says the same of each. */
export function retryAfter([first]: readonly LimiterDescription[]): Headers {
  if (first === undefined) return {}
  return { [RETRY_AFTER]: refTo('headers', prefixOf(first.name) + pascalCase(RETRY_AFTER)) }
}

function headerObject(
  { meaning, type }: HeaderDescription,
  limiters: readonly LimiterDescription[],
  classes: readonly RequestClass[],
): HeaderObject {
  const texts = limiters.map((one) => limitsText(one, classes))
  return {
    description: [meaning, ...texts].join(' '),
    schema: type === 'integer' ? { type, minimum: 0 } : { type },
  }
}
