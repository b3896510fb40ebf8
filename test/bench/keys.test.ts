import { SocketAddress } from 'node:net'
import { describe, expect, it } from 'vitest'
import { ADVERSARIAL_SETS, randomKeys } from '../support/adversarial-keys.ts'
import { ADDRESS_COUNT, AddressKeys, freshCopy } from './address-keys.ts'
import { freshAddress } from './client-addresses.ts'
import { FreshKeys, FreshTexts, type KeySource, ReusedKeys } from './key-source.ts'
import { PseudoRandomOrder } from './pseudo-random-order.ts'
import { collidingStrings, stateAfter } from './v8-collisions.ts'

const take = (source: KeySource, count: number): string[] =>
  Array.from({ length: count }, () => source.next())

describe('the keys of addresses', () => {
  it.each([
    [0, 'default:read:10.0.0.0'],
    [9, 'default:read:10.0.0.9'],
    [0x0a_63_64, 'default:read:10.10.99.100'],
    [0x01_02_c8, 'default:read:10.1.2.200'],
    [ADDRESS_COUNT - 1, 'default:read:10.255.255.255'],
  ])('of address %i is %s', (index, key) => {
    expect(new AddressKeys().fresh(index)).toBe(key)
  })

  it('leave nothing of a longer key behind in a shorter one', () => {
    const keys = new AddressKeys()
    keys.fresh(ADDRESS_COUNT - 1)
    expect(keys.fresh(1)).toBe('default:read:10.0.0.1')
  })

  it('have the prefix that they are given, or none', () => {
    expect(new AddressKeys('').fresh(7)).toBe('10.0.0.7')
    expect(freshCopy('10.0.0.7')).toBe('10.0.0.7')
  })
})

describe('client addresses', () => {
  it.each([0, 1, 254, 255, 256, 65_534, 16_000_000])('are spelled as the kernel spells them: %i', (index) => {
    const address = freshAddress('IPv6', index)
    expect(new SocketAddress({ address, family: 'ipv6' }).address).toBe(address)
    expect(freshAddress('mapped IPv4', index)).toBe(`::ffff:${freshAddress('IPv4', index)}`)
  })

  it('have each a /56 of its own', () => {
    const networks = Array.from({ length: 2000 }, (_, index) => {
      const [, , third, fourth = ''] = freshAddress('IPv6', index).split(':')
      return `${third}:${fourth.padStart(4, '0').slice(0, 2)}`
    })
    expect(new Set(networks).size).toBe(2000)
  })
})

describe('the pseudo-random order', () => {
  it.each([1, 2, 3, 7, 64, 100, 1000, 4097])('of %i numbers has each once, and then again', (count) => {
    const order = new PseudoRandomOrder(count)
    const take = (): number[] => Array.from({ length: count }, () => order.next())
    const [first, second] = [take(), take()]
    expect(first.toSorted((one, other) => one - other)).toEqual(Array.from({ length: count }, (_, n) => n))
    expect(second).toEqual(first)
  })

  it('is not that of the numbers', () => {
    const order = new PseudoRandomOrder(100_000)
    const numbers = Array.from({ length: 1000 }, () => order.next())
    const neighbours = numbers.filter((number, at) => Math.abs(number - (numbers[at - 1] ?? -9)) < 100)
    expect(neighbours.length).toBeLessThan(20)
    // Each bit is set about every other time, the low ones too.
    for (const bit of [1, 2, 4, 8, 1024, 8192]) {
      expect(Math.abs(numbers.filter((number) => (number & bit) !== 0).length - 500)).toBeLessThan(100)
    }
  })
})

describe('key sources', () => {
  const texts = ['a', 'bcd', '', 'efghij', 'k', 'lm', 'nop']

  it.each([
    ['fresh keys', new FreshKeys(100), 100],
    ['reused keys', new ReusedKeys(texts), 7],
    ['fresh texts', new FreshTexts(texts), 7],
  ])('%s go through all keys, and then again in the same order', (_name, source, count) => {
    expect(source.count).toBe(count)
    const first = take(source, count)
    expect(new Set(first).size).toBe(count)
    expect(take(source, count)).toEqual(first)
  })

  it('have the texts that they were given', () => {
    expect(take(new FreshTexts(texts), 7).toSorted()).toEqual(texts.toSorted())
    expect(take(new ReusedKeys(texts), 7).toSorted()).toEqual(texts.toSorted())
  })
})

describe('adversarial keys', () => {
  it.each(ADVERSARIAL_SETS)('$name: 4096 distinct ones of one length', ({ keysOf }) => {
    const keys = keysOf(4096)
    expect(new Set(keys).size).toBe(4096)
    expect(new Set(keys.map((key) => key.length)).size).toBe(1)
    // One byte a character, or they could not be written as Latin-1.
    expect(keys.every((key) => /^[\x20-\x7e]+$/.test(key))).toBe(true)
  })

  it('that are numbers are all multiples of 2^18 below 2^32', () => {
    const keys = ADVERSARIAL_SETS[0]?.keysOf(4096).map(Number) ?? []
    expect(keys.every((number) => number % 2 ** 18 === 0 && number < 2 ** 32)).toBe(true)
  })

  it('have random ones beside them, of any length', () => {
    const keys = randomKeys(100, 12)
    expect(new Set(keys).size).toBe(100)
    expect(keys.every((key) => key.length === 12)).toBe(true)
  })

  it('collide for the seed that they were made for, and for no other', () => {
    const keys = collidingStrings('default:read:', 6, 1)
    expect(keys).toHaveLength(64)
    expect(new Set(keys.map((key) => stateAfter(1, key))).size).toBe(1)
    expect(new Set(keys.map((key) => stateAfter(2, key))).size).toBeGreaterThan(60)
  })
})
