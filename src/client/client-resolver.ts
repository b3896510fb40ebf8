import type { IncomingHttpHeaders } from 'node:http'
import { type Address, parseAddress } from './address.ts'
import { parseCidr } from './cidr.ts'
import { readForwarded } from './forwarded.ts'
import { type HopReader, type Trust, walkForwardedPath } from './forwarded-path.ts'
import { clientKeyOf } from './subnet.ts'
import { readSingleAddress, readXForwardedFor } from './x-forwarded-for.ts'

/** What the resolver reads of a request. */
export interface ResolvableRequest {
  readonly headers: IncomingHttpHeaders
  readonly socket: {
    readonly remoteAddress?: string | undefined
    readonly localAddress?: string | undefined
    readonly destroyed?: boolean
  }
}

/** How clients are told apart, compiled. */
export interface ClientSettings<Req extends ResolvableRequest> {
  /** Lower-case name of the one header that may name the client. */
  readonly header: string
  /** Whom to believe for this request. */
  readonly trustFor: (req: Req) => Trust
  /** Told of a header that was not believed because its sender is not trusted. */
  readonly onIgnoredHeader: (peer: Address) => void
}

/** A living socket without an address at either end is a Unix socket: a peer on this machine. */
const UNIX_SOCKET_PEER = '127.0.0.1'

/**
 * Compiles the question "whose request is this?". The answer is undefined for a client whose socket was gone
 * before anybody could ask for its address.
 */
export function createClientResolver<Req extends ResolvableRequest>(
  settings: ClientSettings<Req>,
): (req: Req) => Address | undefined {
  const { header, trustFor, onIgnoredHeader } = settings
  const readHeader = headerReader(header)
  return function resolveClient(req) {
    const peer = peerOf(req)
    if (peer === undefined) return undefined
    const value = req.headers[header]
    if (value === undefined) return peer
    const client = walkForwardedPath(peer, readHeader(String(value)), trustFor(req))
    if (client === undefined) onIgnoredHeader(peer)
    return client ?? peer
  }
}

/**
 * The client key of a text: addresses in every spelling, and networks that are one client, become one key,
 * anything else is left alone. Undefined for a network that is not one client.
 */
export function canonicalClientKey(text: string, ipv6Subnet: number): string | undefined {
  const spelled = text.trim()
  const range = parseCidr(spelled)
  const address = range?.network ?? parseAddress(spelled)
  if (address === undefined) return text
  const isClient = range === undefined || range.bits === (address.kind() === 'ipv4' ? 32 : ipv6Subnet)
  return isClient || !spelled.includes('/') ? clientKeyOf(address, ipv6Subnet) : undefined
}

function headerReader(header: string): (value: string) => HopReader {
  if (header === 'x-forwarded-for') return readXForwardedFor
  return header === 'forwarded' ? readForwarded : readSingleAddress
}

function peerOf({ socket }: ResolvableRequest): Address | undefined {
  if (socket.remoteAddress !== undefined) return parseAddress(socket.remoteAddress)
  // A TCP client that reset its connection before the server got to read the request has no address any
  // more, and its socket is not destroyed yet. Only the address at our end tells it from a Unix socket:
  // taken for one, it would be a trusted proxy.
  if (socket.destroyed === true || socket.localAddress !== undefined) return undefined
  return parseAddress(UNIX_SOCKET_PEER)
}
