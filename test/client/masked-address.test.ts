import { describe, expect, it } from 'vitest'
import { maskedAddress } from '../../src/client/masked-address.ts'

describe('a masked address', () => {
  it.each([
    ['203.0.113.7', '203.0.113.x'],
    ['::ffff:203.0.113.7', '203.0.113.x'],
    ['2001:db8:1:100::/56', '2001:db8::/32'],
    ['2001:db8::1', '2001:db8::/32'],
    ['::1', '::/32'],
  ])('of %s is %s', (key, masked) => {
    expect(maskedAddress(key)).toBe(masked)
  })

  it.each(['unknown', 'user:alice@example.com', 'host.1', ''])('is undefined for %s', (key) => {
    expect(maskedAddress(key)).toBeUndefined()
  })
})
