import type { IncomingHttpHeaders } from 'node:http'
import type { Address } from './address.ts'
import { DEFAULT_IPV6_SUBNET } from './client-key.ts'
import { readForwarded } from './forwarded-reader.ts'
import { type Client, KnownClients } from './known-client.ts'
import { isRealSocket, isUnixSocket, type PeerSocket } from './peer-socket.ts'
import { clientNamedBy, type HopReader, type ProxyTrust } from './proxy-chain.ts'
import { readSingleAddress, readViewerAddress, readXForwardedFor } from './x-forwarded-for-reader.ts'

/** What the resolver reads of a request. */
export interface ResolvableRequest {
  readonly headers: IncomingHttpHeaders
  /** Absent in requests of some adapters and test tools. */
  readonly socket?: PeerSocket | null | undefined
}

/** How the client of a request is found. */
export interface ResolverSettings<Req extends ResolvableRequest> {
  /** Lower-case name of the one header that can name the client. */
  readonly header: string
  /** The number of bits of an IPv6 address that identify a client. */
  readonly ipv6Subnet: number
  /** The proxies that are trusted for this request. */
  readonly trustFor: (req: Req) => ProxyTrust
  /** Whether a peer without an address is a trusted proxy where the request has no real socket. */
  readonly trustsAdapter: boolean
  /** Are called for requests whose client shares its key with all clients of the same proxy. */
  readonly warnings: ClientWarnings<Req>
}

/** What can be wrong with the address of a client. */
export interface ClientWarnings<Req extends ResolvableRequest> {
  /** The header is ignored, because its sender is not trusted. */
  readonly ignoredHeader: (peer: Address, value: string, req: Req) => void
  /** A trusted peer sent the header and names nobody in it. */
  readonly unreadableHeader: (value: string) => void
  /** The request has no such header. `isTrusted` is asked about the peer, which may have no address. */
  readonly missingHeader: (req: Req, headers: IncomingHttpHeaders, isTrusted: () => boolean) => void
  /** The peer has no address, and is not trusted. */
  readonly unknownPeer: (req: Req) => void
}

/** For tools that find clients without a limiter: nobody is warned. */
export const NO_CLIENT_WARNINGS: ClientWarnings<ResolvableRequest> = {
  ignoredHeader: () => undefined,
  unreadableHeader: () => undefined,
  missingHeader: () => undefined,
  unknownPeer: () => undefined,
}

/** The address of a peer that is connected by a Unix socket, and so is on this machine. */
const UNIX_SOCKET_PEER = '127.0.0.1'

/**
 * The number of requests without the header that are examined. A proxy that sends another header or none does so from
 * its first request on, and later requests must not pay for the look at them.
 */
const EXAMINED_REQUESTS = 1000

/** Compiles the function that finds the client of a request. */
export function createClientResolver<Req extends ResolvableRequest>(
  settings: ResolverSettings<Req>,
): (req: Req, headers?: IncomingHttpHeaders) => Client {
  const { header, ipv6Subnet, trustFor, warnings } = settings
  const readHeader = headerReader(header)
  const clients = new KnownClients(ipv6Subnet)
  let unexamined = EXAMINED_REQUESTS

  const clientWithoutPeer = adapterResolver(settings, clients)
  return function resolveClient(req, headers = req.headers) {
    const peer = peerOf(req.socket, clients)
    const value = headers[header]
    if (peer === clients.unknown) return clientWithoutPeer(req, value, headers)
    if (value === undefined) {
      if (unexamined > 0) {
        unexamined--
        warnings.missingHeader(req, headers, () => isTrustedPeer(peer, trustFor(req)))
      }
      return peer
    }
    const { address } = peer
    if (address === undefined) return peer
    const text = String(value)
    const isTrusted = trustFor(req)
    if (!isTrusted(address, 0)) {
      warnings.ignoredHeader(address, text, req)
      return peer
    }
    const client = clientNamedBy(readHeader(text), isTrusted)
    if (client === undefined) {
      warnings.unreadableHeader(text)
      return peer
    }
    // The proxy sends the header. A request without it is a health check, or a client that is not behind the proxy.
    unexamined = 0
    return clients.atAddress(client)
  }
}

/** Compiles the function that finds the client of a request whose peer has no address. */
function adapterResolver<Req extends ResolvableRequest>(
  { header, trustFor, trustsAdapter, warnings }: ResolverSettings<Req>,
  clients: KnownClients,
): (req: Req, value: unknown, headers: IncomingHttpHeaders) => Client {
  const readHeader = headerReader(header)
  return (req, value, headers) => {
    if (!trustsAdapter || isRealSocket(req.socket)) {
      warnings.unknownPeer(req)
      return clients.unknown
    }
    const client = value === undefined ? undefined : clientNamedBy(readHeader(String(value)), trustFor(req))
    if (client !== undefined) return clients.atAddress(client)
    if (value === undefined) warnings.missingHeader(req, headers, () => true)
    else warnings.unreadableHeader(String(value))
    return clients.unknown
  }
}

function isTrustedPeer({ address }: Client, isTrusted: ProxyTrust): boolean {
  return address !== undefined && isTrusted(address, 0)
}

/** Returns the reader of a header by its lower-case name. */
export function headerReader(header: string): (value: string) => HopReader {
  if (header === 'x-forwarded-for') return readXForwardedFor
  if (header === 'forwarded') return readForwarded
  return header === 'cloudfront-viewer-address' ? readViewerAddress : readSingleAddress
}

function peerOf(socket: PeerSocket | null | undefined, clients: KnownClients): Client {
  const remoteAddress = socket?.remoteAddress
  if (typeof remoteAddress !== 'string' || remoteAddress === '') {
    return isUnixSocket(socket) ? clients.atPeer(UNIX_SOCKET_PEER) : clients.unknown
  }
  return clients.atPeer(remoteAddress)
}

/** The address of the peer of a socket; undefined if it has none. A Unix socket counts as loopback. */
export function peerAddressOf(socket: PeerSocket | null | undefined): Address | undefined {
  return peerOf(socket, new KnownClients(DEFAULT_IPV6_SUBNET)).address
}
