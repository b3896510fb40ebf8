import ipaddr from 'ipaddr.js'
import { checkWholeNumber } from '../errors/option-checks.ts'
import { type Address, addressText } from './address.ts'
import { type Cidr, parseCidr } from './cidr.ts'
import { parseHop, trimBlanks } from './hop.ts'
import { translatedIPv4 } from './translated-ipv4.ts'

/** The key of all clients whose socket has no address. */
export const UNKNOWN_CLIENT = 'unknown'

/** Bits of an IPv6 address that identify a client, unless an option says otherwise: the network of one customer. */
export const DEFAULT_IPV6_SUBNET = 56

/** A provider is given 32 bits. With fewer bits, all customers of several providers would share one quota. */
const FEWEST_IPV6_BITS = 32

const IPV4_BITS = 32
const IPV6_BITS = 128

/**
 * The client key of an address. An IPv4 address is its own key, also inside a NAT64 or 6to4 address. For any
 * other IPv6 address the key is the network of `ipv6Subnet` bits around it, such as `2001:db8:1::/56`, because
 * one customer is given a whole network. All clients without an address have the same key.
 */
export function clientKeyOf(address: Address | undefined, ipv6Subnet: number): string {
  if (address === undefined) return UNKNOWN_CLIENT
  if (address.kind() === 'ipv4') return addressText(address)
  const translated = translatedIPv4(address)
  if (translated !== undefined) return addressText(translated.address)
  if (ipv6Subnet === IPV6_BITS) return addressText(address)
  const network = new ipaddr.IPv6(maskedBytes(address.toByteArray(), ipv6Subnet))
  return `${addressText(network)}/${ipv6Subnet}`
}

/**
 * The client key that a text names. Every spelling of an address, with or without a port, or of a network that is one client, has the
 * same key. Any other text is a key as it is. Undefined for a network that is not one client.
 */
export function canonicalClientKey(text: string, ipv6Subnet: number): string | undefined {
  const trimmed = text.trim()
  const range = parseCidr(trimmed)
  const address = range?.network ?? parseHop(trimmed)
  if (address === undefined) return text
  const isClient = range === undefined || isOneClient(range, ipv6Subnet) || !trimmed.includes('/')
  return isClient ? clientKeyOf(address, ipv6Subnet) : undefined
}

function isOneClient({ network, bits }: Cidr, ipv6Subnet: number): boolean {
  if (network.kind() === 'ipv4') return bits === IPV4_BITS
  const translated = translatedIPv4(network)
  return translated === undefined ? bits === ipv6Subnet : bits >= translated.bits
}

/**
 * The client key of an address, as limiters use it: for a `keyGenerator` that needs the address of `req.ip`, or as a
 * part of its own key. It takes every spelling, with or without a port, and a client key itself.
 *
 * @param address text of an address; `'unknown'` is the key of undefined, and of a text that is not an address, because
 *   a client could invent any number of them
 * @param ipv6Subnet bits of an IPv6 address that identify a client, from 32 to 128. Default: 56. Give the limiter's own
 * @returns an IPv4 address, an IPv6 network such as `2001:db8:1::/56` (with 128 bits an IPv6 address), or `'unknown'`
 * @throws RateLimiterError `invalid_option` for a number of bits that is not possible
 */
export function clientKey(address: string | undefined, ipv6Subnet: number = DEFAULT_IPV6_SUBNET): string {
  checkIpv6Subnet(ipv6Subnet)
  if (typeof address !== 'string') return UNKNOWN_CLIENT
  const text = trimBlanks(address)
  const isNetwork = text.includes('/') && parseCidr(text) !== undefined
  if (isNetwork) return canonicalClientKey(text, ipv6Subnet) ?? UNKNOWN_CLIENT
  return clientKeyOf(parseHop(text), ipv6Subnet)
}

/** @throws RateLimiterError (`invalid_option`) unless it is a whole number from 32 to 128 */
export function checkIpv6Subnet(bits: unknown): number {
  return checkWholeNumber('ipv6Subnet', bits, FEWEST_IPV6_BITS, IPV6_BITS)
}

function maskedBytes(bytes: readonly number[], bits: number): number[] {
  return bytes.map((byte, index) => {
    const kept = Math.min(8, Math.max(0, bits - index * 8))
    return byte & (0xff00 >> kept)
  })
}
