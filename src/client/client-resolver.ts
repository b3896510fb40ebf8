import type { IncomingHttpHeaders } from 'node:http'
import { isIPv4 } from 'node:net'
import { type Address, parseAddress } from './address.ts'
import { parseCidr } from './cidr.ts'
import { readForwarded } from './forwarded.ts'
import { type HopReader, type Trust, walkForwardedPath } from './forwarded-path.ts'
import { RecentMap } from './recent-map.ts'
import { clientKeyOf, UNKNOWN_CLIENT } from './subnet.ts'
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
export interface ResolverSettings<Req extends ResolvableRequest> {
  /** Lower-case name of the one header that may name the client. */
  readonly header: string
  /** Bits of an IPv6 address that identify a client. */
  readonly ipv6Subnet: number
  /** Whom to believe for this request. */
  readonly trustFor: (req: Req) => Trust
  /** Told of a header that was not believed because its sender is not trusted. */
  readonly onIgnoredHeader: (peer: Address) => void
}

/** Peers that are not IPv4 and are remembered with their clients; a peer's text is short, since the kernel wrote it. */
const MOST_PEERS = 1000

/** How a server that listens on IPv6 too sees the addresses of IPv4 clients. */
const MAPPED = '::ffff:'

/** A living socket without an address at either end is a Unix socket: a peer on this machine. */
const UNIX_SOCKET_PEER = '127.0.0.1'

/** Whose request it is. */
export interface Client {
  readonly key: string
  /** Undefined for a client whose socket was gone before anybody could ask for its address. */
  readonly address: Address | undefined
}

/** A client at an IPv4 address, which is the key as it stands. It is parsed only where somebody asks for it, and each time. */
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

/** Compiles the question "whose request is this?". */
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
    const client = walkForwardedPath(address, readHeader(String(value)), trustFor(req))
    if (client !== undefined) return clients.at(client)
    onIgnoredHeader(address)
    return peer
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

/** Makes clients of addresses; where an address is still known, so is its client. */
class ClientCache {
  readonly #ipv6Subnet: number
  readonly #byAddress = new WeakMap<Address, Client>()
  readonly #byPeer = new RecentMap<Client>(MOST_PEERS)

  constructor(ipv6Subnet: number) {
    this.#ipv6Subnet = ipv6Subnet
  }

  at(address: Address): Client {
    let client = this.#byAddress.get(address)
    if (client === undefined) {
      client = { key: clientKeyOf(address, this.#ipv6Subnet), address }
      this.#byAddress.set(address, client)
    }
    return client
  }

  ofPeer(text: string): Client {
    const known = this.#byPeer.get(text)
    if (known !== undefined) return known
    const address = parseAddress(text)
    const client = address === undefined ? UNKNOWN : this.at(address)
    this.#byPeer.set(text, client)
    return client
  }
}

function peerOf({ socket }: ResolvableRequest, clients: ClientCache): Client {
  const { remoteAddress } = socket
  if (remoteAddress !== undefined) {
    const ipv4 = remoteAddress.startsWith(MAPPED) ? remoteAddress.slice(MAPPED.length) : remoteAddress
    return isIPv4(ipv4) ? new IPv4Client(ipv4) : clients.ofPeer(remoteAddress)
  }
  // A TCP client that reset its connection before the server got to read the request has no address any
  // more, and its socket is not destroyed yet. Only the address at our end tells it from a Unix socket:
  // taken for one, it would be a trusted proxy.
  if (socket.destroyed === true || socket.localAddress !== undefined) return UNKNOWN
  return new IPv4Client(UNIX_SOCKET_PEER)
}
