import { type Address, parseAddress } from './address.ts'
import type { HopReader } from './forwarded-path.ts'

/** Reads X-Forwarded-For from the right; entries further left than anybody asks for cost nothing. */
export function readXForwardedFor(header: string): HopReader {
  let end = header.length
  return () => {
    if (end < 0) return undefined
    const comma = end === 0 ? -1 : header.lastIndexOf(',', end - 1)
    const entry = header.slice(comma + 1, end)
    end = comma
    return parseHop(trimBlanks(entry))
  }
}

/** Reads a header that holds one address, such as `cf-connecting-ip`. */
export function readSingleAddress(header: string): HopReader {
  let unread = true
  return () => {
    if (!unread) return undefined
    unread = false
    return parseHop(trimBlanks(header))
  }
}

/** The longest text that can be an address: 45 characters, brackets, a port, and room for a zone. */
const LONGEST_HOP = 100

/** An address, `ip:port`, `[v6]` or `[v6]:port`; undefined for anything else. */
export function parseHop(text: string): Address | undefined {
  if (text.length > LONGEST_HOP) return undefined
  const direct = parseAddress(text)
  if (direct !== undefined) return direct
  const bracketed = /^\[([^\]]*:[^\]]*)\](?::\d{1,5})?$/.exec(text)
  if (bracketed !== null) return parseAddress(bracketed[1] ?? '')
  const withPort = /^([\d.]+):\d{1,5}$/.exec(text)
  return withPort === null ? undefined : parseAddress(withPort[1] ?? '')
}

/**
 * HTTP knows two blanks, space and tab (RFC 9110, 5.6.3); `trim` would take sixteen more. A loop, because
 * the regular expression for it takes quadratic time on a forged header full of blanks.
 */
export function trimBlanks(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text[start])) start++
  while (end > start && isBlank(text[end - 1])) end--
  return text.slice(start, end)
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t'
}
