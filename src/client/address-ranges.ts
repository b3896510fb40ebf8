import { nearestName } from '../errors/nearest-name.ts'
import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import { isNat64, parseAddress } from './address.ts'
import { type Cidr, parseCidr } from './cidr.ts'
import { NAMED_NETWORKS } from './named-networks.ts'

export const RANGES_REMEDY =
  "Give addresses or CIDRs such as '10.0.0.5' or '10.0.0.0/8', or 'loopback', 'linklocal', 'uniquelocal'."

/**
 * The ranges of one member of an option: an address, a CIDR or the name of some networks, with or without
 * blanks around it.
 *
 * @param option path of the option, for the error
 * @param remedy the remedy for a member that is none of these, if the option has a better one than the
 *   default
 * @throws RateLimiterError (`invalid_option`) with the member as given
 */
export function parseRanges(option: string, member: unknown, remedy?: string): readonly Cidr[] {
  const text = typeof member === 'string' ? member.trim() : ''
  const names = Object.keys(NAMED_NETWORKS)
  const cidrs = names.includes(text) ? (NAMED_NETWORKS[text] ?? []) : [text]
  const ranges = cidrs.flatMap((cidr) => parseCidr(cidr) ?? [])
  if (ranges.length > 0) return ranges

  const nearest = nearestName(text, names)
  throw new RateLimiterError({
    code: 'invalid_option',
    option,
    value: member,
    problem: 'takes addresses, CIDRs and names of networks',
    ...(nearest === undefined ? {} : { nearest }),
    remedy: remedy ?? (looksLikeIPv4(text) ? 'Write it as IPv4, such as 10.0.0.0/8.' : RANGES_REMEDY),
  })
}

/** Whether a range in IPv6 notation begins at an IPv4 address, so that an IPv4 range was probably meant. */
function looksLikeIPv4(text: string): boolean {
  const address = text.includes(':') ? parseAddress(text.split('/')[0] ?? '') : undefined
  if (address === undefined) return false
  return 'parts' in address ? isNat64(address) : true
}
