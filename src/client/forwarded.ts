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

/**
 * One part of an element, up to the semicolon that ends it; a semicolon in quotes separates nothing. Sticky:
 * searched for instead, it would be tried at every quote of a forged header, in quadratic time.
 */
const PART = /((?:[^;"]|"(?:[^"\\]|\\.)*")*)(?:;|$)/y

const PAIR = /^([!#$%&'*+.^_`|~\w-]+)=([!#$%&'*+.^_`|~\w-]+|"(?:[^"\\]|\\.)*")$/

/** The address in an element's `for`; undefined for a hidden one, for several, and for broken elements. */
function forOf(element: string): Address | undefined {
  let found: string | undefined
  for (let at = 0; at < element.length; at = PART.lastIndex) {
    PART.lastIndex = at
    const part = PART.exec(element)
    if (part === null) return undefined
    const text = trimBlanks(part[1] ?? '')
    // Nothing between two semicolons is no mistake (RFC 7239, 4).
    if (text === '') continue
    const pair = PAIR.exec(text)
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
