import type { Address } from './address.ts'
import type { HopReader } from './forwarded-path.ts'
import { parseHop, trimBlanks } from './x-forwarded-for.ts'

/**
 * Reads the `for` of each element of a Forwarded header (RFC 7239) from the right.
 *
 * From the right, because only what the nearest proxies appended is well-formed: a client that opens a
 * quote in the part it sends would swallow their elements if reading began on the left.
 */
export function readForwarded(header: string): HopReader {
  let end = header.length
  return () => {
    if (end < 0) return undefined
    const comma = separatorBefore(header, end)
    const element = header.slice(comma + 1, end)
    end = comma
    return forOf(element)
  }
}

/** Where the comma stands that ends the previous element; -1 before the first. */
function separatorBefore(header: string, end: number): number {
  let quoted = false
  for (let at = end - 1; at >= 0; at--) {
    if (header[at] === '"' && !isEscaped(header, at)) quoted = !quoted
    else if (header[at] === ',' && !quoted) return at
  }
  return -1
}

/** A quote after an odd number of backslashes stands for itself. */
function isEscaped(header: string, at: number): boolean {
  let backslashes = 0
  while (header[at - 1 - backslashes] === '\\') backslashes++
  return backslashes % 2 === 1
}

/** The parts of an element; a semicolon in quotes separates nothing. */
const PART = /(?:[^;"]|"(?:[^"\\]|\\.)*")+/g

const PAIR = /^([!#$%&'*+.^_`|~\w-]+)=([!#$%&'*+.^_`|~\w-]+|"(?:[^"\\]|\\.)*")$/

/** The address in an element's `for`; undefined for a hidden one, for several, and for broken elements. */
function forOf(element: string): Address | undefined {
  const parts = element.match(PART) ?? []
  if (parts.join(';') !== element) return undefined
  let found: string | undefined
  for (const part of parts) {
    const pair = PAIR.exec(trimBlanks(part))
    if (pair === null) return undefined
    if (pair[1]?.toLowerCase() !== 'for') continue
    if (found !== undefined) return undefined
    found = pair[2]
  }
  return found === undefined ? undefined : parseHop(unquote(found))
}

function unquote(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value
}
