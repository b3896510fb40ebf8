import type { IncomingHttpHeaders } from 'node:http'
import { type Address, parseAddress } from './address.ts'
import { clientKeyOf, UNKNOWN_CLIENT } from './client-key.ts'
import { readForwarded } from './forwarded-reader.ts'
import { ipv4PeerOf, isUnixSocket, type PeerSocket } from './peer-socket.ts'
import { clientBehindProxies, type HopReader, type ProxyTrust } from './proxy-chain.ts'
import { RecentMap } from './recent-map.ts'
import { readSingleAddress, readXForwardedFor } from './x-forwarded-for-reader.ts'

/** What the resolver reads of a request. */
export interface ResolvableRequest {
  readonly headers: IncomingHttpHeaders
  readonly socket: PeerSocket
}

/** How the client of a request is found. */
export interface ResolverSettings<Req extends ResolvableRequest> {
  /** Lower-case name of the one header that can name the client. */
  readonly header: string
  /** The number of bits of an IPv6 address that identify a client. */
  readonly ipv6Subnet: number
  /** The proxies that are trusted for this request. */
  readonly trustFor: (req: Req) => ProxyTrust
  /** Is called if a header is ignored because its sender is not trusted. */
  readonly onIgnoredHeader: (peer: Address) => void
}

/**
 * The number of peers with an IPv6 address that are remembered with their clients. Their texts are short,
 * because the kernel wrote them.
 */
const REMEMBERED_PEERS = 1000

/** The address of a peer that is connected by a Unix socket, and so is on this machine. */
const UNIX_SOCKET_PEER = '127.0.0.1'

/** The client of a request. */
export interface Client {
  readonly key: string
  /** Undefined for a client whose socket lost its address before the request was read. */
  readonly address: Address | undefined
}

/**
 * A client with an IPv4 address, which is its key. The address is parsed only when it is needed, and each
 * time.
 */
class IPv4Client implements Client {
  readonly key: string

  constructor(text: string) {
    this.key = text
  }

  get address(): Address | undefined {
    return parseAddress(this.key)
  }
}

const UNKNOWN: Client = { key: UNKNOWN_CLIENT, address: undefined }

/** Compiles the function that finds the client of a request. */
export function createClientResolver<Req extends ResolvableRequest>(
  settings: ResolverSettings<Req>,
): (req: Req, headers?: IncomingHttpHeaders) => Client {
  const { header, ipv6Subnet, trustFor, onIgnoredHeader } = settings
  const readHeader = headerReader(header)
  const clients = new ClientCache(ipv6Subnet)
  return function resolveClient(req, headers = req.headers) {
    const peer = peerOf(req, clients)
    const value = headers[header]
    if (value === undefined) return peer
    const { address } = peer
    if (address === undefined) return peer
    const client = clientBehindProxies(address, readHeader(String(value)), trustFor(req))
    if (client !== undefined) return clients.atAddress(client)
    onIgnoredHeader(address)
    return peer
  }
}

function headerReader(header: string): (value: string) => HopReader {
  if (header === 'x-forwarded-for') return readXForwardedFor
  return header === 'forwarded' ? readForwarded : readSingleAddress
}

/**
 * Makes the clients of addresses, and remembers the client of an address as long as the address is in memory.
 */
class ClientCache {
  readonly #ipv6Subnet: number
  readonly #byAddress = new WeakMap<Address, Client>()
  readonly #byPeer = new RecentMap<Client>(REMEMBERED_PEERS)

  constructor(ipv6Subnet: number) {
    this.#ipv6Subnet = ipv6Subnet
  }

  atAddress(address: Address): Client {
    let client = this.#byAddress.get(address)
    if (client === undefined) {
      client = { key: clientKeyOf(address, this.#ipv6Subnet), address }
      this.#byAddress.set(address, client)
    }
    return client
  }

  atPeer(remoteAddress: string): Client {
    const known = this.#byPeer.get(remoteAddress)
    if (known !== undefined) return known
    const address = parseAddress(remoteAddress)
    const client = address === undefined ? UNKNOWN : this.atAddress(address)
    this.#byPeer.set(remoteAddress, client)
    return client
  }
}

function peerOf({ socket }: ResolvableRequest, clients: ClientCache): Client {
  const { remoteAddress } = socket
  if (remoteAddress === undefined) {
    return isUnixSocket(socket) ? new IPv4Client(UNIX_SOCKET_PEER) : UNKNOWN
  }
  const ipv4 = ipv4PeerOf(remoteAddress)
  return ipv4 === undefined ? clients.atPeer(remoteAddress) : new IPv4Client(ipv4)
}
