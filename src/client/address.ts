import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { RecentMap } from './recent-map.ts'

/** An address in the form in which it is compared: IPv4 wherever the bits say IPv4. */
export type Address = ipaddr.IPv4 | ipaddr.IPv6

/** RFC 6052, 2.1: the well-known prefix under which NAT64 gateways show IPv4 clients. */
const NAT64 = ipaddr.IPv6.parse('64:ff9b::')
const NAT64_BITS = 96

/**
 * The address that `text` spells, or undefined when it spells none.
 *
 * `net.isIP` decides what is an address: it takes dotted decimal without leading zeros and RFC 4291 forms,
 * and none of the octal, hexadecimal and integer spellings of IPv4 that other parsers read differently.
 */
export function parseAddress(text: string): Address | undefined {
  const family = isIP(text)
  if (family === 0) return undefined
  if (family === 4) return new ipaddr.IPv4(text.split('.').map(Number))
  const known = recentIPv6.get(text)
  if (known !== undefined) return known
  const address = unwrapIPv4(parseIPv6(withoutZone(text)))
  if (text.length <= LONGEST_IPV6) recentIPv6.set(text, address)
  return address
}

/**
 * To parse an IPv6 address takes longer than all the rest of a request, and clients come again. A thousand
 * addresses take about a quarter of a megabyte; those with a zone are rare, and as long as one likes.
 */
const recentIPv6 = new RecentMap<Address>(1000)
const LONGEST_IPV6 = '1234:5678:1234:5678:1234:5678:255.255.255.255'.length

const DOTTED_TAIL = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/

/**
 * The IPv6 address that `text` spells; `text` is known to spell one, and has no zone.
 *
 * The dotted tail is spelled out for ipaddr.js, which takes `::10.0.0.2`, an address of its own right
 * (RFC 4291, 2.5.5.1), for the IPv4-mapped `::ffff:10.0.0.2`.
 */
export function parseIPv6(text: string): ipaddr.IPv6 {
  const hexadecimal = text.replace(DOTTED_TAIL, (_tail, a: string, b: string, c: string, d: string) => {
    const [high, low] = [Number(a) * 256 + Number(b), Number(c) * 256 + Number(d)]
    return `${high.toString(16)}:${low.toString(16)}`
  })
  return ipaddr.IPv6.parse(hexadecimal)
}

/** The IPv4 address inside an IPv4-mapped (RFC 4291, 2.5.5.2) or NAT64 one; any other as it is. */
export function unwrapIPv4(address: ipaddr.IPv6): Address {
  if (address.isIPv4MappedAddress()) return address.toIPv4Address()
  if (address.match(NAT64, NAT64_BITS)) return new ipaddr.IPv4(address.toByteArray().slice(12))
  return address
}

/** The canonical text of an address: dotted decimal, or RFC 5952. */
export function addressText(address: Address): string {
  return address.kind() === 'ipv4' ? address.toString() : (address as ipaddr.IPv6).toRFC5952String()
}

/** Zones such as `%eth0` name an interface of this machine, not a client (RFC 4007). */
function withoutZone(text: string): string {
  const zone = text.indexOf('%')
  return zone === -1 ? text : text.slice(0, zone)
}
