import { describe, expect, it } from 'vitest'
import { RedisReceipt } from '../../../src/stores/redis/redis-receipt.ts'
import { limitOf } from '../../support/charges.ts'

describe('RedisReceipt', () => {
  const store = {}
  const taken = { store, key: 'client', limits: [limitOf(3)], cost: 2, marks: [[1, 0, 0]] }

  it('is known from anything that looks like it', () => {
    const receipt = new RedisReceipt(taken)
    expect(RedisReceipt.isOf(store, receipt)).toBe(true)
    const forged = [{}, { ...receipt }, structuredClone(receipt), Object.create(receipt), [], () => receipt]
    for (const object of forged) expect(RedisReceipt.isOf(store, object)).toBe(false)
    expect(RedisReceipt.isOf(store, Object.setPrototypeOf({ ...taken }, RedisReceipt.prototype))).toBe(false)
  })

  it('is known from those of another store', () => {
    expect(RedisReceipt.isOf({}, new RedisReceipt(taken))).toBe(false)
  })

  it('is spent once', () => {
    const receipt = new RedisReceipt(taken)
    expect(receipt.spend()).toBe(taken)
    expect(receipt.spend()).toBeUndefined()
  })

  it('shows nothing of what it holds', () => {
    expect(Object.keys(new RedisReceipt(taken))).toEqual([])
    expect(JSON.stringify(new RedisReceipt(taken))).toBe('{}')
  })
})
