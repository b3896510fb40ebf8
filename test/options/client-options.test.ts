import { describe, expect, it } from 'vitest'
import { parseAddress } from '../../src/client/address.ts'
import type { AddressList } from '../../src/client/address-list.ts'
import { parse, rejects } from '../support/parse.ts'

describe('clientIpHeader', () => {
  const remedy =
    "Give 'x-forwarded-for', 'forwarded', or a header with a single address, such as 'cf-connecting-ip'."

  it('is compared in lower case', () => {
    expect(parse({ clientIpHeader: 'CF-Connecting-IP' }).client.header).toBe('cf-connecting-ip')
    expect(parse({ clientIpHeader: 'forwarded' }).client.header).toBe('forwarded')
  })

  rejects(
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

  it.each([32, 56, 64, 128])('takes %d', (ipv6Subnet) => {
    expect(parse({ ipv6Subnet }).client.ipv6Subnet).toBe(ipv6Subnet)
  })

  rejects('invalid_option', [
    [{ ipv6Subnet: 31 }, 'ipv6Subnet', `takes a whole number, got 31. ${remedy}`],
    [{ ipv6Subnet: 129 }, 'ipv6Subnet', `takes a whole number, got 129. ${remedy}`],
    [{ ipv6Subnet: 56.5 }, 'ipv6Subnet', `takes a whole number, got 56.5. ${remedy}`],
    [{ ipv6Subnet: '56' }, 'ipv6Subnet', `takes a whole number, got '56'. ${remedy}`],
    [{ ipv6Subnet: false }, 'ipv6Subnet', `takes a whole number, got false. ${remedy}`],
    [{ ipv6Subnet: null }, 'ipv6Subnet', `takes a whole number, got null. ${remedy}`],
  ])
})

describe('trustProxy', () => {
  it('is compiled, unless it is left to the app', () => {
    expect(parse({}).client.trust).toBeUndefined()
    for (const trustProxy of [true, false, 0, 1, 64, '10.0.0.5', ['loopback'], () => true]) {
      expect(parse({ trustProxy }).client.trust).toBeTypeOf('function')
    }
  })

  const kinds = "Give 1 for one proxy on a private network, or its address, such as '10.0.0.5'."
  const hops = 'Give a number from 0 to 64: how many proxies stand in front of this app.'
  const members =
    "Give addresses or CIDRs such as '10.0.0.5' or '10.0.0.0/8', or 'loopback', 'linklocal', 'uniquelocal'."
  const everybody = 'Give the addresses of your proxies, or true.'
  const option = 'trustProxy'
  const addresses = 'takes addresses, CIDRs and names of networks, got'

  rejects('invalid_option', [
    [{ trustProxy: null }, option, `takes a boolean, hops, addresses or a function, got null. ${kinds}`],
    [{ trustProxy: {} }, option, `takes a boolean, hops, addresses or a function, got {}. ${kinds}`],
    [{ trustProxy: -1 }, option, `as a number of hops takes a whole number, got -1. ${hops}`],
    [{ trustProxy: 65 }, option, `as a number of hops takes a whole number, got 65. ${hops}`],
    [{ trustProxy: 1.5 }, option, `as a number of hops takes a whole number, got 1.5. ${hops}`],
    [{ trustProxy: Number.NaN }, option, `as a number of hops takes a whole number, got NaN. ${hops}`],
    [
      { trustProxy: Number.POSITIVE_INFINITY },
      option,
      `as a number of hops takes a whole number, got Infinity. ${hops}`,
    ],
    [{ trustProxy: '1' }, option, `${addresses} '1'. For a number of hops give the number 1 without quotes.`],
    [{ trustProxy: 'true' }, option, `${addresses} 'true'. Give the boolean true without quotes.`],
    [{ trustProxy: 'false' }, option, `${addresses} 'false'. Give the boolean false without quotes.`],
    [{ trustProxy: 'loopbak' }, option, `${addresses} 'loopbak'. Did you mean 'loopback'? ${members}`],
    [{ trustProxy: '10.0.0.1,' }, option, `${addresses} ''. ${members}`],
    [{ trustProxy: '010.0.0.1' }, option, `${addresses} '010.0.0.1'. ${members}`],
    [{ trustProxy: '10.0.0.0/33' }, option, `${addresses} '10.0.0.0/33'. ${members}`],
    [
      { trustProxy: '::ffff:10.0.0.0/8' },
      option,
      `${addresses} '::ffff:10.0.0.0/8'. Write it as IPv4, such as 10.0.0.0/8.`,
    ],
    [{ trustProxy: ['loopback', 5] }, option, `takes strings in its array, got 5. ${members}`],
    [{ trustProxy: '0.0.0.0/0' }, option, `trusts every address there is, got '0.0.0.0/0'. ${everybody}`],
    [{ trustProxy: ['::/0'] }, option, `trusts every address there is, got '::/0'. ${everybody}`],
  ])
})

describe('the lists of clients', () => {
  const listed = (list: AddressList | undefined, text: string): boolean | undefined => {
    const address = parseAddress(text)
    return address === undefined ? undefined : list?.has(address)
  }

  it('are compiled, each for itself', () => {
    const { allowList, denyList } = parse({
      allowList: ['loopback', '2001:db8::/32'],
      denyList: ['192.0.2.7', ' 198.51.100.0/24 '],
    }).client
    const asked = ['127.9.9.9', '2001:db8::5', '192.0.2.7', '192.0.2.8', '198.51.100.200']
    expect(asked.map((text) => listed(allowList, text))).toEqual([true, true, false, false, false])
    expect(asked.map((text) => listed(denyList, text))).toEqual([false, false, true, false, true])
    expect(parse({ denyList: ['192.0.2.7'] }).client.allowList).toBeUndefined()
    expect(parse({ allowList: ['192.0.2.7'] }).client.denyList).toBeUndefined()
  })

  it('may be empty: nobody is on them', () => {
    const { allowList, denyList } = parse({ allowList: [], denyList: [] }).client
    expect([allowList, denyList].map((list) => listed(list, '127.0.0.1'))).toEqual([false, false])
  })

  it('may hold everybody: it is a mistake to trust everybody, and none to list them', () => {
    const { denyList } = parse({ denyList: ['0.0.0.0/0'] }).client
    expect(listed(denyList, '203.0.113.9')).toBe(true)
    expect(listed(denyList, '2001:db8::1')).toBe(false)
  })

  const array = "Give an array such as ['203.0.113.7', '10.0.0.0/8']."
  const members =
    "Give addresses or CIDRs such as '10.0.0.5' or '10.0.0.0/8', or 'loopback', 'linklocal', 'uniquelocal'."
  const ranges = 'takes addresses, CIDRs and names of networks'
  rejects('invalid_option', [
    [{ allowList: null }, 'allowList', `takes an array of addresses, got null. ${array}`],
    [{ allowList: '10.0.0.1' }, 'allowList', `takes an array of addresses, got '10.0.0.1'. ${array}`],
    [{ denyList: new Set(['10.0.0.1']) }, 'denyList', `takes an array of addresses, got {}. ${array}`],
    [
      { denyList: ['10.0.0.1', 'loopbak'] },
      'denyList[1]',
      `${ranges}, got 'loopbak'. Did you mean 'loopback'? ${members}`,
    ],
    [{ allowList: [5] }, 'allowList[0]', `${ranges}, got 5. ${members}`],
    [{ denyList: ['10.0.0.0/33'] }, 'denyList[0]', `${ranges}, got '10.0.0.0/33'. ${members}`],
  ])
})
