import { describe, expect, it } from 'vitest'
import { parseAddress } from '../../src/client/address.ts'
import type { AddressList } from '../../src/client/address-list.ts'
import { settingsOf, testRejections } from '../support/parsed-settings.ts'

describe('clientIpHeader', () => {
  const remedy =
    "Give 'x-forwarded-for', 'forwarded', or a header with a single address, such as 'cf-connecting-ip'."

  it('is converted to lower case', () => {
    expect(settingsOf({ clientIpHeader: 'CF-Connecting-IP' }).client.header).toBe('cf-connecting-ip')
    expect(settingsOf({ clientIpHeader: 'forwarded' }).client.header).toBe('forwarded')
  })

  testRejections(
    'invalid_option',
    (
      [
        ['', "''"],
        ['x forwarded for', "'x forwarded for'"],
        ['x-forwarded-for,forwarded', "'x-forwarded-for,forwarded'"],
        ['x-forwarded-for\n', "'x-forwarded-for\\x0a'"],
        [null, 'null'],
        [['x-forwarded-for'], '["x-forwarded-for"]'],
        [true, 'true'],
      ] as const
    ).map(([clientIpHeader, shown]) => [
      { clientIpHeader },
      'clientIpHeader',
      `takes the name of one header, got ${shown}. ${remedy}`,
    ]),
  )
})

describe('ipv6Subnet', () => {
  const remedy = 'Give a number from 32 to 128, without quotes.'

  it.each([32, 56, 64, 128])('accepts %d', (ipv6Subnet) => {
    expect(settingsOf({ ipv6Subnet }).client.ipv6Subnet).toBe(ipv6Subnet)
  })

  testRejections('invalid_option', [
    [{ ipv6Subnet: 31 }, 'ipv6Subnet', `takes a whole number, got 31. ${remedy}`],
    [{ ipv6Subnet: 129 }, 'ipv6Subnet', `takes a whole number, got 129. ${remedy}`],
    [{ ipv6Subnet: 56.5 }, 'ipv6Subnet', `takes a whole number, got 56.5. ${remedy}`],
    [{ ipv6Subnet: '56' }, 'ipv6Subnet', `takes a whole number, got '56'. ${remedy}`],
    [{ ipv6Subnet: false }, 'ipv6Subnet', `takes a whole number, got false. ${remedy}`],
    [{ ipv6Subnet: null }, 'ipv6Subnet', `takes a whole number, got null. ${remedy}`],
  ])
})

describe('trustProxy', () => {
  it('is compiled if it is given; without it, the app decides', () => {
    expect(settingsOf({}).client.trust).toBeUndefined()
    for (const trustProxy of [true, false, 0, 1, 64, '10.0.0.5', ['loopback'], () => true]) {
      expect(settingsOf({ trustProxy }).client.trust).toBeTypeOf('function')
    }
  })

  const formsRemedy = "Give 1 for one proxy on a private network, or its address, such as '10.0.0.5'."
  const hopsRemedy = 'Give the number of proxies in front of this app, from 0 to 64.'
  const membersRemedy =
    "Give addresses or CIDRs such as '10.0.0.5' or '10.0.0.0/8', or 'loopback', 'linklocal', 'uniquelocal'."
  const everyAddressRemedy = 'Give the addresses of your proxies, or true for private networks.'
  const option = 'trustProxy'
  const addresses = 'takes addresses, CIDRs and names of networks, got'

  testRejections('invalid_option', [
    [
      { trustProxy: null },
      option,
      `takes a boolean, a number of hops, addresses or a function, got null. ${formsRemedy}`,
    ],
    [
      { trustProxy: {} },
      option,
      `takes a boolean, a number of hops, addresses or a function, got {}. ${formsRemedy}`,
    ],
    [{ trustProxy: -1 }, option, `takes a whole number of hops, got -1. ${hopsRemedy}`],
    [{ trustProxy: 65 }, option, `takes a whole number of hops, got 65. ${hopsRemedy}`],
    [{ trustProxy: 1.5 }, option, `takes a whole number of hops, got 1.5. ${hopsRemedy}`],
    [{ trustProxy: Number.NaN }, option, `takes a whole number of hops, got NaN. ${hopsRemedy}`],
    [
      { trustProxy: Number.POSITIVE_INFINITY },
      option,
      `takes a whole number of hops, got Infinity. ${hopsRemedy}`,
    ],
    [{ trustProxy: '1' }, option, `${addresses} '1'. For a number of hops give the number 1 without quotes.`],
    [{ trustProxy: 'true' }, option, `${addresses} 'true'. Give the boolean true without quotes.`],
    [{ trustProxy: 'false' }, option, `${addresses} 'false'. Give the boolean false without quotes.`],
    [{ trustProxy: 'loopbak' }, option, `${addresses} 'loopbak'. Did you mean 'loopback'? ${membersRemedy}`],
    [{ trustProxy: '10.0.0.1,' }, option, `${addresses} ''. ${membersRemedy}`],
    [{ trustProxy: '010.0.0.1' }, option, `${addresses} '010.0.0.1'. ${membersRemedy}`],
    [{ trustProxy: '10.0.0.0/33' }, option, `${addresses} '10.0.0.0/33'. ${membersRemedy}`],
    [
      { trustProxy: '::ffff:10.0.0.0/8' },
      option,
      `${addresses} '::ffff:10.0.0.0/8'. Write it as IPv4, such as 10.0.0.0/8.`,
    ],
    [{ trustProxy: ['loopback', 5] }, option, `takes strings in its array, got 5. ${membersRemedy}`],
    [{ trustProxy: '0.0.0.0/0' }, option, `trusts every address, got '0.0.0.0/0'. ${everyAddressRemedy}`],
    [{ trustProxy: ['::/0'] }, option, `trusts every address, got '::/0'. ${everyAddressRemedy}`],
  ])
})

describe('allowList and denyList', () => {
  const isListed = (list: AddressList | undefined, text: string): boolean | undefined => {
    const address = parseAddress(text)
    return address === undefined ? undefined : list?.has(address)
  }

  it('are compiled separately', () => {
    const { allowList, denyList } = settingsOf({
      allowList: ['loopback', '2001:db8::/32'],
      denyList: ['192.0.2.7', ' 198.51.100.0/24 '],
    }).client
    const asked = ['127.9.9.9', '2001:db8::5', '192.0.2.7', '192.0.2.8', '198.51.100.200']
    expect(asked.map((text) => isListed(allowList, text))).toEqual([true, true, false, false, false])
    expect(asked.map((text) => isListed(denyList, text))).toEqual([false, false, true, false, true])
    expect(settingsOf({ denyList: ['192.0.2.7'] }).client.allowList).toBeUndefined()
    expect(settingsOf({ allowList: ['192.0.2.7'] }).client.denyList).toBeUndefined()
  })

  it('can be empty, and then contain no client', () => {
    const { allowList, denyList } = settingsOf({ allowList: [], denyList: [] }).client
    expect([allowList, denyList].map((list) => isListed(list, '127.0.0.1'))).toEqual([false, false])
  })

  it('can contain every address, although trustProxy must not', () => {
    const { denyList } = settingsOf({ denyList: ['0.0.0.0/0'] }).client
    expect(isListed(denyList, '203.0.113.9')).toBe(true)
    expect(isListed(denyList, '2001:db8::1')).toBe(false)
  })

  const arrayRemedy = "Give an array such as ['203.0.113.7', '10.0.0.0/8']."
  const membersRemedy =
    "Give addresses or CIDRs such as '10.0.0.5' or '10.0.0.0/8', or 'loopback', 'linklocal', 'uniquelocal'."
  const ranges = 'takes addresses, CIDRs and names of networks'
  testRejections('invalid_option', [
    [{ allowList: null }, 'allowList', `takes an array of addresses, got null. ${arrayRemedy}`],
    [{ allowList: '10.0.0.1' }, 'allowList', `takes an array of addresses, got '10.0.0.1'. ${arrayRemedy}`],
    [
      { denyList: new Set(['10.0.0.1']) },
      'denyList',
      `takes an array of addresses, got a Set. ${arrayRemedy}`,
    ],
    [
      { denyList: ['10.0.0.1', 'loopbak'] },
      'denyList[1]',
      `${ranges}, got 'loopbak'. Did you mean 'loopback'? ${membersRemedy}`,
    ],
    [{ allowList: [5] }, 'allowList[0]', `${ranges}, got 5. ${membersRemedy}`],
    [{ denyList: ['10.0.0.0/33'] }, 'denyList[0]', `${ranges}, got '10.0.0.0/33'. ${membersRemedy}`],
  ])
})
