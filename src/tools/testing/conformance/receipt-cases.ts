import assert from 'node:assert/strict'
import { type ConformanceCase, type ConformanceGroup, showsRefunds } from './conformance-case.ts'

/** What a receipt is good for, and what it is not, whatever counts. */
export const receiptCases: ConformanceGroup = (store) => {
  if (!showsRefunds(store)) return []
  const cases = [givesBack, onlyOnce, neverNegative]
  return store.reset === undefined ? cases : [...cases, notAfterReset]
}

const givesBack: ConformanceCase = {
  title: 'gives back exactly what the receipt was written for',
  async run(subject) {
    const limits = [subject.limit(10)]
    await subject.receipt(limits, 2)
    const receipt = await subject.receipt(limits, 5)
    await subject.receipt(limits, 1)
    await subject.store.refund?.(receipt)
    assert.equal(await subject.remaining('client', limits), 7)
  },
}

const onlyOnce: ConformanceCase = {
  title: 'honours a receipt once',
  async run(subject) {
    const limits = [subject.limit(10)]
    await subject.receipt(limits, 6)
    const receipt = await subject.receipt(limits, 2)
    await Promise.all([1, 2, 3].map(() => subject.store.refund?.(receipt)))
    await subject.store.refund?.(receipt)
    assert.equal(await subject.remaining('client', limits), 4)
  },
}

const neverNegative: ConformanceCase = {
  title: 'never leaves more than the limit, whatever is refunded',
  async run(subject) {
    const limits = [subject.limit(5)]
    const receipts = [await subject.receipt(limits, 2), await subject.receipt(limits, 3)]
    for (const receipt of [...receipts, ...receipts]) await subject.store.refund?.(receipt)
    assert.equal(await subject.remaining('client', limits), 5)
    assert.equal(await subject.admittedOf(7, 'client', limits), 5)
  },
}

const notAfterReset: ConformanceCase = {
  title: 'does not honour a receipt of before a reset',
  async run(subject) {
    const limits = [subject.limit(10)]
    const old = await subject.receipt(limits, 3)
    await subject.store.reset?.('client')
    await subject.receipt(limits, 4)
    await subject.store.refund?.(old)
    assert.equal(await subject.remaining('client', limits), 6)
  },
}
