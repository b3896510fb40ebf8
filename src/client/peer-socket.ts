import { isIPv4, Socket } from 'node:net'

/** What is read of the socket of a request. */
export interface PeerSocket {
  readonly remoteAddress?: string | null | undefined
  /** The server that accepted the connection. */
  readonly server?: { readonly address?: unknown } | null | undefined
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
 * Whether a peer without an address is connected by a Unix socket, and so is on this machine. The address of such a
 * server is the path of its socket.
 *
 * The socket itself does not show it. A TCP client that resets its connection before the server reads the request loses
 * its address too, and an adapter for functions-as-a-service makes sockets that never had one. Both would be taken for
 * a trusted proxy.
 */
export function isUnixSocket(socket: PeerSocket | null | undefined): boolean {
  if (!isRealSocket(socket)) return false
  const { server } = socket
  return typeof server?.address === 'function' && typeof server.address() === 'string'
}

/** Whether the socket of a request is a connection. Adapters and test tools make requests without one. */
export function isRealSocket<Peer extends PeerSocket>(
  socket: Peer | null | undefined,
): socket is Peer & Socket {
  return socket instanceof Socket
}

/** Whether an IPv4 address is in 127.0.0.0/8. */
export function isLoopbackIPv4(text: string): boolean {
  return isIPv4(text) && text.startsWith('127.')
}
