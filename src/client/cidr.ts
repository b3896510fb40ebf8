import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { Address } from './address.ts'
import { parseIPv6, unwrapIPv4 } from './address.ts'

/** A range of addresses of one family. */
export interface Cidr {
  readonly network: Address
  readonly bits: number
}

const IPV4_BITS = 32
const IPV6_BITS = 128

/** How many leading bits of an IPv6 address stand before an IPv4 address inside it. */
const WRAPPER_BITS = IPV6_BITS - IPV4_BITS

/**
 * The range that an address or `address/bits` spells, or undefined when it spells none.
 *
 * An IPv4-mapped range is the IPv4 range inside it. One of fewer than 96 bits would be a range of IPv6
 * addresses that looks like IPv4 (`::ffff:10.0.0.0/8` is all of `::/8`), and one of 96 (`64:ff9b::/96`) all of
 * IPv4 that looks like a network of one's own: they are no ranges here.
 */
export function parseCidr(text: string): Cidr | undefined {
  const [address = '', suffix, ...more] = text.split('/')
  const family = isIP(address)
  if (family === 0 || more.length > 0 || address.includes('%')) return undefined
  const most = family === 4 ? IPV4_BITS : IPV6_BITS
  const bits = suffix === undefined ? most : prefixLength(suffix)
  if (bits === undefined || bits > most) return undefined
  if (family === 4) return { network: ipaddr.IPv4.parse(address), bits }

  const written = parseIPv6(address)
  const network = unwrapIPv4(written)
  if (network === written) return { network, bits }
  return bits <= WRAPPER_BITS ? undefined : { network, bits: bits - WRAPPER_BITS }
}

export function contains(cidr: Cidr, address: Address): boolean {
  return cidr.network.kind() === address.kind() && address.match(cidr.network, cidr.bits)
}

function prefixLength(text: string): number | undefined {
  return /^(0|[1-9]\d{0,2})$/.test(text) ? Number(text) : undefined
}
