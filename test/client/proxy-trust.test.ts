import type { RateLimiterError } from 'express-tollgate'
import { describe, expect, it } from 'vitest'
import { compileTrust, type TrustFunction, type TrustProxyOption } from '../../src/client/proxy-trust.ts'
import { thrownBy } from '../support/thrown-by.ts'
import { resolvedClient } from './resolved-client.ts'

const CLIENT = '198.51.100.1'

/** The client that is charged if `peer` forwards a request of `CLIENT`. */
function chargedClient(peer: string, trustProxy: TrustProxyOption, xForwardedFor: string = CLIENT): string {
  return resolvedClient({ peer, trustProxy, headers: { 'x-forwarded-for': xForwardedFor } })
}

function errorOf(option: unknown): RateLimiterError {
  return thrownBy(() => compileTrust(option as TrustProxyOption))
}

const MEMBER_REMEDY =
  "Give addresses or CIDRs such as '10.0.0.5' or '10.0.0.0/8', or 'loopback', 'linklocal', 'uniquelocal'."
const HOPS_REMEDY = 'Give the number of proxies in front of this app, from 0 to 64.'
const FORMS = 'trustProxy: takes a boolean, a number of hops, addresses or a function'
const FORMS_REMEDY = "Give 1 for one proxy on a private network, or its address, such as '10.0.0.5'."
const MEMBERS = 'trustProxy: takes addresses, CIDRs and names of networks'
const EVERYBODY = 'trustProxy: trusts every address'
const EVERYBODY_REMEDY = 'Give the addresses of your proxies, or true for private networks.'
const MAPPED_REMEDY = 'Write it as IPv4, such as 10.0.0.0/8.'

describe('a wrong trustProxy is rejected', () => {
  it.each<[unknown, string]>([
    ['1', `${MEMBERS}, got '1'. For a number of hops give the number 1 without quotes.`],
    ['0', `${MEMBERS}, got '0'. For a number of hops give the number 0 without quotes.`],
    // More than the largest number of hops, so the remedy does not suggest the number.
    ['65', `${MEMBERS}, got '65'. ${MEMBER_REMEDY}`],
    ['true', `${MEMBERS}, got 'true'. Give the boolean true without quotes.`],
    ['false', `${MEMBERS}, got 'false'. Give the boolean false without quotes.`],
    ['', `${MEMBERS}, got ''. ${MEMBER_REMEDY}`],
    [' ', `${MEMBERS}, got ''. ${MEMBER_REMEDY}`],
    [[''], `${MEMBERS}, got ''. ${MEMBER_REMEDY}`],
    ['loopback,,10.0.0.1', `${MEMBERS}, got ''. ${MEMBER_REMEDY}`],
    ['loopback,', `${MEMBERS}, got ''. ${MEMBER_REMEDY}`],
    ['Loopback', `${MEMBERS}, got 'Loopback'. Did you mean 'loopback'? ${MEMBER_REMEDY}`],
    ['unique-local', `${MEMBERS}, got 'unique-local'. Did you mean 'uniquelocal'? ${MEMBER_REMEDY}`],
    ['constructor', `${MEMBERS}, got 'constructor'. ${MEMBER_REMEDY}`],
    ['proxy.example.com', `${MEMBERS}, got 'proxy.example.com'. ${MEMBER_REMEDY}`],
    ['10.0.0.1:80', `${MEMBERS}, got '10.0.0.1:80'. ${MEMBER_REMEDY}`],
    ['10.0.0.0/33', `${MEMBERS}, got '10.0.0.0/33'. ${MEMBER_REMEDY}`],
    ['::ffff:10.0.0.0/8', `${MEMBERS}, got '::ffff:10.0.0.0/8'. ${MAPPED_REMEDY}`],
    ['64:ff9b::/95', `${MEMBERS}, got '64:ff9b::/95'. ${MAPPED_REMEDY}`],
    ['::ffff:0:0/96', `${MEMBERS}, got '::ffff:0:0/96'. ${MAPPED_REMEDY}`],
    // Spellings of IPv4 that other parsers read in different ways.
    ['010.0.0.1', `${MEMBERS}, got '010.0.0.1'. ${MEMBER_REMEDY}`],
    ['0x7f.1', `${MEMBERS}, got '0x7f.1'. ${MEMBER_REMEDY}`],
    ['2130706433', `${MEMBERS}, got '2130706433'. ${MEMBER_REMEDY}`],
    ['0.0.0.0/0', `${EVERYBODY}, got '0.0.0.0/0'. ${EVERYBODY_REMEDY}`],
    ['::/0', `${EVERYBODY}, got '::/0'. ${EVERYBODY_REMEDY}`],
    ['10.0.0.1, ::/0', `${EVERYBODY}, got '::/0'. ${EVERYBODY_REMEDY}`],
    [Number.NaN, `trustProxy: takes a whole number of hops, got NaN. ${HOPS_REMEDY}`],
    [-1, `trustProxy: takes a whole number of hops, got -1. ${HOPS_REMEDY}`],
    [1.5, `trustProxy: takes a whole number of hops, got 1.5. ${HOPS_REMEDY}`],
    [Number.POSITIVE_INFINITY, `trustProxy: takes a whole number of hops, got Infinity. ${HOPS_REMEDY}`],
    [65, `trustProxy: takes a whole number of hops, got 65. ${HOPS_REMEDY}`],
    [{}, `${FORMS}, got {}. ${FORMS_REMEDY}`],
    [null, `${FORMS}, got null. ${FORMS_REMEDY}`],
    [[1], `trustProxy: takes strings in its array, got 1. ${MEMBER_REMEDY}`],
    [['10.0.0.1', true], `trustProxy: takes strings in its array, got true. ${MEMBER_REMEDY}`],
  ])('%j', (option, message) => {
    const error = errorOf(option)
    expect(error.message).toBe(message)
    expect(error).toMatchObject({ code: 'invalid_option', option: 'trustProxy' })
  })
})

describe('addresses and ranges', () => {
  it('can be members of a string or of an array, with blanks around them', () => {
    const members = ['10.0.0.1', '192.168.0.0/24', '2001:db8::/32', 'loopback']
    for (const option of [members, members.join(','), members.join(' , ')]) {
      expect(chargedClient('10.0.0.1', option)).toBe(CLIENT)
      expect(chargedClient('192.168.0.77', option)).toBe(CLIENT)
      expect(chargedClient('2001:db8:1::1', option)).toBe(CLIENT)
      expect(chargedClient('::1', option)).toBe(CLIENT)
      expect(chargedClient('10.0.0.2', option)).toBe('10.0.0.2')
      expect(chargedClient('192.168.1.1', option)).toBe('192.168.1.1')
    }
  })

  it('are trusted in the header as they are at the socket', () => {
    const header = `6.6.6.6, ${CLIENT}, 10.0.0.2`
    expect(chargedClient('10.0.0.1', ['10.0.0.1', '10.0.0.2'], header)).toBe(CLIENT)
    expect(chargedClient('10.0.0.1', '10.0.0.1', header)).toBe('10.0.0.2')
  })

  it('can be public, such as the address of the load balancer of a provider', () => {
    expect(chargedClient('203.0.113.7', '203.0.113.7')).toBe(CLIENT)
  })
})

describe('a number of hops', () => {
  it.each([
    [0, '10.0.0.1'],
    [1, '203.0.113.9'],
    [2, CLIENT],
    [3, '6.6.6.6'],
    [64, '6.6.6.6'],
  ])('of %i finds the client %s', (hops, client) => {
    expect(chargedClient('10.0.0.1', hops, `6.6.6.6, ${CLIENT}, 203.0.113.9`)).toBe(client)
  })

  it('applies only to peers in private networks: another peer did not pass the proxies', () => {
    expect(chargedClient('203.0.113.7', 1)).toBe('203.0.113.7')
    expect(chargedClient('2001:db8::7', 64)).toBe('2001:db8::7')
    expect(chargedClient('fd00::1', 1)).toBe(CLIENT)
    expect(chargedClient('::ffff:10.0.0.1', 1)).toBe(CLIENT)
    expect(chargedClient('100.64.0.1', 1)).toBe(CLIENT)
  })
})

describe('a trust function', () => {
  it('gets the canonical address and the number of the hop', () => {
    const asked: [string, number][] = []
    const trustProxy: TrustFunction = (address, hop) => {
      asked.push([address, hop])
      return true
    }
    chargedClient('::ffff:10.0.0.1', trustProxy, '6.6.6.6, [2001:DB8:0::1]:443, 10.0.0.2:80')
    expect(asked).toEqual([
      ['10.0.0.1', 0],
      ['10.0.0.2', 1],
      ['2001:db8::1', 2],
      ['6.6.6.6', 3],
    ])
  })

  it.each<[string, unknown]>([
    ['1', 1],
    ["'true'", 'true'],
    ['an object', {}],
    ['undefined', undefined],
  ])('that returns %s trusts no proxy', (_what, result) => {
    expect(chargedClient('10.0.0.1', (() => result) as TrustFunction)).toBe('10.0.0.1')
  })

  it('that is async trusts no proxy, even if its promise resolves to true', () => {
    expect(chargedClient('10.0.0.1', (async () => true) as unknown as TrustFunction)).toBe('10.0.0.1')
  })

  it('that is async and rejects trusts no proxy, and does not end the process', async () => {
    const rejections: unknown[] = []
    const collect = (reason: unknown): void => {
      rejections.push(reason)
    }
    process.on('unhandledRejection', collect)
    const rejecting = (() => Promise.reject(new Error('no list'))) as unknown as TrustFunction
    expect(chargedClient('10.0.0.1', rejecting)).toBe('10.0.0.1')
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', collect)
    expect(rejections).toEqual([])
  })

  it('can throw, and the caller gets the error', () => {
    const thrown = new Error('no list of proxies')
    const trustProxy: TrustFunction = () => {
      throw thrown
    }
    expect(() => chargedClient('10.0.0.1', trustProxy)).toThrow(thrown)
  })
})

it.each(['Adapter', 'adaptor', 'ADAPTER'])('names the member adapter in the error for %s', (member) => {
  for (const option of [member, ['loopback', member]]) {
    expect(() => compileTrust(option)).toThrow("Behind an adapter for functions give 'adapter'.")
  }
})
