import { type Address, parseAddress } from './address.ts'

/** The longest text that can be an address: 45 characters, brackets, a port, and room for a zone. */
const LONGEST_HOP = 100

/** Parses an address in one of the forms that proxies write: `ip`, `ip:port`, `[v6]` or `[v6]:port`. */
export function parseHop(text: string): Address | undefined {
  if (text.length > LONGEST_HOP) return undefined
  const plain = parseAddress(text)
  if (plain !== undefined) return plain
  const bracketed = /^\[([^\]]*:[^\]]*)\](?::\d{1,5})?$/.exec(text)
  if (bracketed !== null) return parseAddress(bracketed[1] ?? '')
  const withPort = /^([\d.]+):\d{1,5}$/.exec(text)
  return withPort === null ? undefined : parseAddress(withPort[1] ?? '')
}

/**
 * Removes the two blanks of HTTP, space and tab (RFC 9110, 5.6.3), from both ends; `trim` would remove
 * sixteen other characters too. A loop, because a regular expression takes quadratic time on a forged header
 * full of blanks.
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
