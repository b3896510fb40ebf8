import { describe, expect, it } from 'vitest'
import { type AccessRequest, reasonToDeny, reasonToDenyFigures } from '../../../src/tools/dashboard/access.ts'

const CHROME =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'

/** A request of a browser on this machine, but for `change`. */
function reasonFor(
  change: Partial<Omit<AccessRequest, 'headers'>> & { readonly headers?: AccessRequest['headers'] } = {},
  nodeEnv = '',
): string | undefined {
  const { headers, ...rest } = change
  const request: AccessRequest = {
    httpVersion: '1.1',
    socket: { remoteAddress: '127.0.0.1', localPort: 3000 },
    ...rest,
    headers: { host: 'localhost:3000', connection: 'keep-alive', 'user-agent': CHROME, ...headers },
  }
  return reasonToDeny(request, nodeEnv)
}

/** The headers by which proxies, gateways, tunnels and networks of delivery mark a request. */
const PROXY_HEADERS = [
  ['every proxy', 'via', 'forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'],
  ['every proxy', 'x-forwarded-port', 'x-forwarded-server', 'x-forwarded-prefix', 'x-forwarded'],
  ['nginx by custom', 'x-real-ip', 'x-scheme', 'x-original-uri', 'x-nginx-proxy', 'x-request-id'],
  ['authenticating proxies', 'x-remote-user', 'x-auth-request-user', 'x-forwarded-user', 'remote-user'],
  ['TLS terminators', 'x-ssl-client-cert', 'ssl-client-verify', 'front-end-https', 'x-client-cert'],
  ['IIS', 'x-arr-ssl', 'x-arr-log-id', 'x-original-url', 'x-iisnode-remote_addr'],
  ['Envoy', 'x-envoy-external-address', 'x-envoy-expected-rq-timeout-ms', 'x-envoy-internal'],
  ['Varnish, Squid', 'x-varnish', 'surrogate-capability', 'x-proxy-id', 'x-cluster-client-ip'],
  ['Cloudflare', 'cf-connecting-ip', 'cf-ray', 'cf-visitor', 'true-client-ip', 'cdn-loop', 'cf-warp-tag-id'],
  ['Fastly, Akamai', 'fastly-client-ip', 'fastly-ff', 'akamai-origin-hop', 'x-akamai-edgescape'],
  ['Amazon', 'x-amzn-trace-id', 'x-amz-cf-id', 'cloudfront-viewer-address', 'x-amzn-requestid'],
  ['Google', 'x-cloud-trace-context', 'traceparent', 'x-appengine-user-ip', 'x-goog-iap-jwt-assertion'],
  ['Azure', 'x-azure-clientip', 'x-azure-ref', 'x-fd-healthprobe', 'x-client-ip', 'client-ip'],
  ['Fly, Heroku, Vercel', 'fly-client-ip', 'fly-region', 'x-request-start', 'x-vercel-forwarded-for'],
  ['tunnels', 'ngrok-trace-id', 'tailscale-user-login', 'x-tunnel-authorization', 'x-original-host'],
  [
    'tracing meshes',
    'x-b3-traceid',
    'tracestate',
    'x-datadog-trace-id',
    'x-correlation-id',
    'l5d-dst-canonical',
  ],
  ['others', 'proxy-connection', 'x-cdn', 'incap-client-ip', 'x-sucuri-clientip', 'wl-proxy-client-ip'],
  ['products of next year', 'x-a-header-that-nobody-knows-yet'],
].flatMap(([product = '', ...names]) => names.map((name) => [product, name] as const))

describe('the default access rule (threat 40)', () => {
  it.each(['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1'])('allows %s', (remoteAddress) => {
    expect(reasonFor({ socket: { remoteAddress, localPort: 3000 } })).toBeUndefined()
  })

  it.each(['203.0.113.7', '::ffff:10.0.0.1', '::', '64:ff9b::7f00:1', '127.0.0.1.example', ''])(
    'refuses %s',
    (remoteAddress) => {
      expect(reasonFor({ socket: { remoteAddress } })).toBe('its sender has no loopback address')
    },
  )

  it('refuses a peer without an address: a Unix socket, an adapter for functions, a lost connection', () => {
    expect(reasonFor({ socket: {} })).toBe('its sender has no loopback address')
  })

  it.each(['localhost', 'LOCALHOST:3000', '127.0.0.1', '127.1.2.3:3000', '[::1]', '[::1]:3000'])(
    'allows the host %s',
    (host) => {
      expect(reasonFor({ headers: { host } })).toBeUndefined()
    },
  )

  it.each([
    undefined,
    '',
    ':3000',
    'example.com',
    'localhost.example.com',
    '127.0.0.1.example.com',
    '[::2]',
    '10.0.0.1',
    'localhost:3000:3000',
    'localhost, example.com',
  ])('refuses the host %s, because a foreign site can make it resolve to this machine', (host) => {
    expect(reasonFor({ headers: { host } })).toBe('its header "host" is not localhost, 127.x.x.x or [::1]')
  })

  it('refuses a host with the port of something that forwards to this server', () => {
    expect(reasonFor({ headers: { host: 'localhost:5173' } })).toBe(
      'its header "host" names the port 5173, and it arrived at the port 3000',
    )
    expect(
      reasonFor({ headers: { host: 'localhost:5173' }, socket: { remoteAddress: '::1' } }),
    ).toBeUndefined()
  })

  it.each(['production', 'Production', ' production ', 'prod', 'staging', 'stage', 'live'])(
    'refuses everybody where NODE_ENV is "%s"',
    (nodeEnv) => {
      expect(reasonFor({}, nodeEnv)).toBe(`NODE_ENV is "${nodeEnv.trim().toLowerCase()}"`)
    },
  )

  it.each(['', 'development', 'dev', 'local', 'test'])('allows NODE_ENV "%s"', (nodeEnv) => {
    expect(reasonFor({}, nodeEnv)).toBeUndefined()
  })

  it.each(['1.0', '0.9', '2.0'])(
    'refuses HTTP/%s, which nginx and others speak to servers',
    (httpVersion) => {
      expect(reasonFor({ httpVersion })).toBe(
        `it was sent as HTTP/${httpVersion}, which a proxy may have done`,
      )
    },
  )

  it.each(PROXY_HEADERS)('refuses a request to which a proxy (%s) has added %s', (_product, name) => {
    for (const value of ['127.0.0.1', '']) {
      expect(reasonFor({ headers: { [name]: value } })).toBe(`a proxy may have added its header "${name}"`)
    }
  })

  it.each([
    [
      'Chromium',
      {
        'sec-ch-ua': '"Chromium";v="140"',
        'sec-ch-ua-mobile': '?0',
        'upgrade-insecure-requests': '1',
        accept: 'text/html',
        'sec-fetch-site': 'none',
        'accept-encoding': 'gzip',
        'accept-language': 'en',
        cookie: 'a=b',
        purpose: 'prefetch',
        'if-none-match': '"1"',
        'cache-control': 'max-age=0',
      },
    ],
    ['Firefox', { dnt: '1', 'sec-gpc': '1', priority: 'u=0, i', pragma: 'no-cache', te: 'trailers' }],
    ['Safari', { connection: 'Keep-Alive', referer: 'http://localhost:3000/' }],
    ['curl', { 'user-agent': 'curl/8.16.0', accept: '*/*', connection: undefined }],
    ['supertest', { 'user-agent': undefined, 'accept-encoding': 'gzip, deflate', connection: 'close' }],
  ])('allows the headers of %s', (_client, headers) => {
    expect(reasonFor({ headers })).toBeUndefined()
  })

  it.each([
    ['nginx with proxy_http_version 1.1', 'close'],
    ['nginx since 1.29.7, and HAProxy', undefined],
    ['nginx that is set up for WebSockets', 'upgrade'],
  ])('refuses a browser that comes through %s', (_proxy, connection) => {
    expect(reasonFor({ headers: { connection } })).toBe(
      'it names a browser in "user-agent", and its header "connection" is not the one that browsers send',
    )
  })

  it('refuses any client that comes through nginx that is set up for WebSockets', () => {
    expect(reasonFor({ headers: { connection: 'upgrade', 'user-agent': 'curl/8.16.0' } })).toBe(
      'its header "connection" is neither "keep-alive" nor "close"',
    )
  })
})

describe('the default access rule for figures (threat 40)', () => {
  const request: AccessRequest = { httpVersion: '1.1', socket: {}, headers: { host: 'localhost' } }

  it('refuses a request without Connection, as nginx since 1.29.7 and HAProxy send it for any client', () => {
    expect(reasonToDenyFigures(request)).toMatch(/^it has no header "connection"/)
    for (const connection of ['keep-alive', 'close']) {
      expect(reasonToDenyFigures({ ...request, headers: { connection } })).toBeUndefined()
    }
  })
})
