import type { Address } from './address.ts'
import { AddressList } from './address-list.ts'
import type { Cidr } from './cidr.ts'
import { translatedIPv4 } from './translated-ipv4.ts'

const IPV4_BITS = 32

/**
 * The addresses and ranges of the option `denyList`. A client with a NAT64 or 6to4 address is also on the list if the
 * IPv4 address in it is, and the other way round.
 */
export class DenyList extends AddressList {
  constructor(ranges: readonly Cidr[]) {
    super(ranges.flatMap((range) => [range, ...ipv4RangeOf(range)]))
  }

  override has(address: Address): boolean {
    if (super.has(address)) return true
    const translated = translatedIPv4(address)
    return translated !== undefined && super.has(translated.address)
  }
}

/** The IPv4 range inside a NAT64 or 6to4 range, as a list with one range or none. */
function ipv4RangeOf({ network, bits }: Cidr): readonly Cidr[] {
  const translated = translatedIPv4(network)
  const ipv4Bits = bits - ((translated?.bits ?? 0) - IPV4_BITS)
  if (translated === undefined || ipv4Bits <= 0) return []
  return [{ network: translated.address, bits: Math.min(ipv4Bits, IPV4_BITS) }]
}
