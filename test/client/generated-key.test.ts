import { describe, expect, it } from 'vitest'
import { generatedKey } from '../../src/client/generated-key.ts'
import { createRateLimiter, type RateLimiterOptions } from '../../src/index.ts'
import { exchange } from '../request/exchange.ts'
import { type EmittedWarning, emittedBy } from '../support/emitted-warnings.ts'

function warningsFor(
  key: string | Promise<string>,
  options: RateLimiterOptions = {},
): Promise<EmittedWarning[]> {
  const limiter = createRateLimiter({ ...options, name: 'api', keyGenerator: () => key })
  return emittedBy(async () => {
    for (const _ of [1, 2]) {
      const { req, res } = exchange()
      await new Promise<void>((resolve) => limiter(req, res, () => resolve()))
    }
  })
}

describe('threat 39: a keyGenerator', () => {
  it.each([
    '2001:db8::1',
    '::1',
    'FE80::1%eth0',
    Promise.resolve('2001:db8::1'),
    '2001:db8::1:login',
    'login:2001:db8::1',
    'login:::1',
    '2001:db8:::login',
    'POST /login 2001:db8:0:0:0:0:0:1',
    '2001:db8::1/login',
    '2001:db8::1|user@example.com',
  ])('that returns a key with an IPv6 address causes one warning: %o', async (key) => {
    expect(await warningsFor(key)).toEqual([
      {
        code: 'TOLLGATE_UNGROUPED_IPV6_KEY',
        message:
          "The keyGenerator of the limiter 'api' returned a key with an IPv6 address, so that a client gets a new quota with each of its addresses. In place of the address, use the third argument, which is the client key, or clientKey(req.ip).",
      },
    ])
  })

  it.each([
    '2001:db8::/56',
    '203.0.113.7',
    '::ffff:203.0.113.7',
    '64:ff9b::203.0.113.7',
    'user:7',
    'a',
    '7',
    '2001:db8:1::/56:login',
    'login:2001:db8:1::/56',
    '203.0.113.7:login',
    'login:::ffff:203.0.113.7',
    'tenant:7:user:12',
    'urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
    '12:30:00',
    'aa:bb:cc:dd:ee:ff',
  ])('that returns %j causes none', async (key) => {
    expect(await warningsFor(key)).toEqual([])
  })

  it.each([
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:DB8:0::1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['203.0.113.7', '203.0.113.7'],
    ['2001:db8::/56', '2001:db8::/56'],
    ['user:7', 'user:7'],
    ['', ''],
  ])('that returns %j charges %j', (key, charged) => {
    expect(generatedKey(key)).toBe(charged)
  })

  it('causes none where every IPv6 address is a client of its own', async () => {
    expect(await warningsFor('2001:db8::1', { ipv6Subnet: 128 })).toEqual([])
  })
})
