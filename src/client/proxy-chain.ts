/*
 * Follows the chain of proxies of a request back to its client.
 *
 * Twin: proxy-addr
 */
import type { Address } from './address.ts'

/**
 * Whether the proxy at `address` is trusted to name the client behind it. `hop` is 0 for the peer of the
 * socket.
 */
export type ProxyTrust = (address: Address, hop: number) => boolean

/** The most hops that are read. No real chain of proxies is longer, but a forged header can be. */
export const MOST_HOPS = 64

/**
 * Reads the entries of a header from the right, where the nearest proxy wrote, one with each call. Undefined
 * for an entry that is not an address, and after the last entry.
 */
export type HopReader = () => Address | undefined

/**
 * The client that a trusted peer and the trusted proxies behind it name; undefined if the peer names nobody. Reads the
 * header from right to left, as long as each hop is trusted to name the next one.
 *
 * An entry that is not an address ends the search: the client is then the hop that reported the entry, the
 * last one that a trusted proxy named.
 */
export function clientNamedBy(readHop: HopReader, isTrusted: ProxyTrust): Address | undefined {
  let client: Address | undefined
  let hop = 0
  do {
    const behind = readHop()
    if (behind === undefined) break
    client = behind
    hop++
  } while (hop < MOST_HOPS && isTrusted(client, hop))
  return client
}
