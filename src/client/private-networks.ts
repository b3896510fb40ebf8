import type { Address } from './address.ts'
import { AddressList } from './address-list.ts'
import { parseCidr } from './cidr.ts'
import { NAMED_NETWORKS } from './named-networks.ts'

/** Shared address space between a carrier and its customers (RFC 6598). Container networks use it too. */
const CARRIER_GRADE_NAT = '100.64.0.0/10'

const PRIVATE_NETWORKS = new AddressList(
  [...Object.values(NAMED_NETWORKS).flat(), CARRIER_GRADE_NAT].flatMap((text) => parseCidr(text) ?? []),
)

/**
 * Whether an address is in a network that cannot be reached from the Internet. A proxy in front of the app
 * has such an address.
 */
export function isPrivateAddress(address: Address): boolean {
  return PRIVATE_NETWORKS.has(address)
}
