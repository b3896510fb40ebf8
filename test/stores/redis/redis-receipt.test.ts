import { describe, expect, it } from 'vitest'
import { RedisReceipt } from '../../../src/stores/redis/redis-receipt.ts'
import { limitOf } from '../../support/charges.ts'

describe('RedisReceipt', () => {
  const store = {}
  const charge = { store, key: 'client', limits: [limitOf(3)], records: [[2, 1]] as const }

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

  it('settles in the order of the calls, each time from what was recorded before', async () => {
    const receipt = new RedisReceipt(charge)
    const sent: unknown[] = []
    const settle = (cost: number, recorded = cost): Promise<number> =>
      receipt.settle(cost, async (records) => {
        sent.push(records)
        await new Promise((resolve) => setImmediate(resolve))
        return [[recorded, 1]]
      })
    expect(await Promise.all([settle(5), settle(9, 7), settle(3)])).toEqual([5, 7, 3])
    expect(sent).toEqual([[[2, 1]], [[5, 1]], [[7, 1]]])
    expect(await settle(0)).toBe(0)
    expect(await settle(8)).toBe(0)
    expect(sent).toHaveLength(4)
  })

  it('settles at once unless a settlement is underway', async () => {
    const receipt = new RedisReceipt(charge)
    const sent: number[] = []
    const settle = (cost: number): Promise<number> =>
      receipt.settle(cost, async () => {
        sent.push(cost)
        return [[cost, 1]]
      })
    for (const cost of [5, 3]) {
      const settled = settle(cost)
      expect(sent.at(-1)).toBe(cost)
      const next = settle(cost + 1)
      expect(sent.at(-1)).toBe(cost)
      await Promise.all([settled, next])
    }
    expect(sent).toEqual([5, 6, 3, 4])
  })

  it('settles no more after a settlement without an answer', async () => {
    const receipt = new RedisReceipt(charge)
    const lost = new Error('lost')
    await expect(receipt.settle(5, () => Promise.reject(lost))).rejects.toBe(lost)
    const send = (): never => {
      throw new Error('sent')
    }
    expect(await receipt.settle(1, send)).toBe(2)
  })

  it('does not show its charge', () => {
    expect(Object.keys(new RedisReceipt(charge))).toEqual([])
    expect(JSON.stringify(new RedisReceipt(charge))).toBe('{}')
  })
})
