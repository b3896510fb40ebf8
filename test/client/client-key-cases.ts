import type { TrustProxyOption } from '../../src/client/proxy-trust.ts'

/** The client key of a request, or that the option is rejected. */
export interface ClientKeyCase {
  /** The remote address of the socket; null for a socket that lost it before the request was read. */
  readonly peer: string | null
  /** X-Forwarded-For as Node joins it; null if the request has none. */
  readonly xForwardedFor: string | null
  readonly trustProxy: TrustProxyOption
  /** The client key, or `'config error'` if the limiter is not created. */
  readonly key: string
}

export interface ClientKeyGroup {
  /** What all cases of the group have in common, as a sentence. */
  readonly rule: string
  readonly cases: readonly ClientKeyCase[]
}

export const CONFIG_ERROR = 'config error'

const PROXY = '10.0.0.1'
const CLIENT = '198.51.100.1'

/** The address that a client writes into its own header to appear as another client. */
const FORGED = '6.6.6.6'

/** A request through one proxy, whose network is trusted. */
function behindProxy(xForwardedFor: string, key: string): ClientKeyCase {
  return { peer: PROXY, xForwardedFor, trustProxy: '10.0.0.0/8', key }
}

/** A value of the option that is rejected when the limiter is created. */
function rejected(trustProxy: TrustProxyOption, xForwardedFor: string = CLIENT): ClientKeyCase {
  return { peer: PROXY, xForwardedFor, trustProxy, key: CONFIG_ERROR }
}

export const CLIENT_KEY_GROUPS: readonly ClientKeyGroup[] = [
  {
    // Any client can write the header.
    rule: 'without a trusted proxy the key is the address of the socket',
    cases: [
      { peer: '203.0.113.7', xForwardedFor: FORGED, trustProxy: false, key: '203.0.113.7' },
      { peer: '2001:db8:1:2:3:4:5:6', xForwardedFor: null, trustProxy: false, key: '2001:db8:1::/56' },
      // Upper case and zeros that are written out are the same network.
      { peer: '2001:DB8:1:2:0:0:0:9', xForwardedFor: null, trustProxy: false, key: '2001:db8:1::/56' },
      // A client behind a NAT64 gateway has the key of its IPv4 address.
      { peer: '64:ff9b::cb00:7107', xForwardedFor: null, trustProxy: false, key: '203.0.113.7' },
      { peer: PROXY, xForwardedFor: CLIENT, trustProxy: [], key: PROXY },
    ],
  },
  {
    // It must not be treated as a Unix socket, whose peer is on this machine.
    rule: 'a client whose socket has no address has the key unknown',
    cases: [{ peer: null, xForwardedFor: FORGED, trustProxy: 'loopback', key: 'unknown' }],
  },
  {
    // Each hop is one entry, counted from the right. A short header has fewer.
    rule: 'a number trusts that many hops',
    cases: [
      { peer: PROXY, xForwardedFor: `${FORGED}, ${CLIENT}`, trustProxy: 1, key: CLIENT },
      { peer: PROXY, xForwardedFor: CLIENT, trustProxy: 1, key: CLIENT },
      { peer: PROXY, xForwardedFor: CLIENT, trustProxy: 2, key: CLIENT },
      { peer: PROXY, xForwardedFor: null, trustProxy: 2, key: PROXY },
    ],
  },
  {
    // Without an error, each of them would silently trust no address or every address.
    rule: 'a wrong trustProxy is rejected',
    cases: [
      rejected(-1),
      rejected(Number.NaN),
      rejected(Number.POSITIVE_INFINITY, `${FORGED}, ${CLIENT}`),
      rejected('1'),
      rejected(''),
      rejected('0.0.0.0/0'),
      rejected('10.0.0.0/33'),
      rejected('Loopback'),
      // The first 8 bits of an IPv4-mapped address are zeros: the range is all of ::/8, and not IPv4.
      rejected('::ffff:10.0.0.0/8'),
    ],
  },
  {
    // The names and ranges have the same meaning as in Express.
    rule: 'names and ranges trust the addresses in them',
    cases: [
      // ::1/64 does not contain ::ffff:203.0.113.7: the families are never mixed.
      { peer: '203.0.113.7', xForwardedFor: FORGED, trustProxy: '::1/64', key: '203.0.113.7' },
      { peer: PROXY, xForwardedFor: CLIENT, trustProxy: '::ffff:10.0.0.0/104', key: CLIENT },
      { peer: '::1', xForwardedFor: CLIENT, trustProxy: 'loopback', key: CLIENT },
      { peer: '127.9.9.9', xForwardedFor: CLIENT, trustProxy: 'loopback', key: CLIENT },
      { peer: PROXY, xForwardedFor: CLIENT, trustProxy: 'loopback', key: PROXY },
      // The first address after 172.16.0.0/12.
      { peer: '172.32.0.1', xForwardedFor: FORGED, trustProxy: 'uniquelocal', key: '172.32.0.1' },
      // No name of Express contains the shared address space of carriers.
      { peer: '100.64.0.1', xForwardedFor: FORGED, trustProxy: 'uniquelocal', key: '100.64.0.1' },
      { peer: 'fe80::1%eth0', xForwardedFor: CLIENT, trustProxy: 'linklocal', key: CLIENT },
      // Site-local addresses, next to the link-local ones, were abolished by RFC 3879.
      { peer: 'fec0::1', xForwardedFor: FORGED, trustProxy: 'linklocal', key: 'fec0::/56' },
      // The header ends inside the trusted network: the last reported hop is the client.
      { peer: PROXY, xForwardedFor: '10.9.9.9', trustProxy: 'uniquelocal', key: '10.9.9.9' },
      // The form in which a server that listens on `::` sees an IPv4 peer.
      { peer: '::ffff:10.0.0.1', xForwardedFor: CLIENT, trustProxy: '10.0.0.0/8', key: CLIENT },
      { peer: '2001:db8::5', xForwardedFor: CLIENT, trustProxy: '2001:db8::/32', key: CLIENT },
    ],
  },
  {
    // Proxies write addresses in several forms. A client must have the same key in all of them.
    rule: 'every form of an address has the same key',
    cases: [
      behindProxy('198.51.100.1:4711', CLIENT),
      behindProxy('[2001:db8::1]:443', '2001:db8::/56'),
      behindProxy('[2001:db8::1]', '2001:db8::/56'),
      behindProxy('::ffff:198.51.100.1', CLIENT),
      behindProxy('::ffff:c633:6401', CLIENT),
      behindProxy('198.51.100.1,\t10.0.0.2', CLIENT),
      behindProxy('198.51.100.1\t', CLIENT),
    ],
  },
  {
    // Otherwise a client could get a new key with every word that it invents.
    rule: 'an entry that is not an address charges the proxy that reported it',
    cases: [
      behindProxy('_hidden', PROXY),
      behindProxy('rnd-8f3a', PROXY),
      behindProxy('', PROXY),
      behindProxy(', ,', PROXY),
      // 10.0.0.2 as an integer: other parsers accept it, and would read on to the forged entry.
      behindProxy('6.6.6.6, 167772162', PROXY),
      behindProxy('198.51.100.256', PROXY),
      // Quotes and parameter names belong in the Forwarded header.
      behindProxy('"198.51.100.1"', PROXY),
      behindProxy('for=198.51.100.1', PROXY),
    ],
  },
  {
    // IPv4-compatible addresses (RFC 4291, 2.5.5.1) look like mapped ones, but are IPv6: not in 10.0.0.0/8.
    rule: 'an IPv6 address that looks like IPv4 is not trusted as IPv4',
    cases: [behindProxy('6.6.6.6, ::10.0.0.2', '::/56')],
  },
  {
    // 70 trusted entries: only 64 of them are read.
    rule: 'at most 64 hops are read',
    cases: [behindProxy(`6.6.6.6, ${Array(70).fill('10.0.0.2').join(', ')}`, '10.0.0.2')],
  },
  {
    // In Express, true trusts every address. Here a peer with a public address is a client.
    rule: 'true trusts private networks',
    cases: [
      { peer: '203.0.113.7', xForwardedFor: FORGED, trustProxy: true, key: '203.0.113.7' },
      { peer: PROXY, xForwardedFor: `${FORGED}, ${CLIENT}`, trustProxy: true, key: CLIENT },
      {
        peer: '127.0.0.1',
        xForwardedFor: `${CLIENT}, 192.168.4.4, 10.2.3.4`,
        trustProxy: true,
        key: CLIENT,
      },
      {
        peer: 'fd00::9',
        xForwardedFor: '2001:db8:aa:bbcc::1',
        trustProxy: true,
        key: '2001:db8:aa:bb00::/56',
      },
    ],
  },
]
