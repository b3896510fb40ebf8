import { describe, expect, it } from 'vitest'
import { keySlotOf } from '../../../../src/stores/redis/clients/key-slot.ts'

describe('keySlotOf', () => {
  it('is the CRC of the cluster specification, whose check value is 31C3', () => {
    expect(keySlotOf('123456789')).toBe(0x31c3 % 16_384)
    expect(keySlotOf('')).toBe(0)
  })

  it.each([
    ['{user1000}.following', 'user1000'],
    ['{user1000}.followers', 'user1000'],
    ['foo{{bar}}zap', '{bar'],
    ['foo{bar}{zap}', 'bar'],
  ])('depends only on the text in the first braces: %s', (key, tag) => {
    expect(keySlotOf(key)).toBe(keySlotOf(tag))
    expect(keySlotOf(key)).not.toBe(keySlotOf(`${key}!`.replace(/[{}]/g, '')))
  })

  it.each(['foo{}{bar}', 'foo{bar', 'foo}bar{'])('depends on the whole key if there is no tag: %s', (key) => {
    expect(keySlotOf(key)).not.toBe(keySlotOf('bar'))
    expect(keySlotOf(key)).not.toBe(keySlotOf(''))
    expect(keySlotOf(key)).not.toBe(keySlotOf(`${key}!`))
  })
})
