import { nearestName } from '../errors/nearest-name.ts'
import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import { parseAddress } from './address.ts'
import { type Cidr, parseCidr } from './cidr.ts'
import { NAMED_NETWORKS } from './private-networks.ts'

export const RANGES_REMEDY =
  "Give addresses or CIDRs such as '10.0.0.5' or '10.0.0.0/8', or 'loopback', 'linklocal', 'uniquelocal'."

/**
 * The ranges that one member of an option stands for: an address, a CIDR or the name of some networks, with
 * or without blanks around it.
 *
 * @param option path of the option, for the error
 * @param remedy what to do about a member that is none of these, where the option knows better
 * @throws RateLimiterError (`invalid_option`) with the member as given
 */
export function parseRanges(option: string, member: unknown, remedy?: string): readonly Cidr[] {
  const text = typeof member === 'string' ? member.trim() : ''
  const names = Object.keys(NAMED_NETWORKS)
  const spelled = names.includes(text) ? (NAMED_NETWORKS[text] ?? []) : [text]
  const ranges = spelled.flatMap((one) => parseCidr(one) ?? [])
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

/** Whether a range in the notation of IPv6 begins at an IPv4 address, and so was meant for IPv4. */
function looksLikeIPv4(text: string): boolean {
  return text.includes(':') && parseAddress(text.split('/')[0] ?? '')?.kind() === 'ipv4'
}
