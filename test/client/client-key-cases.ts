import type { TrustProxyOption } from '../../src/client/trusted-proxies.ts'

/** Who is charged for a request, or that the option is a mistake. */
export interface ClientKeyCase {
  /** The socket's remote address; null for a socket that was destroyed before anybody asked. */
  readonly peer: string | null
  /** X-Forwarded-For as Node joins it; null where the request has none. */
  readonly xForwardedFor: string | null
  readonly trustProxy: TrustProxyOption
  /** The client key, or `'config error'` where the limiter is not made at all. */
  readonly key: string
}

export interface ClientKeyGroup {
  /** What all cases of the group have in common, as the end of a sentence. */
  readonly why: string
  readonly cases: readonly ClientKeyCase[]
}

export const CONFIG_ERROR = 'config error'

const PROXY = '10.0.0.1'
const CLIENT = '198.51.100.1'

/** What a client writes into its own header to be taken for somebody else. */
const FORGED = '6.6.6.6'

/** A proxy of its own in front of the app, with the proxies' network trusted. */
function behindProxy(xForwardedFor: string, key: string): ClientKeyCase {
  return { peer: PROXY, xForwardedFor, trustProxy: '10.0.0.0/8', key }
}

/** A value of the option that must not get as far as a request. */
function mistake(trustProxy: TrustProxyOption, xForwardedFor: string = CLIENT): ClientKeyCase {
  return { peer: PROXY, xForwardedFor, trustProxy, key: CONFIG_ERROR }
}

export const CLIENT_KEY_GROUPS: readonly ClientKeyGroup[] = [
  {
    // Without trust the header is what anybody can type.
    why: 'trusts nobody, so that the socket decides',
    cases: [
      { peer: '203.0.113.7', xForwardedFor: FORGED, trustProxy: false, key: '203.0.113.7' },
      { peer: '2001:db8:1:2:3:4:5:6', xForwardedFor: null, trustProxy: false, key: '2001:db8:1::/56' },
      // Upper case and written-out zeros are the same network.
      { peer: '2001:DB8:1:2:0:0:0:9', xForwardedFor: null, trustProxy: false, key: '2001:db8:1::/56' },
      // Behind a NAT64 gateway the client is still the IPv4 one that it is elsewhere.
      { peer: '64:ff9b::cb00:7107', xForwardedFor: null, trustProxy: false, key: '203.0.113.7' },
      { peer: PROXY, xForwardedFor: CLIENT, trustProxy: [], key: PROXY },
    ],
  },
  {
    // A destroyed socket has no address, and must not pass for a Unix socket, which is a local one.
    why: 'has no peer any more',
    cases: [{ peer: null, xForwardedFor: FORGED, trustProxy: 'loopback', key: 'unknown' }],
  },
  {
    // Each hop is worth one entry, counted from the right; a short header ends the walk early.
    why: 'counts hops',
    cases: [
      { peer: PROXY, xForwardedFor: `${FORGED}, ${CLIENT}`, trustProxy: 1, key: CLIENT },
      { peer: PROXY, xForwardedFor: CLIENT, trustProxy: 1, key: CLIENT },
      { peer: PROXY, xForwardedFor: CLIENT, trustProxy: 2, key: CLIENT },
      { peer: PROXY, xForwardedFor: null, trustProxy: 2, key: PROXY },
    ],
  },
  {
    // Each would trust nobody or everybody without a word.
    why: 'is a mistake in the option',
    cases: [
      mistake(-1),
      mistake(Number.NaN),
      mistake(Number.POSITIVE_INFINITY, `${FORGED}, ${CLIENT}`),
      mistake('1'),
      mistake(''),
      mistake('0.0.0.0/0'),
      mistake('10.0.0.0/33'),
      mistake('Loopback'),
      // The first 8 bits of an IPv4-mapped address are zeros: all of ::/8, and no IPv4 at all.
      mistake('::ffff:10.0.0.0/8'),
    ],
  },
  {
    // The names and ranges mean what they mean to Express.
    why: 'names ranges of addresses',
    cases: [
      // ::1/64 holds ::ffff:203.0.113.7 in no sense: families are never mixed.
      { peer: '203.0.113.7', xForwardedFor: FORGED, trustProxy: '::1/64', key: '203.0.113.7' },
      { peer: PROXY, xForwardedFor: CLIENT, trustProxy: '::ffff:10.0.0.0/104', key: CLIENT },
      { peer: '::1', xForwardedFor: CLIENT, trustProxy: 'loopback', key: CLIENT },
      { peer: '127.9.9.9', xForwardedFor: CLIENT, trustProxy: 'loopback', key: CLIENT },
      { peer: PROXY, xForwardedFor: CLIENT, trustProxy: 'loopback', key: PROXY },
      // The first address behind 172.16.0.0/12.
      { peer: '172.32.0.1', xForwardedFor: FORGED, trustProxy: 'uniquelocal', key: '172.32.0.1' },
      // Carriers' shared space belongs to no name of Express's.
      { peer: '100.64.0.1', xForwardedFor: FORGED, trustProxy: 'uniquelocal', key: '100.64.0.1' },
      { peer: 'fe80::1%eth0', xForwardedFor: CLIENT, trustProxy: 'linklocal', key: CLIENT },
      // Site-local addresses, the neighbours of link-local ones, have been no more since RFC 3879.
      { peer: 'fec0::1', xForwardedFor: FORGED, trustProxy: 'linklocal', key: 'fec0::/56' },
      // The header ends within the trusted network: the last hop reported is all that is known.
      { peer: PROXY, xForwardedFor: '10.9.9.9', trustProxy: 'uniquelocal', key: '10.9.9.9' },
      // What a listener on `::` calls an IPv4 peer.
      { peer: '::ffff:10.0.0.1', xForwardedFor: CLIENT, trustProxy: '10.0.0.0/8', key: CLIENT },
      { peer: '2001:db8::5', xForwardedFor: CLIENT, trustProxy: '2001:db8::/32', key: CLIENT },
    ],
  },
  {
    // Proxies write addresses in several forms; one client must have one key in all of them.
    why: 'is told of an address in another form',
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
    // Otherwise a client could have a new key with every word it invents.
    why: 'is told of something that is no address, and charges whoever reported it',
    cases: [
      behindProxy('_hidden', PROXY),
      behindProxy('rnd-8f3a', PROXY),
      behindProxy('', PROXY),
      behindProxy(', ,', PROXY),
      // 10.0.0.2 as an integer: other parsers take it, and would go on to the forged entry.
      behindProxy('6.6.6.6, 167772162', PROXY),
      behindProxy('198.51.100.256', PROXY),
      // Quotes and names belong into the Forwarded header.
      behindProxy('"198.51.100.1"', PROXY),
      behindProxy('for=198.51.100.1', PROXY),
    ],
  },
  {
    // IPv4-compatible addresses (RFC 4291, 2.5.5.1) look mapped and are plain IPv6: not in 10.0.0.0/8.
    why: 'is told of an address that only looks like IPv4',
    cases: [behindProxy('6.6.6.6, ::10.0.0.2', '::/56')],
  },
  {
    // 70 trusted entries, of which 64 are read.
    why: 'has more hops than anybody has proxies',
    cases: [behindProxy(`6.6.6.6, ${Array(70).fill('10.0.0.2').join(', ')}`, '10.0.0.2')],
  },
  {
    // Not "everybody", as in Express: a peer on a public address is a client.
    why: 'trusts private networks with a plain true',
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
