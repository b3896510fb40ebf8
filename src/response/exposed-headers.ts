import type { ServerResponse } from 'node:http'
import type { HeaderFormat } from './header-format.ts'

const FIELD = 'Access-Control-Expose-Headers'

/** The fields of a limiter's responses that help a script to slow down. */
export function exposableNames(formats: readonly HeaderFormat[]): readonly string[] {
  return ['Retry-After', ...formats.flatMap(({ fields }) => fields.map(({ name }) => name))]
}

/**
 * Lets scripts of other origins read fields of a response: when the head is written, those of `names` that the response
 * has are added to `Access-Control-Expose-Headers` (Fetch, 3.3.4). Only then is it known which of them it has, and
 * middleware that runs later, such as `cors()`, has set its own names.
 */
export function exposeHeaders(res: ServerResponse, names: readonly string[]): void {
  const { writeHead } = res
  res.writeHead = function writeHeadWithNames(this: ServerResponse, ...args: unknown[]) {
    if (!this.headersSent) addNames(this, names)
    return Reflect.apply(writeHead, this, args)
  } as ServerResponse['writeHead']
}

function addNames(res: ServerResponse, names: readonly string[]): void {
  const present = listOf(res.getHeader(FIELD))
  if (present.includes('*')) return
  const known = new Set(present.map((name) => name.toLowerCase()))
  const added = names.filter((name) => res.hasHeader(name) && !known.has(name.toLowerCase()))
  if (added.length > 0) res.setHeader(FIELD, [...present, ...added].join(', '))
}

/** The members of a list-valued field, which may be set as an array. */
function listOf(value: number | string | readonly string[] | undefined): string[] {
  return String(value ?? '')
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '')
}
