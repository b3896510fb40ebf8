import { Socket } from 'node:net'
import { createClientResolver, NO_CLIENT_WARNINGS } from '../../src/client/client-resolver.ts'
import type { PeerSocket } from '../../src/client/peer-socket.ts'
import { compileTrust, type TrustProxyOption, trustsAdapter } from '../../src/client/proxy-trust.ts'

/** The parts of a request that its client depends on. */
export interface SentRequest {
  /** The remote address of the socket; null for a real socket that has none. */
  readonly peer: string | null
  /** The path on which the server listens, where it listens on a Unix socket. */
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly trustProxy?: TrustProxyOption
  /** The header that can name the client. */
  readonly header?: string
  readonly ipv6Subnet?: number
  /** Is called if a header is ignored because its sender is not trusted. */
  readonly onIgnoredHeader?: () => void
}

/** The client key of a request. By default it has all 128 bits, and no proxy is trusted. */
export function resolvedClient(request: SentRequest): string {
  const { peer, path, headers = {}, trustProxy = false } = request
  const trust = compileTrust(trustProxy)
  const resolve = createClientResolver({
    header: request.header ?? 'x-forwarded-for',
    ipv6Subnet: request.ipv6Subnet ?? 128,
    trustFor: () => trust,
    trustsAdapter: trustsAdapter(trustProxy),
    warnings: { ...NO_CLIENT_WARNINGS, ignoredHeader: () => request.onIgnoredHeader?.() },
  })
  return resolve({
    headers: { ...headers },
    socket: peer === null ? socketWithoutAddress(path) : { remoteAddress: peer },
  }).key
}

/** A real socket without an address, of a server that listens on a path or on a port. */
export function socketWithoutAddress(path?: string): PeerSocket {
  return Object.assign(new Socket(), { server: { address: () => path ?? { address: '::', port: 80 } } })
}

/** The client that the proxy 10.0.0.1, in the trusted network 10.0.0.0/8, reports in `value`. */
export function reportedClient(value: string, header = 'x-forwarded-for'): string {
  return resolvedClient({ peer: '10.0.0.1', headers: { [header]: value }, trustProxy: '10.0.0.0/8', header })
}
