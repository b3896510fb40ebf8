import { describe, expect, it } from 'vitest'
import { parseAddress } from '../../src/client/address.ts'
import { isPrivateAddress } from '../../src/client/private-networks.ts'

const isPrivate = (text: string): boolean | undefined => {
  const address = parseAddress(text)
  return address === undefined ? undefined : isPrivateAddress(address)
}

describe('private networks', () => {
  // The first and the last address of each range.
  it.each([
    ['127.0.0.0', '127.255.255.255'],
    ['10.0.0.0', '10.255.255.255'],
    ['172.16.0.0', '172.31.255.255'],
    ['192.168.0.0', '192.168.255.255'],
    ['169.254.0.0', '169.254.255.255'],
    ['100.64.0.0', '100.127.255.255'],
    ['fe80::', 'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['::1', '::ffff:127.0.0.1'],
  ])('reach from %s to %s', (first, last) => {
    expect(isPrivate(first)).toBe(true)
    expect(isPrivate(last)).toBe(true)
  })

  // The neighbours of each range, and addresses that look private but are not.
  it.each([
    ['126.255.255.255'],
    ['128.0.0.0'],
    ['9.255.255.255'],
    ['11.0.0.0'],
    ['172.15.255.255'],
    ['172.32.0.0'],
    ['192.167.255.255'],
    ['192.169.0.0'],
    ['169.253.255.255'],
    ['169.255.0.0'],
    ['100.63.255.255'],
    ['100.128.0.0'],
    ['0.0.0.0'],
    ['::'],
    ['::2'],
    ['::7f00:1'],
    ['fbff:ffff::1'],
    ['fe7f::1'],
    ['fec0::1'],
    ['2001:db8::1'],
    ['203.0.113.7'],
  ])('do not contain %s', (text) => {
    expect(isPrivate(text)).toBe(false)
  })
})
