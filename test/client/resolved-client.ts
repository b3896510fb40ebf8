import { createClientResolver } from '../../src/client/client-resolver.ts'
import { compileTrust, type TrustProxyOption } from '../../src/client/proxy-trust.ts'

/** The parts of a request that its client depends on. */
export interface SentRequest {
  /** The remote address of the socket; null if it has none. */
  readonly peer: string | null
  /** The local address of the socket. A Unix socket has none. */
  readonly localAddress?: string
  readonly destroyed?: boolean
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
  const { peer, localAddress, destroyed = false, headers = {}, trustProxy = false } = request
  const trust = compileTrust(trustProxy)
  const resolve = createClientResolver({
    header: request.header ?? 'x-forwarded-for',
    ipv6Subnet: request.ipv6Subnet ?? 128,
    trustFor: () => trust,
    onIgnoredHeader: () => request.onIgnoredHeader?.(),
  })
  return resolve({
    headers: { ...headers },
    socket: { remoteAddress: peer ?? undefined, localAddress, destroyed },
  }).key
}

/** The client that the proxy 10.0.0.1, in the trusted network 10.0.0.0/8, reports in `value`. */
export function reportedClient(value: string, header = 'x-forwarded-for'): string {
  return resolvedClient({ peer: '10.0.0.1', headers: { [header]: value }, trustProxy: '10.0.0.0/8', header })
}
