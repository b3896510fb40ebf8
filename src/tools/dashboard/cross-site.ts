import type { IncomingHttpHeaders } from 'node:http'
import { isBrowserName } from './access.ts'
import { PAGE_HEADER } from './client-headers.ts'

/**
 * Whether a page of another origin may have made a browser send the request. Such a page cannot read the answer, but
 * it could open all streams.
 *
 * Browsers say in `Sec-Fetch-Site` where a request comes from, and no page can change that header (Fetch Metadata).
 * They leave it out where the connection is not encrypted and the server is not this machine, and old ones never send
 * it. Then the header of the page's own script is required: a page of another origin needs the consent of the
 * server to send it (a preflight), which is not given.
 */
export function mayBeCrossSite(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site']
  // "none": the user has typed the address.
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  const { origin, referer, host = '' } = headers
  if ([origin, referer].some((url) => url !== undefined && !isAtHost(url, host.toLowerCase()))) return true
  return isBrowserName(headers['user-agent']) && headers[PAGE_HEADER] === undefined
}

/** Whether a URL has the host and port of a Host header. */
function isAtHost(url: string, host: string): boolean {
  if (!URL.canParse(url)) return false
  const parsed = new URL(url)
  const defaultPort = parsed.protocol === 'https:' ? '443' : '80'
  return parsed.host === host || (parsed.port === '' && `${parsed.hostname}:${defaultPort}` === host)
}
