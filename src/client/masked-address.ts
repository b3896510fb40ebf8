import { parseCidr } from './cidr.ts'
import { clientKeyOf } from './client-key.ts'

/**
 * Bits of an IPv6 address that stay visible: the network of a provider, with thousands of customers in it.
 */
const SHOWN_IPV6_BITS = 32

/**
 * The address of a client key without the part that identifies the client: `203.0.113.7` becomes
 * `203.0.113.x`, and `2001:db8:1::/56` becomes `2001:db8::/32`. Undefined for a key that is not an address.
 */
export function maskedAddress(key: string): string | undefined {
  const network = parseCidr(key)?.network
  if (network === undefined) return undefined
  if (network.kind() === 'ipv4') return network.toString().replace(/\d+$/, 'x')
  return clientKeyOf(network, SHOWN_IPV6_BITS)
}
