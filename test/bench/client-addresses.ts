import { AddressKeys, freshCopy } from './address-keys.ts'

/** How a client is connected; `mapped` is IPv4 over a dual-stack socket, as `app.listen(port)` makes it. */
export type Family = 'IPv4' | 'IPv6' | 'mapped IPv4'

const addresses = new AddressKeys('')
const mapped = new AddressKeys('::ffff:')

/** The address with a number below 2^24 - 2^16, as the kernel prints it, in a string that is new each time. */
export function freshAddress(family: Family, index: number): string {
  if (family === 'IPv4') return addresses.fresh(index)
  if (family === 'mapped IPv4') return mapped.fresh(index)
  return freshCopy(ipv6Address(index))
}

/** Addresses that are each in a /56 of their own: one customer each. */
function ipv6Address(index: number): string {
  const customer = Math.floor(index / 255)
  // Never zero: the kernel would leave the group out.
  const network = ((index % 255) + 1) << 8
  return `2001:db8:${customer.toString(16)}:${network.toString(16)}::1`
}
