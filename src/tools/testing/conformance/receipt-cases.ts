import assert from 'node:assert/strict'
import { type ConformanceCase, type ConformanceGroup, showsSettlements } from './conformance-case.ts'

/** The rules of refunds that are the same for all algorithms. */
export const receiptCases: ConformanceGroup = (store) => {
  if (!showsSettlements(store)) return []
  const cases = [refundsTheCharge, refundsOnce, neverAboveTheLimit]
  return store.reset === undefined ? cases : [...cases, notAfterReset]
}

const refundsTheCharge: ConformanceCase = {
  title: 'settle() to 0 gives back exactly the units of the charge',
  async run(tested) {
    const limits = [tested.limit(10)]
    await tested.receiptOf(limits, 2)
    const receipt = await tested.receiptOf(limits, 5)
    await tested.receiptOf(limits, 1)
    await tested.store.settle?.(receipt, 0)
    const remaining = await tested.remaining('client', limits)
    assert.equal(remaining, 7, 'A refund must give back the units of its charge, and no others.')
  },
}

const refundsOnce: ConformanceCase = {
  title: 'settle() to 0 gives back a charge only once',
  async run(tested) {
    const limits = [tested.limit(10)]
    await tested.receiptOf(limits, 6)
    const receipt = await tested.receiptOf(limits, 2)
    await Promise.all([1, 2, 3].map(() => tested.store.settle?.(receipt, 0)))
    await tested.store.settle?.(receipt, 0)
    const remaining = await tested.remaining('client', limits)
    assert.equal(remaining, 4, 'A receipt must be good for one refund only.')
  },
}

const neverAboveTheLimit: ConformanceCase = {
  title: 'settle() to 0 never leaves a client with more units than the limit',
  async run(tested) {
    const limits = [tested.limit(5)]
    const receipts = [await tested.receiptOf(limits, 2), await tested.receiptOf(limits, 3)]
    for (const receipt of [...receipts, ...receipts]) await tested.store.settle?.(receipt, 0)
    const remaining = await tested.remaining('client', limits)
    assert.equal(remaining, 5, 'After all charges are refunded, remaining must be the limit.')
    const allowed = await tested.countAllowed(7, 'client', limits)
    assert.equal(allowed, 5, 'After refunds, a client must have as many units as the limit, and no more.')
  },
}

const notAfterReset: ConformanceCase = {
  title: 'settle() to 0 ignores the receipt of a charge that a reset() has forgotten',
  async run(tested) {
    const limits = [tested.limit(10)]
    const oldReceipt = await tested.receiptOf(limits, 3)
    await tested.store.reset?.('client')
    await tested.receiptOf(limits, 4)
    await tested.store.settle?.(oldReceipt, 0)
    const remaining = await tested.remaining('client', limits)
    assert.equal(remaining, 6, 'A receipt from before a reset must give nothing back.')
  },
}
