import { describe, expect, it } from 'vitest'
import { addressText, parseAddress } from '../../src/client/address.ts'
import { contains, parseCidr } from '../../src/client/cidr.ts'

const isContained = (range: string, text: string): boolean => {
  const cidr = parseCidr(range)
  const address = parseAddress(text)
  if (cidr === undefined || address === undefined) throw new Error(`${range} or ${text} is not readable`)
  return contains(cidr, address)
}

describe('parseCidr', () => {
  it.each([
    ['10.0.0.0/8', '10.0.0.0', 8],
    ['10.0.0.5', '10.0.0.5', 32],
    ['0.0.0.0/0', '0.0.0.0', 0],
    ['2001:db8::/32', '2001:db8::', 32],
    ['2001:db8::5', '2001:db8::5', 128],
    // A netmask, as Express takes it.
    ['10.0.0.0/255.0.0.0', '10.0.0.0', 8],
    ['10.0.0.5/255.255.255.255', '10.0.0.5', 32],
    ['10.0.0.0/0.0.0.0', '10.0.0.0', 0],
    ['172.16.0.0/255.240.0.0', '172.16.0.0', 12],
    // An IPv4-mapped range is the IPv4 range inside it.
    ['::ffff:10.0.0.0/104', '10.0.0.0', 8],
    ['::ffff:10.0.0.5', '10.0.0.5', 32],
    ['::ffff:0:0/97', '0.0.0.0', 1],
    ['64:ff9b::a00:0/104', '64:ff9b::a00:0', 104],
  ])('reads %s as %s with %i bits', (text, network, bits) => {
    const cidr = parseCidr(text)
    expect(cidr?.bits).toBe(bits)
    expect(cidr && addressText(cidr.network)).toBe(network)
  })

  it.each([
    [''],
    ['/'],
    ['/8'],
    ['10.0.0.0/'],
    ['10.0.0.0/33'],
    ['10.0.0.0/-1'],
    ['10.0.0.0/08'],
    ['10.0.0.0/8.0'],
    ['10.0.0.0/ 8'],
    ['10.0.0.0/1e1'],
    ['10.0.0.0/8/8'],
    ['10.0.0.0/255.0.255.0'],
    ['10.0.0.0/0.0.0.255'],
    ['10.0.0.0/255.0.0'],
    ['::ffff:10.0.0.0/255.0.0.0'],
    ['2001:db8::/ffff:ffff::'],
    ['2001:db8::/255.0.0.0'],
    ['10.0.0/8'],
    ['::/129'],
    ['::/1000'],
    ['fe80::1%eth0/64'],
    ['fe80::%eth0'],
    ['::ffff:10.0.0.0/8'],
    ['::ffff:10.0.0.0/95'],
    ['64:ff9b::/95'],
    ['64:ff9b::/96'],
    ['::ffff:0:0/96'],
    ['loopback'],
  ])('rejects %j', (text) => {
    expect(parseCidr(text)).toBeUndefined()
  })
})

describe('contains', () => {
  it.each([
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.0.0.0/8', '9.255.255.255', false],
    // Bits of the range after its prefix are ignored.
    ['10.1.2.3/8', '10.255.255.255', true],
    ['10.0.0.5', '10.0.0.5', true],
    ['10.0.0.5', '10.0.0.4', false],
    ['100.64.0.0/10', '100.127.255.255', true],
    ['100.64.0.0/10', '100.128.0.0', false],
    ['2001:db8::/33', '2001:db8:7fff::1', true],
    ['2001:db8::/33', '2001:db8:8000::1', false],
    // A range never contains an address of the other family, whatever the leading bits are.
    ['0.0.0.0/1', '::1', false],
    ['::/1', '10.0.0.1', false],
    ['::1/64', '0.0.0.1', false],
    // IPv4 inside IPv6 is IPv4, in the range and in the address.
    ['10.0.0.0/8', '::ffff:10.0.0.1', true],
    ['::ffff:10.0.0.0/104', '10.0.0.1', true],
    ['::/8', '::ffff:10.0.0.1', false],
    // `::10.0.0.0` is an IPv6 address, although its spelling looks like IPv4.
    ['::10.0.0.0/104', '::10.0.0.1', true],
    ['::10.0.0.0/104', '10.0.0.1', false],
    ['10.0.0.0/8', '::10.0.0.1', false],
  ])('range %s, address %s: %s', (range, address, expected) => {
    expect(isContained(range, address)).toBe(expected)
  })
})
