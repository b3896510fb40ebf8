import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { RecentMap } from './recent-map.ts'

/** An address in the form in which addresses are compared: an IPv4-mapped address is the IPv4 address in it. */
export type Address = ipaddr.IPv4 | ipaddr.IPv6

/**
 * Parses an address; undefined for any other text.
 *
 * `net.isIP` decides which text is an address. It accepts dotted decimal without leading zeros and the forms
 * of RFC 4291. It rejects the octal, hexadecimal and integer spellings of IPv4, which other parsers read
 * differently.
 */
export function parseAddress(text: string): Address | undefined {
  const known = recentAddresses.get(text)
  if (known !== undefined) return known
  const family = isIP(text)
  if (family === 0) return undefined
  const address = family === 4 ? new ParsedIPv4(text) : unwrapIPv4(parseIPv6(withoutZone(text)))
  if (text.length <= LONGEST_REMEMBERED) recentAddresses.set(text, address)
  return address
}

/** An IPv4 address that keeps its text. To compose it again for each request would take longer than the rest. */
class ParsedIPv4 extends ipaddr.IPv4 {
  readonly #text: string

  /** @param text canonical, as all that `net.isIP` takes for IPv4 */
  constructor(text: string) {
    super(text.split('.').map(Number))
    this.#text = text
  }

  override toString(): string {
    return this.#text
  }
}

/**
 * Parsing an address takes long, that of an IPv6 address longer than all the rest of a request, and clients send
 * more than one request. Two thousand addresses take about half a megabyte. Longer texts have a zone: they are rare,
 * and their length has no bound.
 */
const recentAddresses = new RecentMap<Address>(2000)
const LONGEST_REMEMBERED = '1234:5678:1234:5678:1234:5678:255.255.255.255'.length

const DOTTED_TAIL = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/

/**
 * Parses an IPv6 address. `text` must be one, and without a zone.
 *
 * The dotted tail is converted to hexadecimal first. ipaddr.js reads `::10.0.0.2`, which is an IPv6 address
 * (RFC 4291, 2.5.5.1), as the IPv4-mapped `::ffff:10.0.0.2`.
 */
export function parseIPv6(text: string): ipaddr.IPv6 {
  const hexadecimal = text.replace(DOTTED_TAIL, (_tail, a: string, b: string, c: string, d: string) => {
    const [high, low] = [Number(a) * 256 + Number(b), Number(c) * 256 + Number(d)]
    return `${high.toString(16)}:${low.toString(16)}`
  })
  return ipaddr.IPv6.parse(hexadecimal)
}

/** The IPv4 address inside an IPv4-mapped address (RFC 4291, 2.5.5.2); any other address as it is. */
export function unwrapIPv4(address: ipaddr.IPv6): Address {
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address
}

/** Whether an address is in 64:ff9b::/96, the well-known prefix of NAT64 gateways (RFC 6052, 2.1). */
export function isNat64({ parts: [first, second, ...others] }: ipaddr.IPv6): boolean {
  return first === 0x64 && second === 0xff9b && others.slice(0, 4).every((part) => part === 0)
}

/** The canonical text of an address: dotted decimal, or RFC 5952. */
export function addressText(address: Address): string {
  return address.kind() === 'ipv4' ? address.toString() : (address as ipaddr.IPv6).toRFC5952String()
}

/** Removes a zone such as `%eth0`: it names a network interface of this machine, not a client (RFC 4007). */
function withoutZone(text: string): string {
  const zone = text.indexOf('%')
  return zone === -1 ? text : text.slice(0, zone)
}
