import { rejectOption } from '../errors/option-checks.ts'
import { type Address, addressText } from './address.ts'
import { AddressList } from './address-list.ts'
import { parseRanges, RANGES_REMEDY } from './address-ranges.ts'
import type { Cidr } from './cidr.ts'
import { MOST_HOPS, type Trust } from './forwarded-path.ts'
import { PRIVATE_NETWORKS } from './private-networks.ts'

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
  if (typeof option === 'string') return compileRanges(option.split(',').map((member) => member.trim()))
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

const privateNetworks = new AddressList(PRIVATE_NETWORKS)

export function isPrivate(address: Address): boolean {
  return privateNetworks.has(address)
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
  const list = new AddressList(members.flatMap(parseMember))
  return (address) => list.has(address)
}

function parseMember(member: unknown): readonly Cidr[] {
  if (typeof member !== 'string') {
    return rejectOption('trustProxy', member, 'takes strings in its array', RANGES_REMEDY)
  }
  const ranges = parseRanges('trustProxy', member, withoutQuotes(member.trim()))
  if (!ranges.some(({ bits }) => bits === 0)) return ranges
  return rejectOption(
    'trustProxy',
    member,
    'trusts every address there is',
    'Give the addresses of your proxies, or true.',
  )
}

/** The remedy for a number or a boolean that was given as a string. */
function withoutQuotes(text: string): string | undefined {
  // A longer number is an IPv4 address spelled as an integer.
  if (/^\d+$/.test(text) && Number(text) <= MOST_HOPS) {
    return `For a number of hops give the number ${text} without quotes.`
  }
  return text === 'true' || text === 'false' ? `Give the boolean ${text} without quotes.` : undefined
}
