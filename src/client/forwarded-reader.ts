import type { Address } from './address.ts'
import { parseForwardedNode, trimBlanks } from './hop.ts'
import { type HopReader, MOST_HOPS } from './proxy-chain.ts'

/**
 * Reads the `for` of each element of a `Forwarded` header (RFC 7239) from the right.
 *
 * From the right, because only the elements that the nearest proxies appended are sure to be well-formed. A
 * client can open a quote in the part that it sends; a reader that began on the left would take the elements
 * of the proxies for a part of the quoted text.
 *
 * Empty elements are ignored, and an empty right-most one ends the reading, as in `X-Forwarded-For`.
 */
export function readForwarded(header: string): HopReader {
  let end = header.length
  let elements = 0
  return () => {
    while (end >= 0 && elements < MOST_HOPS) {
      const comma = separatorBefore(header, end)
      const element = trimBlanks(header.slice(comma + 1, end))
      end = comma
      elements++
      if (element !== '') return forOf(element)
      if (elements === 1) break
    }
    end = -1
    return undefined
  }
}

/** The index of the comma that ends the previous element; -1 for the first element. */
function separatorBefore(header: string, end: number): number {
  let isQuoted = false
  for (let index = end - 1; index >= 0; index--) {
    if (header[index] === '"' && !isEscaped(header, index)) isQuoted = !isQuoted
    else if (header[index] === ',' && !isQuoted) return index
  }
  return -1
}

/** Whether a quote is escaped: an odd number of backslashes is before it. */
function isEscaped(header: string, index: number): boolean {
  let backslashes = 0
  while (header[index - 1 - backslashes] === '\\') backslashes++
  return backslashes % 2 === 1
}

/**
 * One part of an element, up to the semicolon that ends it. A semicolon in quotes separates nothing. Sticky,
 * because a search would try every quote of a forged header, in quadratic time.
 */
const PART = /((?:[^;"]|"(?:[^"\\]|\\.)*")*)(?:;|$)/y

const PAIR = /^([!#$%&'*+.^_`|~\w-]+)=([!#$%&'*+.^_`|~\w-]+|"(?:[^"\\]|\\.)*")$/

/**
 * The address in the `for` of an element; undefined if it is hidden, for two of them, and for a broken
 * element.
 */
function forOf(element: string): Address | undefined {
  let found: string | undefined
  for (let index = 0; index < element.length; index = PART.lastIndex) {
    PART.lastIndex = index
    const part = PART.exec(element)
    if (part === null) return undefined
    const text = trimBlanks(part[1] ?? '')
    // The part between two semicolons may be empty (RFC 7239, 4).
    if (text === '') continue
    const pair = PAIR.exec(text)
    if (pair === null) return undefined
    if (pair[1]?.toLowerCase() !== 'for') continue
    if (found !== undefined) return undefined
    found = pair[2]
  }
  return found === undefined ? undefined : parseForwardedNode(unquote(found))
}

function unquote(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value
}
