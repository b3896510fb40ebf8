import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { describe, expect, it } from 'vitest'
import { type Address, parseAddress } from '../../src/client/address.ts'
import { AddressList, parseAddressList } from '../../src/client/address-list.ts'
import { type Cidr, contains } from '../../src/client/cidr.ts'
import type { RateLimiterError } from '../../src/errors/rate-limiter-error.ts'
import { thrownBy } from '../support/thrown-by.ts'

function addressOf(text: string): Address {
  const address = parseAddress(text)
  if (address === undefined) throw new Error(`${text} is not an address`)
  return address
}

const contained = (entries: readonly string[], text: string): boolean =>
  parseAddressList('denyList', entries).has(addressOf(text))

describe('an entry of a list', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['203.0.113.7', ['203.0.113.7'], ['203.0.113.6', '203.0.113.8', '203.0.112.7', '::cb00:7107']],
    ['203.0.113.7/32', ['203.0.113.7'], ['203.0.113.6']],
    ['10.0.0.0/8', ['10.0.0.0', '10.255.255.255'], ['9.255.255.255', '11.0.0.0', '::a00:1']],
    ['100.64.0.0/10', ['100.64.0.0', '100.127.255.255'], ['100.63.255.255', '100.128.0.0']],
    ['198.51.100.96/28', ['198.51.100.96', '198.51.100.111'], ['198.51.100.95', '198.51.100.112']],
    // Bits after the prefix are ignored.
    ['10.1.2.3/8', ['10.0.0.0', '10.255.255.255'], ['9.255.255.255', '11.0.0.0']],
    ['2001:db8::7', ['2001:db8::7', '2001:DB8:0:0::7'], ['2001:db8::6', '2001:db8::8']],
    ['2001:db8::/32', ['2001:db8::', '2001:db8:ffff::1'], ['2001:db7:ffff::', '2001:db9::']],
    ['2001:db8::/33', ['2001:db8:7fff::1'], ['2001:db8:8000::']],
    ['loopback', ['127.0.0.1', '127.255.255.255', '::1'], ['128.0.0.1', '::2']],
    ['linklocal', ['169.254.1.1', 'fe80::1'], ['169.255.0.0', 'fec0::1']],
    [
      'uniquelocal',
      ['10.0.0.1', '172.31.255.255', '192.168.0.1', 'fd00::1'],
      ['172.32.0.0', '127.0.0.1', 'fe00::1'],
    ],
    // IPv4 inside IPv6 is IPv4.
    ['::ffff:10.0.0.5', ['10.0.0.5'], ['10.0.0.4']],
    ['::ffff:10.0.0.0/104', ['10.255.255.255'], ['11.0.0.0']],
    ['10.0.0.0/255.0.0.0', ['10.255.255.255'], ['11.0.0.0']],
    // NAT64 and 6to4 addresses are IPv6 here. Only a denyList looks for IPv4 in them.
    ['64:ff9b::808:0/104', ['64:ff9b::808:808'], ['8.8.8.8']],
    ['2002:808:808::/48', ['2002:808:808::1'], ['8.8.8.8']],
    // All addresses of one family.
    ['0.0.0.0/0', ['0.0.0.0', '127.255.255.255', '128.0.0.0', '255.255.255.255'], ['::', '2001:db8::1']],
    ['::ffff:0:0/97', ['103.0.113.7'], ['203.0.113.7', '2001:db8::1']],
    ['::/0', ['::', '2001:db8::1', 'ffff::ffff'], ['0.0.0.0', '203.0.113.7']],
    [' 203.0.113.7\t', ['203.0.113.7'], ['203.0.113.6']],
    [' loopback ', ['::1'], ['::2']],
  ])('%j contains its addresses and no others', (entry, inside, outside) => {
    expect(inside.filter((text) => !contained([entry], text))).toEqual([])
    expect(outside.filter((text) => contained([entry], text))).toEqual([])
  })

  it.each(['::ffff:203.0.113.7', '::ffff:cb00:7107'])(
    'with an IPv4 address contains the same address in the spelling %s',
    (text) => {
      expect(contained(['203.0.113.7'], text)).toBe(true)
      expect(contained(['203.0.113.0/24'], text)).toBe(true)
      expect(contained(['203.0.113.8'], text)).toBe(false)
      expect(contained(['::/0'], text)).toBe(false)
    },
  )
})

describe('a list of addresses', () => {
  it('contains no address if it is empty', () => {
    expect(contained([], '203.0.113.7')).toBe(false)
    expect(contained([], '::1')).toBe(false)
  })

  it('contains every address that one of its entries contains', () => {
    const entries = ['203.0.113.7', '10.0.0.0/8', '2001:db8::/32', 'loopback']
    const inside = ['203.0.113.7', '10.1.2.3', '2001:db8::1', '127.0.0.1', '::1']
    expect(inside.filter((text) => !contained(entries, text))).toEqual([])
    expect(contained(entries, '203.0.113.8')).toBe(false)
  })

  it('can have an entry twice, and an entry inside another entry', () => {
    const entries = ['10.0.0.0/8', '10.1.0.0/16', '10.1.0.0/16', '10.1.2.3', '10.0.0.0/8', '10.128.0.0/9']
    for (const list of [entries, entries.toReversed()]) {
      expect(['10.0.0.0', '10.1.2.3', '10.255.255.255'].filter((text) => !contained(list, text))).toEqual([])
      expect(['9.255.255.255', '11.0.0.0'].filter((text) => contained(list, text))).toEqual([])
    }
  })
})

describe('a wrong list is rejected', () => {
  const NOT_AN_ARRAY = 'takes an array of addresses'
  const ARRAY_REMEDY = "Give an array such as ['203.0.113.7', '10.0.0.0/8']."
  const WRONG_ENTRY = 'takes addresses, CIDRs and names of networks'
  const RANGES_REMEDY =
    "Give addresses or CIDRs such as '10.0.0.5' or '10.0.0.0/8', or 'loopback', 'linklocal', 'uniquelocal'."
  const IPV4_REMEDY = 'Write it as IPv4, such as 10.0.0.0/8.'

  function errorOf(value: unknown, option: 'allowList' | 'denyList' = 'denyList'): RateLimiterError {
    return thrownBy(() => parseAddressList(option, value))
  }

  it.each<[string, unknown, string]>([
    ['a string', '10.0.0.0/8', "'10.0.0.0/8'"],
    ['a list in a string', '10.0.0.1,10.0.0.2', "'10.0.0.1,10.0.0.2'"],
    ['an object', { 0: '10.0.0.1', length: 1 }, '{"0":"10.0.0.1","length":1}'],
    ['a set', new Set(['10.0.0.1']), 'a Set'],
    ['a number', 7, '7'],
    ['a boolean', true, 'true'],
    ['null', null, 'null'],
    ['undefined', undefined, 'undefined'],
    ['a function', () => true, 'a function'],
  ])('if it is %s', (_what, value, shown) => {
    for (const option of ['allowList', 'denyList'] as const) {
      const error = errorOf(value, option)
      expect(error.message).toBe(`${option}: ${NOT_AN_ARRAY}, got ${shown}. ${ARRAY_REMEDY}`)
      expect(error).toMatchObject({ code: 'invalid_option', option, value, remedy: ARRAY_REMEDY })
    }
  })

  it.each<[unknown, string]>([
    ['', `${WRONG_ENTRY}, got ''. ${RANGES_REMEDY}`],
    [' ', `${WRONG_ENTRY}, got ' '. ${RANGES_REMEDY}`],
    ['10.0.0.0/33', `${WRONG_ENTRY}, got '10.0.0.0/33'. ${RANGES_REMEDY}`],
    ['10.0.0.0/08', `${WRONG_ENTRY}, got '10.0.0.0/08'. ${RANGES_REMEDY}`],
    ['10.0.0.0/', `${WRONG_ENTRY}, got '10.0.0.0/'. ${RANGES_REMEDY}`],
    ['10.0.0.0/-1', `${WRONG_ENTRY}, got '10.0.0.0/-1'. ${RANGES_REMEDY}`],
    ['10.0.0.0 /8', `${WRONG_ENTRY}, got '10.0.0.0 /8'. ${RANGES_REMEDY}`],
    ['10.0.0.0/255.0.255.0', `${WRONG_ENTRY}, got '10.0.0.0/255.0.255.0'. ${RANGES_REMEDY}`],
    ['2001:db8::/129', `${WRONG_ENTRY}, got '2001:db8::/129'. ${RANGES_REMEDY}`],
    ['10.0.0.1,10.0.0.2', `${WRONG_ENTRY}, got '10.0.0.1,10.0.0.2'. ${RANGES_REMEDY}`],
    ['10.0.0.1-10.0.0.9', `${WRONG_ENTRY}, got '10.0.0.1-10.0.0.9'. ${RANGES_REMEDY}`],
    ['10.0.0.*', `${WRONG_ENTRY}, got '10.0.0.*'. ${RANGES_REMEDY}`],
    ['10.0.0', `${WRONG_ENTRY}, got '10.0.0'. ${RANGES_REMEDY}`],
    // Spellings of IPv4 that other parsers read in different ways.
    ['010.0.0.1', `${WRONG_ENTRY}, got '010.0.0.1'. ${RANGES_REMEDY}`],
    ['0x7f.0.0.1', `${WRONG_ENTRY}, got '0x7f.0.0.1'. ${RANGES_REMEDY}`],
    ['2130706433', `${WRONG_ENTRY}, got '2130706433'. ${RANGES_REMEDY}`],
    // A number of hops and a boolean have no meaning here, so they have no remedy of their own.
    ['1', `${WRONG_ENTRY}, got '1'. ${RANGES_REMEDY}`],
    ['true', `${WRONG_ENTRY}, got 'true'. ${RANGES_REMEDY}`],
    ['10.0.0.1:80', `${WRONG_ENTRY}, got '10.0.0.1:80'. ${RANGES_REMEDY}`],
    ['[2001:db8::1]', `${WRONG_ENTRY}, got '[2001:db8::1]'. ${RANGES_REMEDY}`],
    ['[2001:db8::1]:443', `${WRONG_ENTRY}, got '[2001:db8::1]:443'. ${RANGES_REMEDY}`],
    ['fe80::1%eth0', `${WRONG_ENTRY}, got 'fe80::1%eth0'. ${RANGES_REMEDY}`],
    ['fe80::1%eth0/64', `${WRONG_ENTRY}, got 'fe80::1%eth0/64'. ${RANGES_REMEDY}`],
    // A range of IPv6 that looks like a range of IPv4.
    ['::ffff:10.0.0.0/8', `${WRONG_ENTRY}, got '::ffff:10.0.0.0/8'. ${IPV4_REMEDY}`],
    ['64:ff9b::/95', `${WRONG_ENTRY}, got '64:ff9b::/95'. ${IPV4_REMEDY}`],
    // All of IPv4, not the network that it looks like.
    ['64:ff9b::/96', `${WRONG_ENTRY}, got '64:ff9b::/96'. ${IPV4_REMEDY}`],
    ['Loopback', `${WRONG_ENTRY}, got 'Loopback'. Did you mean 'loopback'? ${RANGES_REMEDY}`],
    [' unique-local', `${WRONG_ENTRY}, got ' unique-local'. Did you mean 'uniquelocal'? ${RANGES_REMEDY}`],
    ['constructor', `${WRONG_ENTRY}, got 'constructor'. ${RANGES_REMEDY}`],
    ['__proto__', `${WRONG_ENTRY}, got '__proto__'. ${RANGES_REMEDY}`],
    ['bad.example.com', `${WRONG_ENTRY}, got 'bad.example.com'. ${RANGES_REMEDY}`],
    [7, `${WRONG_ENTRY}, got 7. ${RANGES_REMEDY}`],
    [null, `${WRONG_ENTRY}, got null. ${RANGES_REMEDY}`],
    [undefined, `${WRONG_ENTRY}, got undefined. ${RANGES_REMEDY}`],
    [['10.0.0.1'], `${WRONG_ENTRY}, got ["10.0.0.1"]. ${RANGES_REMEDY}`],
    [new String('10.0.0.1'), `${WRONG_ENTRY}, got a String. ${RANGES_REMEDY}`],
  ])('if it has the entry %j', (entry, message) => {
    const error = errorOf(['10.0.0.1', 'loopback', '::/0', entry, 'also wrong'])
    expect(error.message).toBe(`denyList[3]: ${message}`)
    expect(error).toMatchObject({ code: 'invalid_option', option: 'denyList[3]' })
    expect(error.value).toBe(entry)
  })

  it('if an entry is missing', () => {
    const sparse: string[] = ['10.0.0.1']
    sparse[2] = '10.0.0.3'
    expect(errorOf(sparse, 'allowList').message).toBe(
      `allowList[1]: ${WRONG_ENTRY}, got undefined. ${RANGES_REMEDY}`,
    )
  })
})

const BYTE_BITS = 8n

/** The address of `width` bits with this numeric value. */
function addressAt(value: bigint, width: number): Address {
  const bytes = Array.from({ length: width / 8 }, (_, index) =>
    Number((value >> (BigInt(width) - BYTE_BITS * BigInt(index + 1))) & 0xffn),
  )
  return width === 32 ? new ipaddr.IPv4(bytes) : new ipaddr.IPv6(bytes)
}

interface ProbedRange {
  readonly range: Cidr
  /**
   * The first and last address of the range, their neighbours outside, and the first with the last prefix bit
   * changed.
   */
  readonly probes: readonly Address[]
}

function probedRange(value: bigint, bits: number, width: number): ProbedRange {
  const size = 1n << BigInt(width - bits)
  const first = (value / size) * size
  const probes = [first - 1n, first, value, first ^ size, first + size - 1n, first + size]
    .filter((probe) => probe >= 0n && probe < 1n << BigInt(width))
    .map((probe) => addressAt(probe, width))
  return { range: { network: addressAt(value, width), bits }, probes }
}

/**
 * Ranges near one address. At most two bits differ, so that many ranges contain others or share a long
 * prefix.
 */
function clustered(centre: bigint, width: number): fc.Arbitrary<ProbedRange> {
  const bitOrNone = fc
    .integer({ min: 0, max: width })
    .map((bit) => (1n << BigInt(bit)) % (1n << BigInt(width)))
  return fc
    .tuple(bitOrNone, bitOrNone, fc.integer({ min: 0, max: width }))
    .map(([one, other, bits]) => probedRange(centre ^ one ^ other, bits, width))
}

function scattered(width: number): fc.Arbitrary<ProbedRange> {
  return fc
    .tuple(fc.bigInt({ min: 0n, max: (1n << BigInt(width)) - 1n }), fc.integer({ min: 0, max: width }))
    .map(([value, bits]) => probedRange(value, bits, width))
}

const anyRange = fc.oneof(
  { weight: 4, arbitrary: clustered(0x0a_7f_80_ffn, 32) },
  { weight: 4, arbitrary: clustered(0x2001_0db8_00ff_7f80_0000_ffff_0102_0304n, 128) },
  { weight: 1, arbitrary: scattered(32) },
  { weight: 1, arbitrary: scattered(128) },
)

/**
 * A short prefix contains most of the other ranges, which then have no effect. Half of the lists have none.
 */
const anyRanges = fc.oneof(
  fc.array(anyRange, { maxLength: 40 }),
  fc.array(
    anyRange.filter(({ range }) => range.bits > 14),
    { maxLength: 40 },
  ),
)

describe('a list of random ranges', () => {
  it('contains the same addresses as a scan of its ranges', () => {
    const results = { hits: 0, misses: 0 }
    fc.assert(
      fc.property(anyRanges, fc.array(anyRange, { maxLength: 5 }), (listed, others) => {
        const ranges = listed.map(({ range }) => range)
        const list = new AddressList(ranges)
        for (const address of [...listed, ...others].flatMap(({ probes }) => probes)) {
          const expected = ranges.some((range) => contains(range, address))
          results[expected ? 'hits' : 'misses']++
          if (list.has(address) !== expected)
            expect.fail(`${address} is ${expected ? '' : 'not '}in the list`)
        }
      }),
      { numRuns: 1500 },
    )
    // Both results occurred often.
    expect(Math.min(results.hits, results.misses)).toBeGreaterThan(10_000)
  })

  it('does not depend on the order of its ranges', () => {
    const inTwoOrders = anyRanges.chain((listed) =>
      fc.tuple(
        fc.constant(listed),
        fc.shuffledSubarray(listed, { minLength: listed.length, maxLength: listed.length }),
      ),
    )
    fc.assert(
      fc.property(inTwoOrders, ([listed, shuffled]) => {
        const [one, other] = [listed, shuffled].map((some) => new AddressList(some.map(({ range }) => range)))
        const differing = listed
          .flatMap(({ probes }) => probes)
          .filter((probe) => one?.has(probe) !== other?.has(probe))
        expect(differing.map(String)).toEqual([])
      }),
      { numRuns: 300 },
    )
  })
})

/**
 * The number of reads of an address in a look-up: one for each step, and one for each byte that is compared.
 */
function readsOf(list: AddressList, address: Address): number {
  let reads = 0
  const counted = (parts: number[]): number[] =>
    new Proxy(parts, {
      get(target, name) {
        reads++
        return Reflect.get(target, name)
      },
    })
  const copy =
    'octets' in address ? new ipaddr.IPv4([...address.octets]) : new ipaddr.IPv6([...address.parts])
  if ('octets' in copy) copy.octets = counted(copy.octets)
  else copy.parts = counted(copy.parts)
  list.has(copy)
  return reads
}

function mostReads(list: AddressList, texts: readonly string[]): number {
  return Math.max(...texts.map((text) => readsOf(list, addressOf(text))))
}

describe('a look-up', () => {
  const numbered = (count: number, textAt: (at: number) => string): string[] =>
    Array.from({ length: count }, (_, at) => textAt(at))
  const hex = (value: number): string => value.toString(16)
  // The other addresses differ from the first one in one hexadecimal digit each, so its look-up takes the
  // most steps.
  const variantsOf = (digits: number, same: string, other: string): string[][] =>
    numbered(digits + 1, (at) =>
      same.repeat(digits).replace(/./g, (digit, index) => (index === at - 1 ? other : digit)),
    ).map((text) => [...text])
  const variantsOfIPv4 = variantsOf(8, '1', '2').map((digits) =>
    (digits.join('').match(/../g) ?? []).map((octet) => Number.parseInt(octet, 16)).join('.'),
  )
  const variantsOfIPv6 = variantsOf(32, '2', 'a').map((digits) =>
    (digits.join('').match(/..../g) ?? []).join(':'),
  )
  const someIPv4 = (at: number): string => `10.${at >> 8}.${at & 255}.${(at * 7) & 255}`
  const someIPv6 = (at: number): string => `2222:2222:${hex(at)}:${hex(at >> 1)}::${hex(at & 3)}`

  it.each<[string, readonly string[], (at: number) => string, number]>([
    ['IPv4', variantsOfIPv4, someIPv4, 4],
    ['IPv6', variantsOfIPv6, someIPv6, 16],
  ])(
    'of %s takes at most one step for each nibble, in 10 ranges and in 10,000',
    (_, variants, textAt, bytes) => {
      for (const count of [10, 10_000]) {
        const texts = numbered(count, textAt)
        const ranges = texts.map((text, at) => `${text}/${bytes * 8 - (at % 5)}`)
        expect(new Set(ranges).size).toBe(count)
        const list = parseAddressList('denyList', [...variants, ...ranges])
        const [, early = ''] = variants
        expect(mostReads(list, [...variants, ...texts])).toBe(3 * bytes)
        // An address that differs in its first nibble is compared after one step.
        expect(readsOf(list, addressOf(early))).toBe(1 + bytes)
        const absent = [...variants, ...texts].map((text) => text.replace(/\w+$/, '5'))
        expect(mostReads(list, absent)).toBeLessThanOrEqual(3 * bytes)
      }
    },
  )

  it('compares only the prefix if the list has one range of the family', () => {
    const list = parseAddressList('denyList', ['203.0.113.0/24', '2001:db8::/33'])
    expect(mostReads(list, ['203.0.113.7'])).toBe(3)
    expect(mostReads(list, ['2001:db8::7'])).toBe(5)
    expect(mostReads(list, ['198.51.100.7', '2601:db8::7'])).toBe(1)
  })

  it('takes no step for bytes that all ranges share', () => {
    const list = parseAddressList('denyList', ['2001:db8::1', '2001:db8::2', '10.1.2.0/26', '10.1.2.64/26'])
    expect(mostReads(list, ['2001:db8::1', '2001:db8::2'])).toBe(1 + 16)
    expect(mostReads(list, ['10.1.2.3', '10.1.2.67'])).toBe(1 + 4)
    expect(mostReads(list, ['10.1.2.130', '2001:db8::3'])).toBe(1)
  })

  it('takes no step into ranges that a wider range contains', () => {
    const narrow = numbered(1000, someIPv4)
    const wide = '10.0.0.0/8'
    for (const entries of [
      [...narrow, wide],
      [wide, ...narrow],
    ]) {
      expect(mostReads(parseAddressList('denyList', entries), [...narrow, '10.255.255.255'])).toBe(1)
    }
  })

  it('reads nothing if the list has all addresses of the family', () => {
    const list = parseAddressList('denyList', ['0.0.0.0/0', '10.0.0.0/8', '::/0', '2001:db8::1'])
    expect(list.has(addressOf('2001:db8::1'))).toBe(true)
    expect(mostReads(list, ['10.0.0.1', '203.0.113.7', '2001:db8::1'])).toBe(0)
  })
})
