import ipaddr from 'ipaddr.js'
import { type Address, isNat64 } from './address.ts'
import { AddressList } from './address-list.ts'
import { parseCidr } from './cidr.ts'

/** An IPv4 address inside an IPv6 address. */
export interface TranslatedIPv4 {
  readonly address: ipaddr.IPv4
  /** The number of leading bits of the IPv6 address that have to be known to know the IPv4 address. */
  readonly bits: number
}

/** The first 16-bit group of 2002::/16, the addresses of 6to4 (RFC 3056). */
const SIX_TO_FOUR = 0x2002

/**
 * The networks whose addresses are not those of one machine on the Internet (the IANA registry of special-purpose
 * addresses, RFC 6890). The networks for documentation are left out: nobody has an address in them.
 */
const NOT_GLOBAL = new AddressList(
  [
    '0.0.0.0/8',
    '10.0.0.0/8',
    '100.64.0.0/10',
    '127.0.0.0/8',
    '169.254.0.0/16',
    '172.16.0.0/12',
    '192.0.0.0/24',
    '192.168.0.0/16',
    '198.18.0.0/15',
    '224.0.0.0/4',
    '240.0.0.0/4',
  ].flatMap((text) => parseCidr(text) ?? []),
)

/**
 * The IPv4 address inside a NAT64 or 6to4 address, if it is a global one: the client has that address too, and would
 * have two quotas, or escape a denyList, by its choice of protocol. Undefined for any other address.
 *
 * It identifies a client and nothing more. A sender that is trusted or allowed must have the address itself, since
 * anyone can send packets from addresses such as `2002:a00:1::`, which only contain `10.0.0.1`.
 */
export function translatedIPv4(address: Address): TranslatedIPv4 | undefined {
  if (!('parts' in address)) return undefined
  const { parts } = address
  if (parts[0] === SIX_TO_FOUR) return globalIPv4(parts[1] ?? 0, parts[2] ?? 0, 48)
  return isNat64(address) ? globalIPv4(parts[6] ?? 0, parts[7] ?? 0, 128) : undefined
}

function globalIPv4(high: number, low: number, bits: number): TranslatedIPv4 | undefined {
  const address = new ipaddr.IPv4([high >> 8, high & 0xff, low >> 8, low & 0xff])
  return NOT_GLOBAL.has(address) ? undefined : { address, bits }
}
