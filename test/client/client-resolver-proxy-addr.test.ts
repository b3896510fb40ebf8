import type { IncomingMessage } from 'node:http'
import fc from 'fast-check'
import proxyAddr from 'proxy-addr'
import { describe, expect, it } from 'vitest'
import { addressText, parseAddress } from '../../src/client/address.ts'
import { anyIPv4, anySpelling, globalIPv6 } from './any-address.ts'
import { resolvedClient } from './resolved-client.ts'

/*
 * Express finds clients with proxy-addr. For the requests of these tests, this library must find the same
 * client. It differs on purpose in the following cases, which other tests cover:
 * - An entry that is not an address (blank, hidden, with a port, in brackets) becomes the client in
 *   proxy-addr, so that a client can invent keys. Here the client is then the proxy that reported the entry.
 * - Tabs around an entry belong to the entry in proxy-addr; in HTTP they are blanks.
 * - `trust proxy: true` trusts every address in Express, and private networks here.
 * - A number of hops counts from any peer in Express, and from peers in private networks here.
 * - proxy-addr reads `::10.0.0.1` as IPv4, which is IPv6 here.
 * - A client with a NAT64 or 6to4 address has the key of the IPv4 address in it here.
 * - proxy-addr takes an empty element for a client. Here it is ignored, or ends the header.
 * - proxy-addr uses an older ipaddr.js, which cannot parse an IPv4 tail after `::` and other groups, as in
 *   `2001:db8::203.0.113.7`.
 * - After 64 hops, no further hop is read here.
 */

const asDotted = (bytes: readonly number[]): string => bytes.join('.')

/** Addresses near the ranges of proxies, so that about half of them are trusted. */
const privateIPv4 = fc
  .tuple(
    fc.constantFrom(
      '127.0.0',
      '10.0.0',
      '10.1.2',
      '172.16.0',
      '172.31.255',
      '172.32.0',
      '192.168.0',
      '169.254.1',
      '100.64.0',
    ),
    fc.integer({ min: 0, max: 3 }),
  )
  .map(([network, host]) => `${network}.${host}`)

const someIPv4 = fc.oneof(
  { weight: 3, arbitrary: privateIPv4 },
  { weight: 1, arbitrary: anyIPv4.map(asDotted) },
)

const mapped = someIPv4.chain((text) => {
  const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number)
  return anySpelling([0, 0, 0, 0, 0, 0xffff, a * 256 + b, c * 256 + d])
})

const someIPv6 = fc
  .oneof(
    fc.constantFrom(
      '::1',
      'fe80::1',
      'fe80::1%eth0',
      'fec0::1',
      'fc00::1',
      'fd00:1::1',
      '2001:db8::1',
      '2001:db8:1::1',
    ),
    globalIPv6.chain(anySpelling),
  )
  .filter((text) => !text.includes('.'))

const address = fc.oneof(
  { weight: 5, arbitrary: someIPv4 },
  { weight: 1, arbitrary: mapped },
  { weight: 2, arbitrary: someIPv6 },
)

const header = fc
  .array(fc.tuple(address, fc.constantFrom(',', ', ', ' , ', ',   ')), { minLength: 1, maxLength: 12 })
  .map((entries) => entries.map(([text, comma], index) => (index === 0 ? text : comma + text)).join(''))

const range = fc.oneof(
  fc.constantFrom('loopback', 'linklocal', 'uniquelocal'),
  someIPv4,
  fc.tuple(someIPv4, fc.integer({ min: 1, max: 32 })).map(([text, bits]) => `${text}/${bits}`),
  fc.tuple(someIPv4, fc.integer({ min: 97, max: 128 })).map(([text, bits]) => `::ffff:${text}/${bits}`),
  fc.tuple(someIPv6, fc.integer({ min: 1, max: 128 })).map(([text, bits]) => `${text.split('%')[0]}/${bits}`),
)

/** The client that proxy-addr finds, in canonical text. */
function expressClient(
  peer: string,
  xForwardedFor: string,
  trust: (address: string, hop: number) => boolean,
): string {
  const req = { socket: { remoteAddress: peer }, headers: { 'x-forwarded-for': xForwardedFor } }
  const found = parseAddress(proxyAddr(req as unknown as IncomingMessage, trust))
  if (found === undefined) throw new Error('proxy-addr returned a text that is not an address')
  return addressText(found)
}

describe('this library and proxy-addr agree', () => {
  it('on lists of addresses, ranges and names', () => {
    fc.assert(
      fc.property(address, header, fc.array(range, { maxLength: 5 }), (peer, xForwardedFor, trustProxy) => {
        const headers = { 'x-forwarded-for': xForwardedFor }
        const expected = expressClient(peer, xForwardedFor, proxyAddr.compile(trustProxy))
        expect(resolvedClient({ peer, headers, trustProxy })).toBe(expected)
      }),
      { numRuns: 2000 },
    )
  })

  it('on numbers of hops from a private network', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('127.0.0.1', '10.0.0.1', '::ffff:192.168.0.1', '::1', 'fd00::1'),
        header,
        fc.nat(14),
        (peer, xForwardedFor, hops) => {
          const headers = { 'x-forwarded-for': xForwardedFor }
          // Express compiles a number to this function.
          const expected = expressClient(peer, xForwardedFor, (_address, hop) => hop < hops)
          expect(resolvedClient({ peer, headers, trustProxy: hops })).toBe(expected)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('on trust functions', () => {
    fc.assert(
      fc.property(
        address,
        header,
        fc.array(fc.boolean(), { maxLength: 14 }),
        (peer, xForwardedFor, answers) => {
          const trustProxy = (_address: string, hop: number): boolean => answers[hop] ?? false
          const headers = { 'x-forwarded-for': xForwardedFor }
          expect(resolvedClient({ peer, headers, trustProxy })).toBe(
            expressClient(peer, xForwardedFor, trustProxy),
          )
        },
      ),
      { numRuns: 500 },
    )
  })

  it('on wrong options that both reject', () => {
    for (const trustProxy of ['10.0.0.0/33', '::1/129', 'Loopback', '', '10.0.0.0/0', 'nonsense']) {
      expect(() => proxyAddr.compile([trustProxy]), trustProxy).toThrow()
      expect(() => resolvedClient({ peer: '10.0.0.1', trustProxy }), trustProxy).toThrow()
    }
  })
})
