import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAddress } from '../../src/client/address.ts'
import { canonicalClientKey, clientKey, clientKeyOf, UNKNOWN_CLIENT } from '../../src/client/client-key.ts'
import { anyIPv4, anySpelling, type Groups, globalIPv6 } from './any-address.ts'

const BITS = 128n
const GROUP_BITS = 16n

const toNumber = (groups: Groups): bigint =>
  groups.reduce((sum, value) => (sum << GROUP_BITS) | BigInt(value), 0n)

function toText(value: bigint): string {
  const groups = Array.from(
    { length: 8 },
    (_, index) => (value >> (BITS - GROUP_BITS * BigInt(index + 1))) & 0xffffn,
  )
  return groups.map((group) => group.toString(16)).join(':')
}

const anySubnet = fc.integer({ min: 32, max: 128 })

describe('the key of an IPv6 client', () => {
  it.each([
    [32, '2001:db8::/32'],
    [48, '2001:db8:aaaa::/48'],
    [52, '2001:db8:aaaa:b000::/52'],
    [56, '2001:db8:aaaa:bb00::/56'],
    [64, '2001:db8:aaaa:bbbb::/64'],
    [127, '2001:db8:aaaa:bbbb:cccc:dddd:eeee:fffe/127'],
    // With all bits it is the address itself, not a network.
    [128, '2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff'],
  ])('is its network of %i bits', (bits, key) => {
    expect(canonicalClientKey('2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff', bits)).toBe(key)
  })

  it('is the same for all addresses of a network', () => {
    fc.assert(
      fc.property(
        globalIPv6,
        anySubnet,
        fc.bigInt({ min: 0n, max: (1n << 96n) - 1n }),
        (groups, bits, noise) => {
          const hostMask = (1n << (BITS - BigInt(bits))) - 1n
          const neighbour = toNumber(groups) ^ (noise & hostMask)
          expect(canonicalClientKey(toText(neighbour), bits)).toBe(
            canonicalClientKey(toText(toNumber(groups)), bits),
          )
        },
      ),
    )
  })

  it('is different for the next network, and for a network that differs in any bit', () => {
    fc.assert(
      fc.property(globalIPv6, anySubnet, fc.nat(), (groups, bits, seed) => {
        const own = canonicalClientKey(toText(toNumber(groups)), bits)
        // Not one of the first three bits, so that the address stays in 2000::/3.
        const changedBit = 3 + (seed % (bits - 3))
        for (const bit of [bits - 1, changedBit]) {
          const other = toNumber(groups) ^ (1n << (BITS - 1n - BigInt(bit)))
          expect(canonicalClientKey(toText(other), bits)).not.toBe(own)
        }
      }),
    )
  })

  it('is the same for every spelling of an address', () => {
    const spelled = globalIPv6.chain((groups) => fc.tuple(anySpelling(groups), anySpelling(groups)))
    fc.assert(
      fc.property(spelled, anySubnet, ([one, other], bits) => {
        expect(canonicalClientKey(one, bits)).toBe(canonicalClientKey(other, bits))
      }),
    )
  })

  it('is the same for a thousand addresses of one /56', () => {
    const keys = Array.from({ length: 1000 }, (_, index) =>
      canonicalClientKey(`2001:db8:1:${(index % 256).toString(16)}::${index.toString(16)}`, 56),
    )
    expect(new Set(keys)).toEqual(new Set(['2001:db8:1::/56']))
  })
})

describe('the key of an IPv4 client', () => {
  it('is its address, for every size of IPv6 networks, and also if it is inside an IPv6 address', () => {
    fc.assert(
      fc.property(anyIPv4, anySubnet, (bytes, bits) => {
        const text = bytes.join('.')
        expect(canonicalClientKey(text, bits)).toBe(text)
        expect(canonicalClientKey(`::ffff:${text}`, bits)).toBe(text)
      }),
    )
  })
})

describe('the key of a NAT64 or 6to4 client', () => {
  it.each([
    ['64:ff9b::203.0.113.7'],
    ['0064:FF9B:0:0:0:0:CB00:7107'],
    ['2002:cb00:7107::1'],
    ['2002:CB00:7107:ffff::2'],
    ['64:ff9b::203.0.113.7/128'],
    ['2002:cb00:7107::/48'],
  ])('is the IPv4 address in it: %s', (text) => {
    for (const bits of [32, 56, 128]) expect(canonicalClientKey(text, bits)).toBe('203.0.113.7')
  })

  it.each([
    ['64:ff9b::10.0.0.1', '64:ff9b::/56'],
    ['64:ff9b::127.0.0.1', '64:ff9b::/56'],
    ['64:ff9b::100.64.0.1', '64:ff9b::/56'],
    ['64:ff9b::0.0.0.0', '64:ff9b::/56'],
    ['64:ff9b::255.255.255.255', '64:ff9b::/56'],
    ['2002:a00:1::1', '2002:a00:1::/56'],
    ['2002:c0a8:101:100::1', '2002:c0a8:101:100::/56'],
    // A prefix that is not the well-known one.
    ['64:ff9b:1::203.0.113.7', '64:ff9b:1::/56'],
    ['2003:cb00:7107::1', '2003:cb00:7107::/56'],
  ])('is its network if the IPv4 address in it is not global: %s', (text, key) => {
    expect(canonicalClientKey(text, 56)).toBe(key)
  })
})

describe('clientKey', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['64:ff9b::203.0.113.7', '203.0.113.7'],
    ['2001:db8::1', '2001:db8::/56'],
    ['2001:DB8:0:0::1%eth0', '2001:db8::/56'],
    [' [2001:db8::1]:443 ', '2001:db8::/56'],
    ['203.0.113.7:80', '203.0.113.7'],
    // A client key is its own.
    ['2001:db8::/56', '2001:db8::/56'],
    ['unknown', 'unknown'],
    // Not one client.
    ['203.0.113.0/24', 'unknown'],
    ['rnd-8f3a', 'unknown'],
    ['', 'unknown'],
    [undefined, 'unknown'],
  ])('of %j is %j', (address, key) => {
    expect(clientKey(address)).toBe(key)
  })

  it('takes the number of bits of a limiter, and refuses others', () => {
    expect(clientKey('2001:db8:1:2:3::4', 64)).toBe('2001:db8:1:2::/64')
    expect(clientKey('2001:db8:1:2:3::4', 128)).toBe('2001:db8:1:2:3::4')
    for (const bits of [31, 129, 56.5, Number.NaN]) {
      expect(() => clientKey('2001:db8::1', bits)).toThrow(/^ipv6Subnet: takes a whole number/)
    }
  })
})

describe('the key of an address', () => {
  it('is the same as the key of its text', () => {
    const spelled = globalIPv6.chain((groups) => anySpelling(groups))
    fc.assert(
      fc.property(spelled, anySubnet, (text, bits) => {
        expect(clientKeyOf(parseAddress(text), bits)).toBe(canonicalClientKey(text, bits))
      }),
    )
    expect(clientKeyOf(parseAddress('203.0.113.7'), 56)).toBe('203.0.113.7')
  })
})

describe('the key of a client without an address', () => {
  it('is the same for all of them, for every number of bits', () => {
    expect(UNKNOWN_CLIENT).toBe('unknown')
    expect([32, 56, 128].map((bits) => clientKeyOf(undefined, bits))).toEqual(Array(3).fill('unknown'))
  })
})

describe('a client key that is not an address', () => {
  it.each([['user-7'], ['unknown'], ['2001:db8:1::/56'], ['203.0.113.7 at home'], ['']])(
    '%j stays as it is',
    (text) => {
      expect(canonicalClientKey(text, 56)).toBe(text)
    },
  )
})

describe('a client key that is a network of one client', () => {
  it.each([
    ['2001:DB8:1:00::/56', '2001:db8:1::/56'],
    ['2001:db8:1:ff::7/56', '2001:db8:1::/56'],
    [' 2001:db8:1::7 ', '2001:db8:1::/56'],
    ['203.0.113.7/32', '203.0.113.7'],
  ])('is the key of that client: %j', (text, key) => {
    expect(canonicalClientKey(text, 56)).toBe(key)
  })

  it.each([['203.0.113.0/24'], ['2001:db8:1::/48'], ['2001:db8:1::7/128']])(
    'is undefined if the network is not one client: %s',
    (text) => {
      expect(canonicalClientKey(text, 56)).toBeUndefined()
    },
  )
})
