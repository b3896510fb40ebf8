import type { IncomingMessage } from 'node:http'
import fc from 'fast-check'
import proxyAddr from 'proxy-addr'
import { describe, expect, it } from 'vitest'
import { addressText, parseAddress } from '../../src/client/address.ts'
import { anyIPv4, anySpelling, globalIPv6 } from './any-address.ts'
import { resolvedClient } from './resolved-client.ts'

/*
 * Express finds clients with proxy-addr, and here both must find the same one. They differ on purpose, and
 * these requests are left out here and have tests of their own:
 * - An entry that is no address (blank, hidden, with a port, in brackets) is an address to proxy-addr, and
 *   anything a client invents becomes a client. Here it ends the walk at the proxy that reported it.
 * - Tabs around an entry are part of it to proxy-addr; to HTTP they are blanks.
 * - `trust proxy: true` believes everybody in Express, and private networks here.
 * - A number of hops counts from any peer in Express, and from peers on private networks here.
 * - NAT64 addresses are IPv6 to proxy-addr, and `::10.0.0.1` is IPv4: it is the other way round here.
 * - An IPv4 tail right behind `::` and other groups, as in `2001:db8::203.0.113.7`, is beyond proxy-addr's
 *   parser, an older ipaddr.js.
 * - Beyond 64 hops nobody is asked here.
 */

const asDotted = (bytes: readonly number[]): string => bytes.join('.')

/** Proxies' and clients' addresses close to one another, so that trust is met and missed equally often. */
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

/** What proxy-addr answers, in the spelling that is used here. */
function expressClient(
  peer: string,
  xForwardedFor: string,
  trust: (address: string, hop: number) => boolean,
): string {
  const req = { socket: { remoteAddress: peer }, headers: { 'x-forwarded-for': xForwardedFor } }
  const found = parseAddress(proxyAddr(req as unknown as IncomingMessage, trust))
  if (found === undefined) throw new Error('proxy-addr took something for an address that is none')
  return addressText(found)
}

describe('proxy-addr agrees', () => {
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
          // How Express compiles a number.
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

  it('on mistakes in the option, where there are any to both', () => {
    for (const trustProxy of ['10.0.0.0/33', '::1/129', 'Loopback', '', '10.0.0.0/0', 'nonsense']) {
      expect(() => proxyAddr.compile([trustProxy]), trustProxy).toThrow()
      expect(() => resolvedClient({ peer: '10.0.0.1', trustProxy }), trustProxy).toThrow()
    }
  })
})
