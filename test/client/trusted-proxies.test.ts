import { RateLimiterError } from 'express-tollgate'
import { describe, expect, it } from 'vitest'
import { compileTrust, type TrustFunction, type TrustProxyOption } from '../../src/client/trusted-proxies.ts'
import { resolvedClient } from './resolved-client.ts'

const CLIENT = '198.51.100.1'

/** Who is charged when `peer` forwards a request of the client's. */
function charged(peer: string, trustProxy: TrustProxyOption, xForwardedFor: string = CLIENT): string {
  return resolvedClient({ peer, trustProxy, headers: { 'x-forwarded-for': xForwardedFor } })
}

function errorOf(option: unknown): RateLimiterError {
  try {
    compileTrust(option as TrustProxyOption)
  } catch (error) {
    if (error instanceof RateLimiterError) return error
    throw error
  }
  throw new Error('no error')
}

const MEMBER_REMEDY =
  "Give addresses or CIDRs such as '10.0.0.5' or '10.0.0.0/8', or 'loopback', 'linklocal', 'uniquelocal'."
const HOPS_REMEDY = 'Give a number from 0 to 64: how many proxies stand in front of this app.'
const FORMS = 'trustProxy: takes a boolean, hops, addresses or a function'
const FORMS_REMEDY = "Give 1 for one proxy on a private network, or its address, such as '10.0.0.5'."
const MEMBERS = 'trustProxy: takes addresses, CIDRs and names of networks'
const EVERYBODY = 'trustProxy: trusts every address there is'
const EVERYBODY_REMEDY = 'Give the addresses of your proxies, or true.'
const MAPPED_REMEDY = 'Write it as IPv4, such as 10.0.0.0/8.'

describe('a trustProxy that is a mistake', () => {
  it.each<[unknown, string]>([
    ['1', `${MEMBERS}, got '1'. For a number of hops give the number 1 without quotes.`],
    ['0', `${MEMBERS}, got '0'. For a number of hops give the number 0 without quotes.`],
    // More than there can be hops: no advice to give a number that would be the next mistake.
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
    // Spellings of IPv4 that other parsers read, each in its own way.
    ['010.0.0.1', `${MEMBERS}, got '010.0.0.1'. ${MEMBER_REMEDY}`],
    ['0x7f.1', `${MEMBERS}, got '0x7f.1'. ${MEMBER_REMEDY}`],
    ['2130706433', `${MEMBERS}, got '2130706433'. ${MEMBER_REMEDY}`],
    ['0.0.0.0/0', `${EVERYBODY}, got '0.0.0.0/0'. ${EVERYBODY_REMEDY}`],
    ['::/0', `${EVERYBODY}, got '::/0'. ${EVERYBODY_REMEDY}`],
    ['10.0.0.1, ::/0', `${EVERYBODY}, got '::/0'. ${EVERYBODY_REMEDY}`],
    [Number.NaN, `trustProxy: as a number of hops takes a whole number, got NaN. ${HOPS_REMEDY}`],
    [-1, `trustProxy: as a number of hops takes a whole number, got -1. ${HOPS_REMEDY}`],
    [1.5, `trustProxy: as a number of hops takes a whole number, got 1.5. ${HOPS_REMEDY}`],
    [
      Number.POSITIVE_INFINITY,
      `trustProxy: as a number of hops takes a whole number, got Infinity. ${HOPS_REMEDY}`,
    ],
    [65, `trustProxy: as a number of hops takes a whole number, got 65. ${HOPS_REMEDY}`],
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
  it('are members of a string or of an array, with blanks around them', () => {
    const members = ['10.0.0.1', '192.168.0.0/24', '2001:db8::/32', 'loopback']
    for (const option of [members, members.join(','), members.join(' , ')]) {
      expect(charged('10.0.0.1', option)).toBe(CLIENT)
      expect(charged('192.168.0.77', option)).toBe(CLIENT)
      expect(charged('2001:db8:1::1', option)).toBe(CLIENT)
      expect(charged('::1', option)).toBe(CLIENT)
      expect(charged('10.0.0.2', option)).toBe('10.0.0.2')
      expect(charged('192.168.1.1', option)).toBe('192.168.1.1')
    }
  })

  it('are trusted on the way as they are at the socket', () => {
    const header = `6.6.6.6, ${CLIENT}, 10.0.0.2`
    expect(charged('10.0.0.1', ['10.0.0.1', '10.0.0.2'], header)).toBe(CLIENT)
    expect(charged('10.0.0.1', '10.0.0.1', header)).toBe('10.0.0.2')
  })

  it('may be public: a load balancer of a provider has such an address', () => {
    expect(charged('203.0.113.7', '203.0.113.7')).toBe(CLIENT)
  })
})

describe('a number of hops', () => {
  it.each([
    [0, '10.0.0.1'],
    [1, '203.0.113.9'],
    [2, CLIENT],
    [3, '6.6.6.6'],
    [64, '6.6.6.6'],
  ])('of %i', (hops, client) => {
    expect(charged('10.0.0.1', hops, `6.6.6.6, ${CLIENT}, 203.0.113.9`)).toBe(client)
  })

  it('holds for peers on private networks only: any other went around the proxies', () => {
    expect(charged('203.0.113.7', 1)).toBe('203.0.113.7')
    expect(charged('2001:db8::7', 64)).toBe('2001:db8::7')
    expect(charged('fd00::1', 1)).toBe(CLIENT)
    expect(charged('::ffff:10.0.0.1', 1)).toBe(CLIENT)
    expect(charged('100.64.0.1', 1)).toBe(CLIENT)
  })
})

describe('a trust function', () => {
  it('is asked with the canonical address and the number of the hop', () => {
    const asked: [string, number][] = []
    const trustProxy: TrustFunction = (address, hop) => {
      asked.push([address, hop])
      return true
    }
    charged('::ffff:10.0.0.1', trustProxy, '6.6.6.6, [2001:DB8:0::1]:443, 10.0.0.2:80')
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
  ])('that returns %s trusts nobody', (_what, result) => {
    expect(charged('10.0.0.1', (() => result) as TrustFunction)).toBe('10.0.0.1')
  })

  it('that is async trusts nobody: a promise is no answer, however it will end', () => {
    expect(charged('10.0.0.1', (async () => true) as unknown as TrustFunction)).toBe('10.0.0.1')
  })

  it('that is async and rejects trusts nobody either, and does not end the process', async () => {
    const rejections: unknown[] = []
    const collect = (reason: unknown): void => {
      rejections.push(reason)
    }
    process.on('unhandledRejection', collect)
    const rejecting = (() => Promise.reject(new Error('no list'))) as unknown as TrustFunction
    expect(charged('10.0.0.1', rejecting)).toBe('10.0.0.1')
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', collect)
    expect(rejections).toEqual([])
  })

  it('may throw: the error goes to whoever asked', () => {
    const broken = new Error('no list of proxies')
    const trustProxy: TrustFunction = () => {
      throw broken
    }
    expect(() => charged('10.0.0.1', trustProxy)).toThrow(broken)
  })
})
