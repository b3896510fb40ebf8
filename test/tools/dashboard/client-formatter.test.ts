import { describe, expect, it } from 'vitest'
import { createMaskingFormatter, formatInFull } from '../../../src/tools/dashboard/client-formatter.ts'

const mask = createMaskingFormatter(Buffer.from('a secret of the test'))

describe('a masked key', () => {
  it.each([
    ['203.0.113.7', '203.0.113.x'],
    ['::ffff:203.0.113.7', '203.0.113.x'],
    ['2001:db8:1:2::/56', '2001:db8::/32'],
    ['2001:db8:1:2::3', '2001:db8::/32'],
    ['user:alice@example.com', 'us...'],
    ['alice', '...'],
    ['\u{1f600}\u{1f600}\u{1f600}\u{1f600}\u{1f600}', '\u{1f600}\u{1f600}...'],
    ['\u202eabcdefgh', '\ufffda...'],
  ])('of %s is %s', (key, text) => {
    expect(mask(key).text).toBe(text)
    expect(mask(key).tag).toMatch(/^[0-9a-f]{6}$/)
  })

  it('has a tag that differs from the tags of other keys and of other processes', () => {
    expect(mask('203.0.113.7')).toEqual(mask('203.0.113.7'))
    expect(mask('203.0.113.7').tag).not.toBe(mask('203.0.113.8').tag)
    expect(createMaskingFormatter()('203.0.113.7').tag).not.toBe(createMaskingFormatter()('203.0.113.7').tag)
  })

  it('is the key itself if the client is unknown', () => {
    expect(mask('unknown')).toEqual({ text: 'unknown', tag: '' })
  })
})

describe('a key that is shown in full', () => {
  it('loses only the characters that would hide the text beside it', () => {
    expect(formatInFull('203.0.113.7')).toEqual({ text: '203.0.113.7', tag: '' })
    expect(formatInFull('a\u0000b\u202ec').text).toBe('a\ufffdb\ufffdc')
  })
})
