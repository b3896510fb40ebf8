/** The header by which the page's own script marks its requests. A page of another site cannot send it unasked. */
export const PAGE_HEADER = 'x-tollgate-page'

/**
 * The headers that browsers, and programs that a developer uses, send themselves. There are more headers of proxies
 * than a list can hold (Via, Forwarded, X-Forwarded-*, X-Real-IP, CF-*, True-Client-IP, Fly-*, X-Envoy-*, X-Amzn-*,
 * X-Request-Id, CDN-Loop, traceparent, ...) and every product adds its own, so each header that is not in this list
 * counts as one of a proxy.
 */
const CLIENT_HEADERS = new Set([
  'accept',
  'accept-charset',
  'accept-encoding',
  'accept-language',
  'access-control-request-headers',
  'access-control-request-method',
  'alt-used',
  'authorization',
  'cache-control',
  'connection',
  'content-length',
  'content-type',
  'cookie',
  'device-memory',
  'dnt',
  'downlink',
  'dpr',
  'ect',
  'expect',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'keep-alive',
  'last-event-id',
  'origin',
  PAGE_HEADER,
  'postman-token',
  'pragma',
  'priority',
  'purpose',
  'range',
  'referer',
  'rtt',
  'save-data',
  'service-worker',
  'service-worker-navigation-preload',
  'te',
  'transfer-encoding',
  'upgrade',
  'upgrade-insecure-requests',
  'user-agent',
  'viewport-width',
  'width',
  'x-api-key',
  'x-csrf-token',
  'x-moz',
  'x-purpose',
  'x-requested-with',
  'x-xsrf-token',
])

/**
 * Whether clients send a header of this name themselves. Names with `sec-` belong to browsers.
 *
 * @param name in lower case
 */
export function isSentByClients(name: string): boolean {
  return CLIENT_HEADERS.has(name) || name.startsWith('sec-')
}
