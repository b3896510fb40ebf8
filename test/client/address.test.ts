import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressText, parseAddress } from '../../src/client/address.ts'
import { anyIPv4, anySpelling, globalIPv6 } from './any-address.ts'

const textOf = (text: string): string | undefined => {
  const address = parseAddress(text)
  return address === undefined ? undefined : addressText(address)
}

describe('parseAddress', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['2001:db8::1', '2001:db8::1'],
    ['2001:0DB8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
    // RFC 5952, 4.2.2: one group of zeros alone is not compressed.
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:db8::1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::ffff:203.0.113.7%eth0', '203.0.113.7'],
  ])('reads %s as %s', (text, canonical) => {
    expect(textOf(text)).toBe(canonical)
  })

  it.each([
    ['::ffff:203.0.113.7'],
    ['::FFFF:CB00:7107'],
    ['0:0:0:0:0:ffff:cb00:7107'],
    ['0000:0000:0000:0000:0000:ffff:203.0.113.7'],
  ])('reads %s as the IPv4 address in its bits', (text) => {
    expect(textOf(text)).toBe('203.0.113.7')
  })

  it.each([
    // The bits of the prefix in a wrong position, or a prefix that is not the well-known one.
    ['::fffe:203.0.113.7', '::fffe:cb00:7107'],
    ['::ffff:0:203.0.113.7', '::ffff:0:cb00:7107'],
    ['::203.0.113.7', '::cb00:7107'],
    // NAT64 and 6to4: the sender has the IPv6 address, and another host may have the IPv4 address in it.
    ['64:ff9b::203.0.113.7', '64:ff9b::cb00:7107'],
    ['2002:cb00:7107::1', '2002:cb00:7107::1'],
    ['64:ff9b:1::203.0.113.7', '64:ff9b:1::cb00:7107'],
    ['64:ff9b::1:203.0.113.7', '64:ff9b::1:cb00:7107'],
    ['64:ff9a::203.0.113.7', '64:ff9a::cb00:7107'],
  ])('reads %s as an IPv6 address', (text, canonical) => {
    expect(textOf(text)).toBe(canonical)
  })

  it.each([
    [''],
    ['unknown'],
    ['localhost'],
    ['1'],
    // Spellings that inet_aton accepts. Parsers read each of them as different addresses.
    ['010.0.0.1'],
    ['0x7f.0.0.1'],
    ['0x7f000001'],
    ['2130706433'],
    ['127.1'],
    ['203.0.113.256'],
    ['203.0.113.7.'],
    [' 203.0.113.7'],
    ['203.0.113.7:80'],
    ['[2001:db8::1]'],
    ['2001:db8::1::2'],
    ['2001:db8:::1'],
    ['1:2:3:4:5:6:7:8:9'],
    ['::ffff:010.0.0.1'],
    ['203.0.113.7%eth0'],
    ['2001:db8::/32'],
    ['\uff11.1.1.1'],
  ])('rejects %j', (text) => {
    expect(parseAddress(text)).toBeUndefined()
  })

  it('reads every spelling of an IPv6 address as the same address', () => {
    const twoSpellings = globalIPv6.chain((groups) => fc.tuple(anySpelling(groups), anySpelling(groups)))
    fc.assert(
      fc.property(twoSpellings, ([one, other]) => {
        const canonical = textOf(one)
        expect(canonical).toBeDefined()
        expect(textOf(other)).toBe(canonical)
      }),
    )
  })

  it('reads every spelling of an IPv4-mapped address as the IPv4 address', () => {
    const wrapped = fc.tuple(anyIPv4, fc.constant([0, 0, 0, 0, 0, 0xffff]))
    const spelled = wrapped.chain(([bytes, prefix]) => {
      const [a = 0, b = 0, c = 0, d = 0] = bytes
      return anySpelling([...prefix, a * 256 + b, c * 256 + d]).map((text) => ({ text, bytes }))
    })
    fc.assert(
      fc.property(spelled, ({ text, bytes }) => {
        expect(textOf(text)).toBe(bytes.join('.'))
      }),
    )
  })

  it('reads its own canonical text as the same address', () => {
    fc.assert(
      fc.property(globalIPv6, (groups) => {
        const canonical = textOf(groups.map((value) => value.toString(16)).join(':'))
        expect(canonical).toBeDefined()
        expect(textOf(canonical ?? '')).toBe(canonical)
      }),
    )
  })
})
