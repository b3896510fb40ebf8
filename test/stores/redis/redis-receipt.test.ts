import { describe, expect, it } from 'vitest'
import { RedisReceipt } from '../../../src/stores/redis/redis-receipt.ts'
import { limitOf } from '../../support/charges.ts'

describe('RedisReceipt', () => {
  const store = {}
  const charge = { store, key: 'client', limits: [limitOf(3)], cost: 2, receiptNumbers: [[1, 0, 0]] }

  it('is distinguished from imitations', () => {
    const receipt = new RedisReceipt(charge)
    expect(RedisReceipt.isOf(store, receipt)).toBe(true)
    const imitations = [
      {},
      { ...receipt },
      structuredClone(receipt),
      Object.create(receipt),
      [],
      () => receipt,
    ]
    for (const object of imitations) expect(RedisReceipt.isOf(store, object)).toBe(false)
    expect(RedisReceipt.isOf(store, Object.setPrototypeOf({ ...charge }, RedisReceipt.prototype))).toBe(false)
  })

  it('is distinguished from receipts of another store', () => {
    expect(RedisReceipt.isOf({}, new RedisReceipt(charge))).toBe(false)
  })

  it('is spent once', () => {
    const receipt = new RedisReceipt(charge)
    expect(receipt.spend()).toBe(charge)
    expect(receipt.spend()).toBeUndefined()
  })

  it('does not show its charge', () => {
    expect(Object.keys(new RedisReceipt(charge))).toEqual([])
    expect(JSON.stringify(new RedisReceipt(charge))).toBe('{}')
  })
})
