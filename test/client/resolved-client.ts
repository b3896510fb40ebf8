import { createClientResolver } from '../../src/client/client-resolver.ts'
import { compileTrust, type TrustProxyOption } from '../../src/client/trusted-proxies.ts'

/** A request as far as the client of it is concerned. */
export interface SentRequest {
  /** The socket's remote address; null where it has none. */
  readonly peer: string | null
  /** The socket's own address; a Unix socket has none either. */
  readonly localAddress?: string
  readonly destroyed?: boolean
  readonly headers?: Readonly<Record<string, string>>
  readonly trustProxy?: TrustProxyOption
  /** The header that may name the client. */
  readonly header?: string
  readonly ipv6Subnet?: number
  /** Called with nothing when a header was not believed. */
  readonly onIgnoredHeader?: () => void
}

/** The client key of a request; where nothing else is said, of all 128 bits and with no proxy trusted. */
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

/** The client that a proxy on 10.0.0.1, in a trusted 10.0.0.0/8, reports in `value`. */
export function reportedClient(value: string, header = 'x-forwarded-for'): string {
  return resolvedClient({ peer: '10.0.0.1', headers: { [header]: value }, trustProxy: '10.0.0.0/8', header })
}
