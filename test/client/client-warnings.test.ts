import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createClientResolver, type ResolvableRequest } from '../../src/client/client-resolver.ts'
import { clientWarnings } from '../../src/client/client-warnings.ts'
import { compileTrust, type TrustProxyOption, trustsAdapter } from '../../src/client/proxy-trust.ts'
import { type EmittedWarning, emittedBy } from '../support/emitted-warnings.ts'
import { socketWithoutAddress } from './resolved-client.ts'

/** The warnings of a limiter that finds the client of each of the requests, twice. */
function warningsFor(
  trustProxy: TrustProxyOption,
  requests: readonly (ResolvableRequest & { readonly httpVersion?: string })[],
  header = 'x-forwarded-for',
): Promise<EmittedWarning[]> {
  const trust = compileTrust(trustProxy)
  const resolve = createClientResolver<ResolvableRequest>({
    header,
    ipv6Subnet: 56,
    trustFor: () => trust,
    trustsAdapter: trustsAdapter(trustProxy),
    warnings: clientWarnings('api', header),
  })
  return emittedBy(() => {
    for (const req of [...requests, ...requests]) resolve(req)
  })
}

const from = (remoteAddress: string, headers: Record<string, string> = {}): ResolvableRequest => ({
  headers,
  socket: Object.defineProperty(new Socket(), 'remoteAddress', { value: remoteAddress }),
})

describe('a header whose sender is not trusted', () => {
  it.each([
    [
      '10.0.0.5',
      'a private address that trustProxy does not trust. If it is your proxy, set trustProxy: 1 (or the number of proxies).',
    ],
    [
      '192.0.2.1',
      'a public address that trustProxy does not trust. If it is your proxy, set trustProxy to its address or CIDR.',
    ],
  ])('causes one warning, with a remedy for %s and without that address', async (address, remedy) => {
    const warnings = await warningsFor(false, [from(address, { 'x-forwarded-for': '198.51.100.1' })])
    expect(warnings).toEqual([
      {
        code: 'TOLLGATE_UNTRUSTED_FORWARDED_HEADER',
        message: `The limiter 'api' ignored x-forwarded-for from ${remedy}`,
      },
    ])
    expect(warnings[0]?.message).not.toContain(address)
  })

  it('causes none if an adapter has given the address of the client in it to the request', async () => {
    const direct = {
      headers: { 'x-forwarded-for': '198.51.100.1' },
      socket: { remoteAddress: '198.51.100.1' },
    }
    const atEdge = { ...direct, headers: { 'x-forwarded-for': '198.51.100.1, 192.0.2.9' } }
    expect(await warningsFor('adapter', [direct, atEdge])).toEqual([])
    const behindFront = { ...direct, headers: { 'x-forwarded-for': '192.0.2.9, 198.51.100.1' } }
    expect(await warningsFor('adapter', [behindFront])).toHaveLength(1)
  })
})

describe('a trusted proxy that names nobody', () => {
  it.each([
    ['unknown', 'its last element is not an address'],
    ['6.6.6.6, ', 'its last element is empty'],
    ['6.6.6.6,', 'its last element is empty'],
  ])('causes one warning with the header %j', async (value, what) => {
    expect(await warningsFor('10.0.0.1', [from('10.0.0.1', { 'x-forwarded-for': value })])).toEqual([
      {
        code: 'TOLLGATE_CLIENT_NOT_NAMED',
        message: `The limiter 'api' found no client in x-forwarded-for from a proxy that trustProxy trusts: ${what}. All such requests share one quota. Let the proxy send the address of its client, or set clientIpHeader to the header in which it does.`,
      },
    ])
  })

  it.each(['10.0.0.1', '2001:db8::1'])(
    'causes none if the header names the proxy itself: %s',
    async (peer) => {
      const named = from(peer, { 'x-forwarded-for': peer })
      expect(await warningsFor(peer, [named, named])).toEqual([])
    },
  )

  it('causes one warning without the header', async () => {
    expect(await warningsFor(1, [from('10.0.0.1')])).toEqual([
      {
        code: 'TOLLGATE_CLIENT_NOT_NAMED',
        message:
          "The limiter 'api' got a request without x-forwarded-for from a proxy that trustProxy trusts. All such requests share one quota. If it was no health check, let the proxy send x-forwarded-for, or set clientIpHeader to the header that it sends.",
      },
    ])
  })

  it('causes none after a request with the header, as a health check does', async () => {
    const proxied = from('10.0.0.1', { 'x-forwarded-for': '198.51.100.1' })
    expect(await warningsFor(1, [proxied, from('10.0.0.1')])).toEqual([])
  })

  it('causes none if the request is one of a program on this machine, and not of nginx', async () => {
    const direct = { ...from('127.0.0.1'), httpVersion: '1.1' }
    expect(await warningsFor('loopback', [direct])).toEqual([])
    expect(await warningsFor('loopback', [{ ...direct, httpVersion: '1.0' }])).toHaveLength(1)
    expect(await warningsFor('loopback', [{ ...direct, headers: { via: '1.1 proxy' } }])).toHaveLength(1)
  })

  it('causes none if the peer is not trusted', async () => {
    expect(await warningsFor(1, [from('203.0.113.7')])).toEqual([])
  })
})

describe('another header than the one that is read', () => {
  const trust = 'set trustProxy: 1 (or the number of proxies)'
  it.each([
    ['forwarded', 'for=198.51.100.1'],
    ['x-real-ip', '198.51.100.1'],
    ['cf-connecting-ip', '198.51.100.1'],
    ['cloudfront-viewer-address', '198.51.100.1:443'],
  ])('causes one warning: %s', async (name, value) => {
    const request = from('10.0.0.1', { [name]: value })
    const message = `The limiter 'api' reads x-forwarded-for, and a request has ${name} instead, so that it is charged to its sender. If your proxy sends ${name}, set clientIpHeader: '${name}'`
    const code = 'TOLLGATE_CLIENT_NOT_NAMED'
    expect((await warningsFor(false, [request]))[0]).toEqual({ code, message: `${message}, and ${trust}.` })
    expect((await warningsFor(1, [request]))[0]).toEqual({ code, message: `${message}.` })
  })

  it('causes no second warning that the header is missing', async () => {
    const request = from('10.0.0.1', { forwarded: 'for=198.51.100.1' })
    expect(await warningsFor(1, [request, request])).toHaveLength(1)
  })

  it('causes one warning if it is X-Forwarded-For', async () => {
    const request = from('10.0.0.1', { 'x-forwarded-for': '198.51.100.1' })
    const [first] = await warningsFor(1, [request], 'forwarded')
    expect(first?.message).toContain("set clientIpHeader: 'x-forwarded-for'")
  })
})

describe('threat 31: a peer without an address', () => {
  it('causes one warning that names the adapter', async () => {
    for (const socket of [{}, { remoteAddress: '' }, { remoteAddress: null }, null, undefined]) {
      expect(await warningsFor(true, [{ headers: {}, socket }])).toEqual([
        {
          code: 'TOLLGATE_UNKNOWN_PEER',
          message:
            "The limiter 'api' got a request without a socket that has an address, so all such clients share one quota. Behind an adapter for functions-as-a-service (serverless-http, @codegenie/serverless-express), set trustProxy: 'adapter'.",
        },
      ])
    }
  })

  it('causes one warning that names the closed connection if it is a real socket', async () => {
    const warnings = await warningsFor('adapter', [{ headers: {}, socket: socketWithoutAddress() }])
    expect(warnings).toHaveLength(1)
    expect(warnings[0]?.code).toBe('TOLLGATE_UNKNOWN_PEER')
    expect(warnings[0]?.message).toContain('because the client closed it before the request was read')
  })

  it('causes none on a Unix socket', async () => {
    expect(await warningsFor(false, [{ headers: {}, socket: socketWithoutAddress('/run/a') }])).toEqual([])
  })

  it('causes a warning with adapter if the header is missing or unreadable', async () => {
    for (const headers of [{}, { 'x-forwarded-for': 'unknown' }]) {
      const [first, ...others] = await warningsFor('adapter', [{ headers, socket: {} }])
      expect(first?.code).toBe('TOLLGATE_CLIENT_NOT_NAMED')
      expect(others).toEqual([])
    }
  })
})
