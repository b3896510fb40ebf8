import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { describe, expect, it } from 'vitest'
import { type Address, parseAddress } from '../../src/client/address.ts'
import { AddressList, parseAddressList } from '../../src/client/address-list.ts'
import { type Cidr, contains } from '../../src/client/cidr.ts'
import { RateLimiterError } from '../../src/errors/rate-limiter-error.ts'

function addressOf(text: string): Address {
  const address = parseAddress(text)
  if (address === undefined) throw new Error(`${text} is no address`)
  return address
}

const holds = (entries: readonly string[], text: string): boolean =>
  parseAddressList('denyList', entries).has(addressOf(text))

describe('an entry', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['203.0.113.7', ['203.0.113.7'], ['203.0.113.6', '203.0.113.8', '203.0.112.7', '::cb00:7107']],
    ['203.0.113.7/32', ['203.0.113.7'], ['203.0.113.6']],
    ['10.0.0.0/8', ['10.0.0.0', '10.255.255.255'], ['9.255.255.255', '11.0.0.0', '::a00:1']],
    ['100.64.0.0/10', ['100.64.0.0', '100.127.255.255'], ['100.63.255.255', '100.128.0.0']],
    ['198.51.100.96/28', ['198.51.100.96', '198.51.100.111'], ['198.51.100.95', '198.51.100.112']],
    // Bits of the host do no harm.
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
    // IPv4 inside of IPv6 is IPv4.
    ['::ffff:10.0.0.5', ['10.0.0.5'], ['10.0.0.4']],
    ['::ffff:10.0.0.0/104', ['10.255.255.255'], ['11.0.0.0']],
    ['64:ff9b::a00:0/104', ['10.255.255.255'], ['11.0.0.0']],
    // Everybody of one family.
    ['0.0.0.0/0', ['0.0.0.0', '127.255.255.255', '128.0.0.0', '255.255.255.255'], ['::', '2001:db8::1']],
    ['::ffff:0:0/97', ['103.0.113.7'], ['203.0.113.7', '2001:db8::1']],
    ['::/0', ['::', '2001:db8::1', 'ffff::ffff'], ['0.0.0.0', '203.0.113.7']],
    [' 203.0.113.7\t', ['203.0.113.7'], ['203.0.113.6']],
    [' loopback ', ['::1'], ['::2']],
  ])('%j', (entry, inside, outside) => {
    expect(inside.filter((text) => !holds([entry], text))).toEqual([])
    expect(outside.filter((text) => holds([entry], text))).toEqual([])
  })

  it.each(['::ffff:203.0.113.7', '::ffff:cb00:7107', '64:ff9b::203.0.113.7', '64:ff9b::cb00:7107'])(
    'of IPv4 is met by the address spelled %s',
    (text) => {
      expect(holds(['203.0.113.7'], text)).toBe(true)
      expect(holds(['203.0.113.0/24'], text)).toBe(true)
      expect(holds(['203.0.113.8'], text)).toBe(false)
      expect(holds(['::/0'], text)).toBe(false)
    },
  )
})

describe('a list', () => {
  it('that is empty holds nobody', () => {
    expect(holds([], '203.0.113.7')).toBe(false)
    expect(holds([], '::1')).toBe(false)
  })

  it('holds what any of its entries holds', () => {
    const entries = ['203.0.113.7', '10.0.0.0/8', '2001:db8::/32', 'loopback']
    const inside = ['203.0.113.7', '10.1.2.3', '2001:db8::1', '127.0.0.1', '::1']
    expect(inside.filter((text) => !holds(entries, text))).toEqual([])
    expect(holds(entries, '203.0.113.8')).toBe(false)
  })

  it('may hold entries twice and within one another', () => {
    const entries = ['10.0.0.0/8', '10.1.0.0/16', '10.1.0.0/16', '10.1.2.3', '10.0.0.0/8', '10.128.0.0/9']
    for (const list of [entries, entries.toReversed()]) {
      expect(['10.0.0.0', '10.1.2.3', '10.255.255.255'].filter((text) => !holds(list, text))).toEqual([])
      expect(['9.255.255.255', '11.0.0.0'].filter((text) => holds(list, text))).toEqual([])
    }
  })
})

describe('a list that is a mistake', () => {
  const NO_ARRAY = 'takes an array of addresses'
  const ARRAY = "Give an array such as ['203.0.113.7', '10.0.0.0/8']."
  const ENTRY = 'takes addresses, CIDRs and names of networks'
  const RANGES =
    "Give addresses or CIDRs such as '10.0.0.5' or '10.0.0.0/8', or 'loopback', 'linklocal', 'uniquelocal'."
  const MAPPED = 'Write it as IPv4, such as 10.0.0.0/8.'

  function errorOf(value: unknown, option: 'allowList' | 'denyList' = 'denyList'): RateLimiterError {
    try {
      parseAddressList(option, value)
    } catch (error) {
      if (error instanceof RateLimiterError) return error
      throw error
    }
    throw new Error('no error')
  }

  it.each<[string, unknown, string]>([
    ['a string', '10.0.0.0/8', "'10.0.0.0/8'"],
    ['a list in a string', '10.0.0.1,10.0.0.2', "'10.0.0.1,10.0.0.2'"],
    ['an object', { 0: '10.0.0.1', length: 1 }, '{"0":"10.0.0.1","length":1}'],
    ['a set', new Set(['10.0.0.1']), '{}'],
    ['a number', 7, '7'],
    ['a boolean', true, 'true'],
    ['null', null, 'null'],
    ['undefined', undefined, 'undefined'],
    ['a function', () => true, 'a function'],
  ])('because it is %s', (_what, value, shown) => {
    for (const option of ['allowList', 'denyList'] as const) {
      const error = errorOf(value, option)
      expect(error.message).toBe(`${option}: ${NO_ARRAY}, got ${shown}. ${ARRAY}`)
      expect(error).toMatchObject({ code: 'invalid_option', option, value, remedy: ARRAY })
    }
  })

  it.each<[unknown, string]>([
    ['', `${ENTRY}, got ''. ${RANGES}`],
    [' ', `${ENTRY}, got ' '. ${RANGES}`],
    ['10.0.0.0/33', `${ENTRY}, got '10.0.0.0/33'. ${RANGES}`],
    ['10.0.0.0/08', `${ENTRY}, got '10.0.0.0/08'. ${RANGES}`],
    ['10.0.0.0/', `${ENTRY}, got '10.0.0.0/'. ${RANGES}`],
    ['10.0.0.0/-1', `${ENTRY}, got '10.0.0.0/-1'. ${RANGES}`],
    ['10.0.0.0 /8', `${ENTRY}, got '10.0.0.0 /8'. ${RANGES}`],
    ['10.0.0.0/255.0.0.0', `${ENTRY}, got '10.0.0.0/255.0.0.0'. ${RANGES}`],
    ['2001:db8::/129', `${ENTRY}, got '2001:db8::/129'. ${RANGES}`],
    ['10.0.0.1,10.0.0.2', `${ENTRY}, got '10.0.0.1,10.0.0.2'. ${RANGES}`],
    ['10.0.0.1-10.0.0.9', `${ENTRY}, got '10.0.0.1-10.0.0.9'. ${RANGES}`],
    ['10.0.0.*', `${ENTRY}, got '10.0.0.*'. ${RANGES}`],
    ['10.0.0', `${ENTRY}, got '10.0.0'. ${RANGES}`],
    // Spellings of IPv4 that other parsers read, each in its own way.
    ['010.0.0.1', `${ENTRY}, got '010.0.0.1'. ${RANGES}`],
    ['0x7f.0.0.1', `${ENTRY}, got '0x7f.0.0.1'. ${RANGES}`],
    ['2130706433', `${ENTRY}, got '2130706433'. ${RANGES}`],
    // A number of hops and a boolean have no meaning here, and so no advice of their own.
    ['1', `${ENTRY}, got '1'. ${RANGES}`],
    ['true', `${ENTRY}, got 'true'. ${RANGES}`],
    ['10.0.0.1:80', `${ENTRY}, got '10.0.0.1:80'. ${RANGES}`],
    ['[2001:db8::1]', `${ENTRY}, got '[2001:db8::1]'. ${RANGES}`],
    ['[2001:db8::1]:443', `${ENTRY}, got '[2001:db8::1]:443'. ${RANGES}`],
    ['fe80::1%eth0', `${ENTRY}, got 'fe80::1%eth0'. ${RANGES}`],
    ['fe80::1%eth0/64', `${ENTRY}, got 'fe80::1%eth0/64'. ${RANGES}`],
    // A range of IPv6 that looks like one of IPv4.
    ['::ffff:10.0.0.0/8', `${ENTRY}, got '::ffff:10.0.0.0/8'. ${MAPPED}`],
    ['64:ff9b::/95', `${ENTRY}, got '64:ff9b::/95'. ${MAPPED}`],
    // All of IPv4, and not the network that it looks like.
    ['64:ff9b::/96', `${ENTRY}, got '64:ff9b::/96'. ${MAPPED}`],
    ['Loopback', `${ENTRY}, got 'Loopback'. Did you mean 'loopback'? ${RANGES}`],
    [' unique-local', `${ENTRY}, got ' unique-local'. Did you mean 'uniquelocal'? ${RANGES}`],
    ['constructor', `${ENTRY}, got 'constructor'. ${RANGES}`],
    ['__proto__', `${ENTRY}, got '__proto__'. ${RANGES}`],
    ['bad.example.com', `${ENTRY}, got 'bad.example.com'. ${RANGES}`],
    [7, `${ENTRY}, got 7. ${RANGES}`],
    [null, `${ENTRY}, got null. ${RANGES}`],
    [undefined, `${ENTRY}, got undefined. ${RANGES}`],
    [['10.0.0.1'], `${ENTRY}, got ["10.0.0.1"]. ${RANGES}`],
    [new String('10.0.0.1'), `${ENTRY}, got "10.0.0.1". ${RANGES}`],
  ])('because of %j in it', (entry, message) => {
    const error = errorOf(['10.0.0.1', 'loopback', '::/0', entry, 'also wrong'])
    expect(error.message).toBe(`denyList[3]: ${message}`)
    expect(error).toMatchObject({ code: 'invalid_option', option: 'denyList[3]' })
    expect(error.value).toBe(entry)
  })

  it('because an entry is missing', () => {
    const holed: string[] = ['10.0.0.1']
    holed[2] = '10.0.0.3'
    expect(errorOf(holed, 'allowList').message).toBe(`allowList[1]: ${ENTRY}, got undefined. ${RANGES}`)
  })
})

const BYTE_BITS = 8n

/** An address of `width` bits as the number that it is. */
function addressAt(value: bigint, width: number): Address {
  const bytes = Array.from({ length: width / 8 }, (_, index) =>
    Number((value >> (BigInt(width) - BYTE_BITS * BigInt(index + 1))) & 0xffn),
  )
  return width === 32 ? new ipaddr.IPv4(bytes) : new ipaddr.IPv6(bytes)
}

interface Drawn {
  readonly range: Cidr
  /** The first and last address of the range, their neighbours outside, and one with its last bit changed. */
  readonly probes: readonly Address[]
}

function drawn(value: bigint, bits: number, width: number): Drawn {
  const size = 1n << BigInt(width - bits)
  const first = (value / size) * size
  const probes = [first - 1n, first, value, first ^ size, first + size - 1n, first + size]
    .filter((probe) => probe >= 0n && probe < 1n << BigInt(width))
    .map((probe) => addressAt(probe, width))
  return { range: { network: addressAt(value, width), bits }, probes }
}

/** Ranges around one address: two bits changed leave a long way in common, so that they nest and collide. */
function clustered(centre: bigint, width: number): fc.Arbitrary<Drawn> {
  const bitOrNone = fc
    .integer({ min: 0, max: width })
    .map((bit) => (1n << BigInt(bit)) % (1n << BigInt(width)))
  return fc
    .tuple(bitOrNone, bitOrNone, fc.integer({ min: 0, max: width }))
    .map(([one, other, bits]) => drawn(centre ^ one ^ other, bits, width))
}

function scattered(width: number): fc.Arbitrary<Drawn> {
  return fc
    .tuple(fc.bigInt({ min: 0n, max: (1n << BigInt(width)) - 1n }), fc.integer({ min: 0, max: width }))
    .map(([value, bits]) => drawn(value, bits, width))
}

const anyRange = fc.oneof(
  { weight: 4, arbitrary: clustered(0x0a_7f_80_ffn, 32) },
  { weight: 4, arbitrary: clustered(0x2001_0db8_00ff_7f80_0000_ffff_0102_0304n, 128) },
  { weight: 1, arbitrary: scattered(32) },
  { weight: 1, arbitrary: scattered(128) },
)

/** Short prefixes hold so much of what is near that the rest of the list goes unseen: half are without. */
const anyRanges = fc.oneof(
  fc.array(anyRange, { maxLength: 40 }),
  fc.array(
    anyRange.filter(({ range }) => range.bits > 14),
    { maxLength: 40 },
  ),
)

describe('a list of any ranges', () => {
  it('holds what a scan finds in one of them', () => {
    const answers = { hits: 0, misses: 0 }
    fc.assert(
      fc.property(anyRanges, fc.array(anyRange, { maxLength: 5 }), (listed, others) => {
        const ranges = listed.map(({ range }) => range)
        const list = new AddressList(ranges)
        for (const address of [...listed, ...others].flatMap(({ probes }) => probes)) {
          const expected = ranges.some((range) => contains(range, address))
          answers[expected ? 'hits' : 'misses']++
          if (list.has(address) !== expected)
            expect.fail(`${address} is ${expected ? '' : 'not '}in the list`)
        }
      }),
      { numRuns: 1500 },
    )
    // Both answers were asked for many a time.
    expect(Math.min(answers.hits, answers.misses)).toBeGreaterThan(10_000)
  })

  it('is the same in any order', () => {
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

/** How often an address is read to look it up: once for a step, and once for each byte that is compared. */
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
  // Addresses that part from the first of them at each four of its bits: it takes the longest way there is.
  const combOf = (digits: number, same: string, other: string): string[][] =>
    numbered(digits + 1, (at) =>
      same.repeat(digits).replace(/./g, (digit, index) => (index === at - 1 ? other : digit)),
    ).map((text) => [...text])
  const combOfIPv4 = combOf(8, '1', '2').map((digits) =>
    (digits.join('').match(/../g) ?? []).map((octet) => Number.parseInt(octet, 16)).join('.'),
  )
  const combOfIPv6 = combOf(32, '2', 'a').map((digits) => (digits.join('').match(/..../g) ?? []).join(':'))
  const someIPv4 = (at: number): string => `10.${at >> 8}.${at & 255}.${(at * 7) & 255}`
  const someIPv6 = (at: number): string => `2222:2222:${hex(at)}:${hex(at >> 1)}::${hex(at & 3)}`

  it.each<[string, readonly string[], (at: number) => string, number]>([
    ['IPv4', combOfIPv4, someIPv4, 4],
    ['IPv6', combOfIPv6, someIPv6, 16],
  ])('of %s takes a step for each four bits at most, in 10 ranges as in 10,000', (_, comb, textAt, bytes) => {
    for (const count of [10, 10_000]) {
      const texts = numbered(count, textAt)
      const ranges = texts.map((text, at) => `${text}/${bytes * 8 - (at % 5)}`)
      expect(new Set(ranges).size).toBe(count)
      const list = parseAddressList('denyList', [...comb, ...ranges])
      const [, early = ''] = comb
      expect(mostReads(list, [...comb, ...texts])).toBe(3 * bytes)
      // What parts early is compared early.
      expect(readsOf(list, addressOf(early))).toBe(1 + bytes)
      const strangers = [...comb, ...texts].map((text) => text.replace(/\w+$/, '5'))
      expect(mostReads(list, strangers)).toBeLessThanOrEqual(3 * bytes)
    }
  })

  it('compares no more than the prefix of a range that is alone in its family', () => {
    const list = parseAddressList('denyList', ['203.0.113.0/24', '2001:db8::/33'])
    expect(mostReads(list, ['203.0.113.7'])).toBe(3)
    expect(mostReads(list, ['2001:db8::7'])).toBe(5)
    expect(mostReads(list, ['198.51.100.7', '2601:db8::7'])).toBe(1)
  })

  it('takes no step for bytes that ranges have in common', () => {
    const list = parseAddressList('denyList', ['2001:db8::1', '2001:db8::2', '10.1.2.0/26', '10.1.2.64/26'])
    expect(mostReads(list, ['2001:db8::1', '2001:db8::2'])).toBe(1 + 16)
    expect(mostReads(list, ['10.1.2.3', '10.1.2.67'])).toBe(1 + 4)
    expect(mostReads(list, ['10.1.2.130', '2001:db8::3'])).toBe(1)
  })

  it('goes no deeper than a range that holds others', () => {
    const narrow = numbered(1000, someIPv4)
    const wide = '10.0.0.0/8'
    for (const entries of [
      [...narrow, wide],
      [wide, ...narrow],
    ]) {
      expect(mostReads(parseAddressList('denyList', entries), [...narrow, '10.255.255.255'])).toBe(1)
    }
  })

  it('of everybody of a family reads nothing', () => {
    const list = parseAddressList('denyList', ['0.0.0.0/0', '10.0.0.0/8', '::/0', '2001:db8::1'])
    expect(list.has(addressOf('2001:db8::1'))).toBe(true)
    expect(mostReads(list, ['10.0.0.1', '203.0.113.7', '2001:db8::1'])).toBe(0)
  })
})
