import type { IncomingHttpHeaders } from 'node:http'
import { type RateLimiterWarningCode, warn } from '../errors/warning.ts'
import { type Address, addressText } from './address.ts'
import {
  type ClientWarnings,
  headerReader,
  peerAddressOf,
  type ResolvableRequest,
} from './client-resolver.ts'
import { ipv4PeerOf, isLoopbackIPv4, isRealSocket } from './peer-socket.ts'
import { isPrivateAddress } from './private-networks.ts'
import type { HopReader } from './proxy-chain.ts'

/** The headers in which proxies name clients. */
const CLIENT_HEADERS = [
  'x-forwarded-for',
  'forwarded',
  'x-real-ip',
  'cf-connecting-ip',
  'true-client-ip',
  'cloudfront-viewer-address',
  'fastly-client-ip',
  'fly-client-ip',
  // Azure Front Door lets a client choose X-Azure-ClientIP.
  'x-azure-socketip',
]

/** The headers that proxies add and that do not name the client. */
const PROXY_HEADERS = ['via', 'x-forwarded-proto', 'x-forwarded-host']

const TRUST_ADAPTER = "set trustProxy: 'adapter'"

/** What {@link ClientWarnings} reads of a request besides its client. */
interface SeenRequest extends ResolvableRequest {
  readonly httpVersion?: string
}

/**
 * Returns the warnings of the ways in which all clients of a proxy get one quota. Each appears once, and names the
 * setting that would have been right for the request. No message has an address in it, which may be that of a client.
 */
export function clientWarnings<Req extends SeenRequest>(
  limiterName: string,
  header: string,
): ClientWarnings<Req> {
  const limiter = `The limiter '${limiterName}'`
  return {
    ignoredHeader: warnOfIgnoredHeader(limiter, header),
    unreadableHeader: warnOfUnreadableHeader(limiter, header),
    missingHeader: warnOfMissingHeader(limiter, header),
    unknownPeer: warnOfUnknownPeer(limiter),
  }
}

function warnOfIgnoredHeader(limiter: string, header: string): ClientWarnings<SeenRequest>['ignoredHeader'] {
  const readHeader = headerReader(header)
  const ignored = warnOnce('TOLLGATE_UNTRUSTED_FORWARDED_HEADER')
  return (peer, value, req) => {
    if (ignored.isDone || isNamedByAdapter(peer, readHeader(value), req)) return
    ignored.warn(
      `${limiter} ignored ${header} from a ${kindOf(peer)} address that trustProxy does not trust. If it is your proxy, ${trustRemedy(peer)}.`,
    )
  }
}

function warnOfUnreadableHeader(
  limiter: string,
  header: string,
): ClientWarnings<SeenRequest>['unreadableHeader'] {
  const unreadable = warnOnce('TOLLGATE_CLIENT_NOT_NAMED')
  return (value) => {
    if (unreadable.isDone) return
    const what = value.trimEnd().endsWith(',') ? 'is empty' : 'is not an address'
    unreadable.warn(
      `${limiter} found no client in ${header} from a proxy that trustProxy trusts: its last element ${what}. All such requests share one quota. Let the proxy send the address of its client, or set clientIpHeader to the header in which it does.`,
    )
  }
}

function warnOfMissingHeader(limiter: string, header: string): ClientWarnings<SeenRequest>['missingHeader'] {
  const missing = warnOnce('TOLLGATE_CLIENT_NOT_NAMED')
  const otherHeader = warnOnce('TOLLGATE_CLIENT_NOT_NAMED')
  return (req, headers, isTrusted) => {
    const other = headerBeside(header, headers)
    if (other !== undefined) {
      if (otherHeader.isDone) return
      const trust = isTrusted() ? '' : `, and ${trustRemedy(peerAddressOf(req.socket))}`
      otherHeader.warn(
        `${limiter} reads ${header}, and a request has ${other} instead, so that it is charged to its sender. If your proxy sends ${other}, set clientIpHeader: '${other}'${trust}.`,
      )
    } else if (!missing.isDone && !isFromThisMachine(req, headers) && isTrusted()) {
      missing.warn(
        `${limiter} got a request without ${header} from a proxy that trustProxy trusts. All such requests share one quota. If it was no health check, let the proxy send ${header}, or set clientIpHeader to the header that it sends.`,
      )
    }
  }
}

function warnOfUnknownPeer(limiter: string): ClientWarnings<SeenRequest>['unknownPeer'] {
  const unknown = warnOnce('TOLLGATE_UNKNOWN_PEER')
  return ({ socket }) => {
    if (unknown.isDone) return
    unknown.warn(
      isRealSocket(socket)
        ? `${limiter} got a request whose connection has no address, because the client closed it before the request was read. All such requests share one quota. Nothing has to be done, unless all requests are like that: then let the server listen on a port or on a path.`
        : `${limiter} got a request without a socket that has an address, so all such clients share one quota. Behind an adapter for functions-as-a-service (serverless-http, @codegenie/serverless-express), ${TRUST_ADAPTER}.`,
    )
  }
}

/** A warning that appears at most once. */
function warnOnce(code: RateLimiterWarningCode): {
  readonly isDone: boolean
  warn: (message: string) => void
} {
  const once = {
    isDone: false,
    warn(message: string): void {
      once.isDone = true
      warn(code, message)
    },
  }
  return once
}

function kindOf(peer: Address): string {
  return isPrivateAddress(peer) ? 'private' : 'public'
}

/** The setting that trusts a proxy, or the adapter where the peer has no address. */
export function trustRemedy(peer: Address | undefined): string {
  if (peer === undefined) return TRUST_ADAPTER
  return isPrivateAddress(peer)
    ? 'set trustProxy: 1 (or the number of proxies)'
    : 'set trustProxy to its address or CIDR'
}

/** The first other header of a request in which a proxy may have named the client. */
export function headerBeside(header: string, headers: IncomingHttpHeaders): string | undefined {
  return CLIENT_HEADERS.find((name) => name !== header && headers[name] !== undefined)
}

/**
 * Whether an adapter gave the request the address of the client for that of the peer, as those for API Gateway do. The
 * client is then the first entry of the header, which the gateway wrote, and no setting is missing.
 */
export function isNamedByAdapter(peer: Address, readHop: HopReader, { socket }: ResolvableRequest): boolean {
  if (isRealSocket(socket)) return false
  let first: Address | undefined
  for (let hop = readHop(); hop !== undefined; hop = readHop()) first = hop
  return first !== undefined && addressText(first) === addressText(peer)
}

/**
 * Whether a request without a header that names its client looks like one of a program on this machine, such as curl
 * in development, and not like one of a proxy. The default of nginx is HTTP/1.0.
 */
function isFromThisMachine({ socket, httpVersion }: SeenRequest, headers: IncomingHttpHeaders): boolean {
  const remoteAddress = socket?.remoteAddress ?? ''
  const isLoopback = remoteAddress === '::1' || isLoopbackIPv4(ipv4PeerOf(remoteAddress) ?? '')
  return isLoopback && httpVersion !== '1.0' && PROXY_HEADERS.every((name) => headers[name] === undefined)
}
