import type { Address } from './address.ts'

/** Whether to believe what the proxy at `address`, `hop` hops away, says of the client behind it. */
export type Trust = (address: Address, hop: number) => boolean

/** Hops read at most. No real chain of proxies is longer; a forged header is. */
export const MOST_HOPS = 64

/** Reads a header's entries from the right, where the nearest proxy wrote, one at a call. */
export type HopReader = () => Address | undefined

/**
 * The client as the trusted proxies tell it: from the socket's peer leftwards through the header, as long
 * as each hop is trusted to name the one behind it. Undefined when the peer itself is not trusted.
 *
 * What a hop reports and is no address ends the walk at that hop: it is the last one anybody vouched for.
 */
export function walkForwardedPath(peer: Address, nextHop: HopReader, trusts: Trust): Address | undefined {
  if (!trusts(peer, 0)) return undefined
  let client = peer
  let hop = 0
  do {
    const behind = nextHop()
    if (behind === undefined) break
    client = behind
    hop++
  } while (hop < MOST_HOPS && trusts(client, hop))
  return client
}
