import type { IncomingHttpHeaders } from 'node:http'
import { isIPv4 } from 'node:net'

/** What the default rule reads of a request. */
export interface AccessRequest {
  readonly headers: IncomingHttpHeaders
  readonly socket: {
    readonly remoteAddress?: string | undefined
    readonly localAddress?: string | undefined
    readonly destroyed?: boolean
  }
}

/** How a server that listens on IPv6 too sees the addresses of IPv4 peers. */
const MAPPED = '::ffff:'

/** What proxies add: whoever asks through one is not on this machine, though the proxy may be. */
const FORWARDING_HEADERS = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
]

/**
 * The rule without `authorize`: a request of this machine itself, addressed to this machine.
 *
 * No header lets anybody in; three kinds keep out. `Host` must name this machine, or else a page of a stranger whose
 * name was made to point at 127.0.0.1 (DNS rebinding) could read along in the operator's browser. A request that has
 * passed a proxy on this machine comes from elsewhere.
 */
export function isFromThisMachine({ socket, headers }: AccessRequest): boolean {
  if (!isLoopbackPeer(socket) || !isLoopbackHost(headers.host)) return false
  return FORWARDING_HEADERS.every((name) => headers[name] === undefined)
}

/** Whether the other end of a socket is on this machine, by what the kernel says of it. */
function isLoopbackPeer({ remoteAddress, localAddress, destroyed }: AccessRequest['socket']): boolean {
  // A Unix socket has no address at either end. A TCP socket that was reset has lost its peer's only.
  if (remoteAddress === undefined) return destroyed !== true && localAddress === undefined
  const address = remoteAddress.startsWith(MAPPED) ? remoteAddress.slice(MAPPED.length) : remoteAddress
  return address === '::1' || (isIPv4(address) && address.startsWith('127.'))
}

/** Whether a Host header, with or without a port, names this machine and cannot name any other. */
function isLoopbackHost(host: string | undefined): boolean {
  const name = (host ?? '').replace(/:\d{1,5}$/, '').toLowerCase()
  return name === 'localhost' || name === '[::1]' || (isIPv4(name) && name.startsWith('127.'))
}
