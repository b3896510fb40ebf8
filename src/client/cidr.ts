import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { Address } from './address.ts'
import { isNat64, parseIPv6, unwrapIPv4 } from './address.ts'

/** A range of addresses of one family. */
export interface Cidr {
  readonly network: Address
  readonly bits: number
}

const IPV4_BITS = 32
const IPV6_BITS = 128

/** The number of bits of an IPv6 address before an IPv4 address inside it. */
const WRAPPER_BITS = IPV6_BITS - IPV4_BITS

/**
 * Parses an address, `address/bits` or (of IPv4) `address/netmask` as a range; undefined for any other text.
 *
 * An IPv4-mapped range is the IPv4 range inside it. Two kinds of them are rejected, because they are not what
 * they look like. With fewer than 96 bits it is a range of IPv6 addresses that looks like IPv4:
 * `::ffff:10.0.0.0/8` is all of `::/8`. With 96 bits it is all of IPv4 and looks like one network:
 * `::ffff:0:0/96`. NAT64 ranges of so few bits are rejected for the same reason: `64:ff9b::/96`.
 */
export function parseCidr(text: string): Cidr | undefined {
  const [address = '', suffix, ...more] = text.split('/')
  const family = isIP(address)
  if (family === 0 || more.length > 0 || address.includes('%')) return undefined
  const most = family === 4 ? IPV4_BITS : IPV6_BITS
  const bits = suffix === undefined ? most : family === 4 ? ipv4PrefixLength(suffix) : prefixLength(suffix)
  if (bits === undefined || bits > most) return undefined
  if (family === 4) return { network: ipaddr.IPv4.parse(address), bits }

  const ipv6 = parseIPv6(address)
  if (isNat64(ipv6) && bits <= WRAPPER_BITS) return undefined
  const network = unwrapIPv4(ipv6)
  if (network === ipv6) return { network, bits }
  return bits <= WRAPPER_BITS ? undefined : { network, bits: bits - WRAPPER_BITS }
}

/** Whether a range contains an address. A range of one family never contains an address of the other. */
export function contains(cidr: Cidr, address: Address): boolean {
  return cidr.network.kind() === address.kind() && address.match(cidr.network, cidr.bits)
}

/** The number of bits that a suffix such as `8` or `255.0.0.0` names. A netmask with gaps names none. */
function ipv4PrefixLength(text: string): number | undefined {
  if (isIP(text) !== 4) return prefixLength(text)
  return ipaddr.IPv4.parse(text).prefixLengthFromSubnetMask() ?? undefined
}

function prefixLength(text: string): number | undefined {
  return /^(0|[1-9]\d{0,2})$/.test(text) ? Number(text) : undefined
}
