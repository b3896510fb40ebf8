import ipaddr from 'ipaddr.js'
import { type Address, addressText } from './address.ts'

/** The key of a client whose socket was gone before anybody could ask for its address. */
export const UNKNOWN_CLIENT = 'unknown'

const IPV6_BITS = 128

/**
 * The client key of an address, or of none: an IPv4 address as it is, an IPv6 address as the network of `ipv6Subnet`
 * bits around it, such as `2001:db8:1::/56`, since one customer is given a whole network of addresses.
 */
export function clientKeyOf(address: Address | undefined, ipv6Subnet: number): string {
  if (address === undefined) return UNKNOWN_CLIENT
  if (address.kind() === 'ipv4' || ipv6Subnet === IPV6_BITS) return addressText(address)
  const network = new ipaddr.IPv6(maskedBytes(address.toByteArray(), ipv6Subnet))
  return `${addressText(network)}/${ipv6Subnet}`
}

function maskedBytes(bytes: readonly number[], bits: number): number[] {
  return bytes.map((byte, index) => {
    const kept = Math.min(8, Math.max(0, bits - index * 8))
    return byte & (0xff00 >> kept)
  })
}
