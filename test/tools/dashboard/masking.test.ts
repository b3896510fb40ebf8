import { describe, expect, it } from 'vitest'
import { masker, showWhole } from '../../../src/tools/dashboard/masking.ts'

const mask = masker(Buffer.from('a secret of the test'))

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
  ])('of %s reads %s', (key, text) => {
    expect(mask(key).text).toBe(text)
    expect(mask(key).tag).toMatch(/^[0-9a-f]{6}$/)
  })

  it('has a tag that tells it from others, and that another process makes differently', () => {
    expect(mask('203.0.113.7')).toEqual(mask('203.0.113.7'))
    expect(mask('203.0.113.7').tag).not.toBe(mask('203.0.113.8').tag)
    expect(masker()('203.0.113.7').tag).not.toBe(masker()('203.0.113.7').tag)
  })

  it('stays as it is where it names nobody', () => {
    expect(mask('unknown')).toEqual({ text: 'unknown', tag: '' })
  })
})

describe('a key that is shown whole', () => {
  it('loses what would hide its neighbours, and nothing else', () => {
    expect(showWhole('203.0.113.7')).toEqual({ text: '203.0.113.7', tag: '' })
    expect(showWhole('a\u0000b\u202ec').text).toBe('a\ufffdb\ufffdc')
  })
})
