import type { IncomingHttpHeaders } from 'node:http'
import { ipv4PeerOf, isLoopbackIPv4 } from '../../client/peer-socket.ts'
import { isSentByClients } from './client-headers.ts'

/** What the default rule reads of a request. */
export interface AccessRequest {
  readonly headers: IncomingHttpHeaders
  readonly httpVersion: string
  readonly socket: { readonly remoteAddress?: string | undefined; readonly localPort?: number | undefined }
}

/** Values of `NODE_ENV` of a machine on which software is written. Any other may be that of a server. */
const DEVELOPMENT = new Set(['', 'dev', 'development', 'local', 'test'])

/**
 * The rule without `authorize`: the client runs on this machine and speaks to this server itself. The result says
 * why that is not certain; it is undefined if it is.
 *
 * No header grants access, because a client can send every header. Headers can only deny it: a proxy on this
 * machine hides where a request comes from, and what is known of it are the traces that it leaves.
 *
 * A Unix socket is refused: browsers cannot use one, but proxies do.
 */
export function reasonToDeny(
  request: AccessRequest,
  nodeEnv: string | undefined = process.env.NODE_ENV,
): string | undefined {
  const { headers, httpVersion, socket } = request
  const environment = (nodeEnv ?? '').trim().toLowerCase()
  if (!DEVELOPMENT.has(environment)) return `NODE_ENV is ${JSON.stringify(environment)}`
  if (!isLoopbackAddress(socket.remoteAddress ?? '')) return 'its sender has no loopback address'
  // nginx before 1.29.7 sends HTTP/1.0 by default.
  if (httpVersion !== '1.1') return `it was sent as HTTP/${httpVersion}, which a proxy may have done`
  const foreignHeader = Object.keys(headers).find((name) => !isSentByClients(name))
  if (foreignHeader !== undefined) return `a proxy may have added its header ${JSON.stringify(foreignHeader)}`
  return reasonInHost(headers.host ?? '', socket.localPort) ?? reasonInConnection(headers)
}

/**
 * The further rule for figures, again without `authorize`: nginx since 1.29.7 and HAProxy send HTTP/1.1 and add no
 * header, but they remove `Connection`, which browsers send.
 */
export function reasonToDenyFigures({ headers }: AccessRequest): string | undefined {
  return headers.connection === undefined
    ? 'it has no header "connection", which browsers send and proxies remove'
    : undefined
}

/**
 * `Host` must name this machine: otherwise a page of a foreign site whose name was changed to resolve to 127.0.0.1
 * (DNS rebinding) could read the figures in the operator's browser. Another port than that of the connection shows
 * that something between the two forwards requests.
 */
function reasonInHost(host: string, localPort: number | undefined): string | undefined {
  const [, name = '', port] = /^(.*?)(?::(\d{1,5}))?$/.exec(host.toLowerCase()) ?? []
  if (name !== 'localhost' && name !== '[::1]' && !isLoopbackIPv4(name)) {
    return 'its header "host" is not localhost, 127.x.x.x or [::1]'
  }
  return port === undefined || localPort === undefined || Number(port) === localPort
    ? undefined
    : `its header "host" names the port ${port}, and it arrived at the port ${localPort}`
}

/** Browsers ask for a connection that is kept. Other clients may ask that it be closed; proxies do that too. */
function reasonInConnection({ connection, ...headers }: IncomingHttpHeaders): string | undefined {
  const value = connection?.toLowerCase()
  const isBrowser = isBrowserName(headers['user-agent'])
  if (value === 'keep-alive' || (!isBrowser && (value === undefined || value === 'close'))) return undefined
  return isBrowser
    ? 'it names a browser in "user-agent", and its header "connection" is not the one that browsers send'
    : 'its header "connection" is neither "keep-alive" nor "close"'
}

/** Whether a `User-Agent` is one of a browser. All browsers begin theirs with this word. */
export function isBrowserName(userAgent: string | undefined): boolean {
  return userAgent?.startsWith('Mozilla/') === true
}

function isLoopbackAddress(remoteAddress: string): boolean {
  return remoteAddress === '::1' || isLoopbackIPv4(ipv4PeerOf(remoteAddress) ?? '')
}
