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

/** An address with an obfuscated port, such as `192.0.2.1:_port` (RFC 7239, 6.3). */
const OBFUSCATED_PORT = /^([\d.]+|\[[^\]]*\]):_[\w.-]+$/

/** Parses the `for` of an element of `Forwarded`: an address with or without a port, which may be obfuscated. */
export function parseForwardedNode(text: string): Address | undefined {
  if (text.length > LONGEST_HOP) return undefined
  return parseHop(OBFUSCATED_PORT.exec(text)?.[1] ?? text)
}

/**
 * Parses an address that always has a port, also an IPv6 address without brackets: the form of the header
 * `CloudFront-Viewer-Address`. The text `2001:db8::1:443` is a valid IPv6 address too, so that without a port a part
 * of the address would be taken for it.
 */
export function parseHopWithPort(text: string): Address | undefined {
  if (text.length > LONGEST_HOP) return undefined
  const [, address, port] = /^([^[\]]+):(\d{1,5})$/.exec(text) ?? []
  if (address === undefined) return parseHop(text.startsWith('[') ? text : '')
  return Number(port) <= 65_535 ? parseAddress(address) : undefined
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
