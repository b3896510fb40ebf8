import { nearestName } from '../errors/nearest-name.ts'
import { rejectOption } from '../errors/option-checks.ts'
import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import { type Address, addressText, parseAddress } from './address.ts'
import { type Cidr, contains, parseCidr } from './cidr.ts'
import { MOST_HOPS, type Trust } from './forwarded-path.ts'
import { NAMED_NETWORKS, PRIVATE_NETWORKS } from './private-networks.ts'

/**
 * Whether to believe what the proxy at `address` says of the client behind it.
 *
 * @param address canonical text: dotted decimal, or RFC 5952
 * @param hop 0 for the socket's peer, 1 for the proxy behind it, and so on
 * @returns a literal `true` trusts; anything else, a promise included, does not
 */
export type TrustFunction = (address: string, hop: number) => boolean

/** The option in all its forms. */
export type TrustProxyOption = boolean | number | string | readonly string[] | TrustFunction

export const trustNobody: Trust = () => false

/** Trusts what a function of the user's, or Express's own, trusts. */
export function trustByFunction(trusts: TrustFunction): Trust {
  return (address, hop) => {
    const answer: unknown = trusts(addressText(address), hop)
    // A promise is no `true`; one that is rejected must not end the process either.
    if (answer instanceof Promise) answer.catch(() => undefined)
    return answer === true
  }
}

/**
 * Compiles `trustProxy` once, so that a request only compares bits.
 *
 * @throws RateLimiterError when the option is no way to trust anybody, or trusts everybody
 */
export function compileTrust(option: TrustProxyOption): Trust {
  if (typeof option === 'boolean') return option ? trustPrivateNetworks : trustNobody
  if (typeof option === 'number') return compileHops(option)
  if (typeof option === 'string') return compileRanges(option.split(','))
  if (typeof option === 'function') return trustByFunction(option)
  if (Array.isArray(option)) return compileRanges(option)
  return rejectOption(
    'trustProxy',
    option,
    'takes a boolean, hops, addresses or a function',
    "Give 1 for one proxy on a private network, or its address, such as '10.0.0.5'.",
  )
}

function trustPrivateNetworks(address: Address): boolean {
  return isPrivate(address)
}

export function isPrivate(address: Address): boolean {
  return PRIVATE_NETWORKS.some((network) => contains(network, address))
}

function compileHops(hops: number): Trust {
  if (!Number.isInteger(hops) || hops < 0 || hops > MOST_HOPS) {
    rejectOption(
      'trustProxy',
      hops,
      'as a number of hops takes a whole number',
      `Give a number from 0 to ${MOST_HOPS}: how many proxies stand in front of this app.`,
    )
  }
  // A peer on a public address is a client that reached the app around the proxies.
  return (address, hop) => hop < hops && (hop > 0 || isPrivate(address))
}

function compileRanges(members: readonly unknown[]): Trust {
  const ranges = members.flatMap(parseMember)
  const [only] = ranges
  if (only !== undefined && ranges.length === 1) return (address) => contains(only, address)
  return (address) => ranges.some((range) => contains(range, address))
}

const MEMBER_REMEDY =
  "Give addresses or CIDRs such as '10.0.0.5' or '10.0.0.0/8', or 'loopback', 'linklocal', 'uniquelocal'."

function parseMember(member: unknown): Cidr[] {
  if (typeof member !== 'string') {
    return rejectOption('trustProxy', member, 'takes strings in its array', MEMBER_REMEDY)
  }
  const text = member.trim()
  if (Object.hasOwn(NAMED_NETWORKS, text))
    return (NAMED_NETWORKS[text] ?? []).flatMap((cidr) => parseCidr(cidr) ?? [])
  const range = parseCidr(text)
  if (range === undefined) return rejectMember(text)
  if (range.bits === 0) {
    return rejectOption(
      'trustProxy',
      text,
      'trusts every address there is',
      'Give the addresses of your proxies, or true.',
    )
  }
  return [range]
}

function rejectMember(text: string): never {
  const nearest = nearestName(text, Object.keys(NAMED_NETWORKS))
  throw new RateLimiterError({
    code: 'invalid_option',
    option: 'trustProxy',
    value: text,
    problem: 'takes addresses, CIDRs and names of networks',
    ...(nearest === undefined ? {} : { nearest }),
    remedy: remedyFor(text),
  })
}

function remedyFor(text: string): string {
  // A longer number is an IPv4 address spelled as an integer.
  if (/^\d+$/.test(text) && Number(text) <= MOST_HOPS) {
    return `For a number of hops give the number ${text} without quotes.`
  }
  if (text === 'true' || text === 'false') return `Give the boolean ${text} without quotes.`
  if (parseAddress(text.split('/')[0] ?? '')?.kind() === 'ipv4' && text.includes(':')) {
    return 'Write it as IPv4, such as 10.0.0.0/8.'
  }
  return MEMBER_REMEDY
}
