import { isIPv4 } from 'node:net'

/** What is read of the socket of a request. */
export interface PeerSocket {
  readonly remoteAddress?: string | undefined
  readonly localAddress?: string | undefined
  readonly destroyed?: boolean
}

/** The prefix of an IPv4 address as a server that listens on IPv6 too sees it. */
const MAPPED_PREFIX = '::ffff:'

/** The IPv4 address of a peer, also of one in IPv4-mapped form; undefined for any other address. */
export function ipv4PeerOf(remoteAddress: string): string | undefined {
  const text = remoteAddress.startsWith(MAPPED_PREFIX)
    ? remoteAddress.slice(MAPPED_PREFIX.length)
    : remoteAddress
  return isIPv4(text) ? text : undefined
}

/**
 * Whether the peer is connected by a Unix socket, and so is on this machine: a Unix socket has no address at
 * either end.
 *
 * A TCP client that resets its connection before the server reads the request loses its address too, and its
 * socket is not destroyed yet. Only the address of the local end shows the difference. Without that check
 * such a client would be taken for a trusted proxy.
 */
export function isUnixSocket({ remoteAddress, localAddress, destroyed }: PeerSocket): boolean {
  return remoteAddress === undefined && localAddress === undefined && destroyed !== true
}

/** Whether the peer is on this machine, by what the kernel reports of the socket. */
export function isLoopbackPeer(socket: PeerSocket): boolean {
  const { remoteAddress } = socket
  if (remoteAddress === undefined) return isUnixSocket(socket)
  return remoteAddress === '::1' || isLoopbackIPv4(ipv4PeerOf(remoteAddress) ?? '')
}

/** Whether an IPv4 address is in 127.0.0.0/8. */
export function isLoopbackIPv4(text: string): boolean {
  return isIPv4(text) && text.startsWith('127.')
}
