import ipaddr from 'ipaddr.js'
import { type Address, addressText, parseAddress } from './address.ts'
import { parseCidr } from './cidr.ts'

/** The key of a client whose socket lost its address before the request was read. */
export const UNKNOWN_CLIENT = 'unknown'

const IPV4_BITS = 32
const IPV6_BITS = 128

/**
 * The client key of an address. An IPv4 address is its own key. For an IPv6 address the key is the network of
 * `ipv6Subnet` bits around it, such as `2001:db8:1::/56`, because one customer is given a whole network. All
 * clients without an address have the same key.
 */
export function clientKeyOf(address: Address | undefined, ipv6Subnet: number): string {
  if (address === undefined) return UNKNOWN_CLIENT
  if (address.kind() === 'ipv4' || ipv6Subnet === IPV6_BITS) return addressText(address)
  const network = new ipaddr.IPv6(maskedBytes(address.toByteArray(), ipv6Subnet))
  return `${addressText(network)}/${ipv6Subnet}`
}

/**
 * The client key that a text names. Every spelling of an address, or of a network that is one client, has the
 * same key. Any other text is a key as it is. Undefined for a network that is not one client.
 */
export function canonicalClientKey(text: string, ipv6Subnet: number): string | undefined {
  const trimmed = text.trim()
  const range = parseCidr(trimmed)
  const address = range?.network ?? parseAddress(trimmed)
  if (address === undefined) return text
  const clientBits = address.kind() === 'ipv4' ? IPV4_BITS : ipv6Subnet
  const isClient = range === undefined || range.bits === clientBits
  return isClient || !trimmed.includes('/') ? clientKeyOf(address, ipv6Subnet) : undefined
}

function maskedBytes(bytes: readonly number[], bits: number): number[] {
  return bytes.map((byte, index) => {
    const kept = Math.min(8, Math.max(0, bits - index * 8))
    return byte & (0xff00 >> kept)
  })
}
