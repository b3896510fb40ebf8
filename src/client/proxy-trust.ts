import { nearestName } from '../errors/nearest-name.ts'
import { rejectOption } from '../errors/option-checks.ts'
import { isPromiseLike } from '../maybe-promise.ts'
import { type Address, addressText } from './address.ts'
import { AddressList } from './address-list.ts'
import { parseRanges, RANGES_REMEDY } from './address-ranges.ts'
import type { Cidr } from './cidr.ts'
import { isPrivateAddress } from './private-networks.ts'
import { MOST_HOPS, type ProxyTrust } from './proxy-chain.ts'

/*
 * Decides by the option `trustProxy` which proxies are trusted, and so whether an X-Forwarded-For is used.
 * Without the option, the setting of the Express app decides (express-proxy-trust.ts).
 */

/**
 * Whether the proxy at `address` is trusted to name the client behind it.
 *
 * @param address canonical text: dotted decimal, or RFC 5952
 * @param hop 0 for the peer of the socket, 1 for the proxy behind it, and so on
 * @returns only `true` trusts the proxy. Any other result, such as a promise, does not
 */
export type TrustFunction = (address: string, hop: number) => boolean

/** The option `trustProxy` in all its forms. */
export type TrustProxyOption = boolean | number | string | readonly string[] | TrustFunction

export const trustNobody: ProxyTrust = () => false

/**
 * The member of the option that trusts the peer of a request without a socket of its own: an adapter for
 * functions-as-a-service, such as serverless-http, makes the request from an event, and the event from a load balancer
 * has no address of a peer.
 */
const ADAPTER = 'adapter'

/** Trusts the proxies for which a function of the user returns `true`. */
function trustByFunction(isTrusted: TrustFunction): ProxyTrust {
  return (address, hop) => syncAnswer(isTrusted(addressText(address), hop)) === true
}

/**
 * Trusts the proxies for which the trust function of an Express app returns a truthy value, as Express does.
 *
 * @param peer the peer of the socket as Node names it, such as `::ffff:10.0.0.1`: Express asks for this text
 */
export function trustByExpressFunction(isTrusted: TrustFunction, peer: string | undefined): ProxyTrust {
  return (address, hop) => {
    const text = hop === 0 && peer !== undefined ? peer : addressText(address)
    return Boolean(syncAnswer(isTrusted(text, hop)))
  }
}

/** The answer of a trust function. A promise does not trust, and its rejection must not end the process. */
function syncAnswer(answer: unknown): unknown {
  if (!isPromiseLike(answer)) return answer
  answer.then(undefined, () => undefined)
  return false
}

/** Whether the option trusts the peer of a request that an adapter made. */
export function trustsAdapter(option: TrustProxyOption | undefined): boolean {
  const members = typeof option === 'string' ? option.split(',') : option
  return Array.isArray(members) && members.some((member: unknown) => isAdapter(member))
}

function isAdapter(member: unknown): boolean {
  return typeof member === 'string' && member.trim() === ADAPTER
}

/**
 * Compiles `trustProxy` once, so that a request only compares bits.
 *
 * @throws RateLimiterError if the option has none of its forms, or trusts every address
 */
export function compileTrust(option: TrustProxyOption): ProxyTrust {
  if (typeof option === 'boolean') return option ? trustPrivateNetworks : trustNobody
  if (typeof option === 'number') return compileHops(option)
  if (typeof option === 'string') return compileRanges(option.split(',').map((member) => member.trim()))
  if (typeof option === 'function') return trustByFunction(option)
  if (Array.isArray(option)) return compileRanges(option)
  return rejectOption(
    'trustProxy',
    option,
    'takes a boolean, a number of hops, addresses or a function',
    "Give 1 for one proxy on a private network, or its address, such as '10.0.0.5'.",
  )
}

function trustPrivateNetworks(address: Address): boolean {
  return isPrivateAddress(address)
}

function compileHops(hops: number): ProxyTrust {
  if (!Number.isInteger(hops) || hops < 0 || hops > MOST_HOPS) {
    rejectOption(
      'trustProxy',
      hops,
      'takes a whole number of hops',
      `Give the number of proxies in front of this app, from 0 to ${MOST_HOPS}.`,
    )
  }
  // A peer with a public address is a client that reached the app without the proxies.
  return (address, hop) => hop < hops && (hop > 0 || isPrivateAddress(address))
}

function compileRanges(members: readonly unknown[]): ProxyTrust {
  const list = new AddressList(members.filter((member) => !isAdapter(member)).flatMap(parseMember))
  return (address) => list.has(address)
}

function parseMember(member: unknown): readonly Cidr[] {
  if (typeof member !== 'string') {
    return rejectOption('trustProxy', member, 'takes strings in its array', RANGES_REMEDY)
  }
  const ranges = parseRanges('trustProxy', member, remedyFor(member.trim()))
  if (!ranges.some(({ bits }) => bits === 0)) return ranges
  return rejectOption(
    'trustProxy',
    member,
    'trusts every address',
    'Give the addresses of your proxies, or true for private networks.',
  )
}

/** The remedy for a text that misses a value of this option; undefined for any other text. */
function remedyFor(text: string): string | undefined {
  if (nearestName(text, [ADAPTER]) !== undefined) return `Behind an adapter for functions give '${ADAPTER}'.`
  // A larger number is an IPv4 address that was written as an integer.
  if (/^\d+$/.test(text) && Number(text) <= MOST_HOPS) {
    return `For a number of hops give the number ${text} without quotes.`
  }
  return text === 'true' || text === 'false' ? `Give the boolean ${text} without quotes.` : undefined
}
