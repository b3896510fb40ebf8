import assert from 'node:assert/strict'
import type { Receipt } from '../../limits/decision.ts'
import type { Limit } from '../../limits/limit.ts'
import type { ConformanceCase, ConformanceGroup } from './conformance-case.ts'
import { limitOf, type Subject, WINDOW_MS } from './subject.ts'

/** What a receipt is good for, and what it is not. */
export const receiptCases: ConformanceGroup = (store) => {
  if (store.refund === undefined || store.peek === undefined) return []
  const cases = [givesBack, onlyOnce, onlyItsWindow, neverNegative]
  return store.reset === undefined ? cases : [...cases, notAfterReset]
}

async function charge(subject: Subject, limits: readonly Limit[], cost = 1): Promise<Receipt> {
  const { receipt } = await subject.consume('client', limits, cost)
  assert.ok(receipt !== undefined, 'an admitted charge has a receipt')
  return receipt
}

const givesBack: ConformanceCase = {
  title: 'gives back exactly what the receipt was written for',
  async run(subject) {
    const limits = [limitOf(10)]
    await charge(subject, limits, 2)
    const receipt = await charge(subject, limits, 5)
    await charge(subject, limits, 1)
    await subject.store.refund?.(receipt)
    assert.equal(await subject.remaining('client', limits), 7)
  },
}

const onlyOnce: ConformanceCase = {
  title: 'honours a receipt once',
  async run(subject) {
    const limits = [limitOf(10)]
    await charge(subject, limits, 6)
    const receipt = await charge(subject, limits, 2)
    await Promise.all([1, 2, 3].map(() => subject.store.refund?.(receipt)))
    await subject.store.refund?.(receipt)
    assert.equal(await subject.remaining('client', limits), 4)
  },
}

const onlyItsWindow: ConformanceCase = {
  title: 'honours a receipt in the window of its charge, and in no later one',
  async run(subject) {
    const limits = [limitOf(10)]
    const old = await charge(subject, limits, 3)
    subject.clock.advance(WINDOW_MS)
    const current = await charge(subject, limits, 4)
    await subject.store.refund?.(old)
    assert.equal(await subject.remaining('client', limits), 6, 'an old receipt is worth nothing')
    await subject.store.refund?.(current)
    assert.equal(await subject.remaining('client', limits), 10)
  },
}

const notAfterReset: ConformanceCase = {
  title: 'does not honour a receipt of before a reset',
  async run(subject) {
    const limits = [limitOf(10)]
    const old = await charge(subject, limits, 3)
    await subject.store.reset?.('client')
    await charge(subject, limits, 4)
    await subject.store.refund?.(old)
    assert.equal(await subject.remaining('client', limits), 6)
  },
}

const neverNegative: ConformanceCase = {
  title: 'never leaves more than the limit, whatever is refunded',
  async run(subject) {
    const limits = [limitOf(5)]
    const receipts = [await charge(subject, limits, 2), await charge(subject, limits, 3)]
    for (const receipt of [...receipts, ...receipts]) await subject.store.refund?.(receipt)
    assert.equal(await subject.remaining('client', limits), 5)
    assert.equal(await subject.admittedOf(7, 'client', limits), 5)
  },
}
