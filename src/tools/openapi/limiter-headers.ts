import type { HeaderDescription, LimiterDescription } from '../../limits/limiter-description.ts'
import { READ_AND_WRITE, type ReadOrWrite } from '../../limits/request-class.ts'
import { componentPrefix, pascalCase } from './component-name.ts'
import { limitsText } from './limits-text.ts'
import { type HeaderObject, type Headers, referenceTo } from './openapi-object.ts'

/** Sent with every refusal after which a later request can be allowed: all but those of the `denyList`. */
const RETRY_AFTER = 'Retry-After'

const RETRY_AFTER_OBJECT: HeaderObject = {
  description: 'The number of whole seconds after which the request can be allowed.',
  required: true,
  schema: { type: 'integer', minimum: 1 },
}

/** Whether a limiter limits at least one of these classes. */
export function hasLimits(description: LimiterDescription, classes: readonly ReadOrWrite[]): boolean {
  return classes.some((one) => description[one] !== false)
}

/** The header components of a limiter, by their names. */
export function headerComponents(description: LimiterDescription): Readonly<Record<string, HeaderObject>> {
  if (!hasLimits(description, READ_AND_WRITE)) return {}
  const prefix = componentPrefix(description.name)
  const ownHeaders = description.headers.map((header): [string, HeaderObject] => [
    prefix + pascalCase(header.name),
    headerObject(header, [description], READ_AND_WRITE),
  ])
  const retryAfter: [string, HeaderObject][] =
    description.mode === 'shadow' ? [] : [[prefix + pascalCase(RETRY_AFTER), RETRY_AFTER_OBJECT]]
  return Object.fromEntries([...retryAfter, ...ownHeaders])
}

/**
 * The headers that these limiters add to one response. A header that only one limiter writes is a reference.
 * A header that several write is described for all of them.
 *
 * @param contents which headers: those with the policy of the limits, those with their state, or both
 */
export function sharedHeaders(
  limiters: readonly LimiterDescription[],
  classes: readonly ReadOrWrite[],
  contents: readonly HeaderDescription['shows'][],
): Headers {
  const headersByName = new Map<string, { header: HeaderDescription; writers: LimiterDescription[] }>()
  for (const limiter of limiters.filter((one) => hasLimits(one, classes))) {
    for (const header of limiter.headers) {
      if (!contents.includes(header.shows)) continue
      const known = headersByName.get(header.name)
      if (known === undefined) headersByName.set(header.name, { header, writers: [limiter] })
      else known.writers.push(limiter)
    }
  }
  const entries = [...headersByName.values()].map(({ header, writers }) => {
    const [only] = writers
    if (only === undefined || writers.length > 1) return [header.name, headerObject(header, writers, classes)]
    return [header.name, referenceTo('headers', componentPrefix(only.name) + pascalCase(header.name))]
  })
  return Object.fromEntries(entries)
}

/** `Retry-After`, as a reference to the component of the first limiter: the component is the same for all. */
export function retryAfterHeader([first]: readonly LimiterDescription[]): Headers {
  if (first === undefined) return {}
  return { [RETRY_AFTER]: referenceTo('headers', componentPrefix(first.name) + pascalCase(RETRY_AFTER)) }
}

function headerObject(
  { meaning, type }: HeaderDescription,
  limiters: readonly LimiterDescription[],
  classes: readonly ReadOrWrite[],
): HeaderObject {
  const texts = limiters.map((one) => limitsText(one, classes))
  return {
    description: [meaning, ...texts].join(' '),
    schema: type === 'integer' ? { type, minimum: 0 } : { type },
  }
}
