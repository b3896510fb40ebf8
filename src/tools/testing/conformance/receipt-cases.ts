import assert from 'node:assert/strict'
import type { Receipt } from '../../../limits/decision.ts'
import {
  type ConformanceCase,
  type ConformanceGroup,
  countsUnitsOnly,
  showsSettlements,
} from './conformance-case.ts'
import { WINDOW_MS } from './tested-store.ts'

/** The rules of settlements that are the same for all algorithms. */
export const receiptCases: ConformanceGroup = (store) => {
  if (!showsSettlements(store)) return []
  const settlements = [
    givesBackTheRest,
    takesMoreThanIsLeft,
    neverMoreThanTheDebt,
    lastValueWins,
    lateChangesNothing,
  ]
  const cases = [
    refundsTheCharge,
    refundsOnce,
    neverAboveTheLimit,
    refundsAfterRefusals,
    ...(countsUnitsOnly(store) ? [] : settlements),
  ]
  return store.reset === undefined ? cases : [...cases, notAfterReset]
}

const refundsTheCharge: ConformanceCase = {
  title: 'settle() to 0 gives back exactly the units of the charge',
  async run(tested) {
    const limits = [tested.limit(10)]
    await tested.use('client', limits, 2)
    const receipt = await tested.receiptOf(limits, tested.cost(5))
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
    await tested.use('client', limits, 6)
    const receipt = await tested.receiptOf(limits, tested.cost(2))
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
    const costs = [tested.cost(2), tested.cost(3)]
    const receipts: Receipt[] = []
    for (const cost of costs) receipts.push(await tested.receiptOf(limits, cost))
    for (const receipt of [...receipts, ...receipts]) await tested.store.settle?.(receipt, 0)
    const remaining = await tested.remaining('client', limits)
    assert.equal(remaining, 5, 'After all charges are refunded, remaining must be the limit.')
    const allowed = await tested.countAllowed(7, 'client', limits)
    assert.equal(allowed, 5, 'After refunds, a client must have as many units as the limit, and no more.')
  },
}

const refundsAfterRefusals: ConformanceCase = {
  title: 'settle() to 0 gives back a charge also after refusals, because they took nothing',
  async run(tested) {
    const limits = [tested.limit(3)]
    await tested.use('client', limits, 2)
    const receipt = await tested.receiptOf(limits)
    for (let refusal = 1; refusal <= 3; refusal++) {
      await tested.assertRefused('A charge must be refused when no units remain.', 'client', limits)
    }
    await tested.store.settle?.(receipt, 0)
    const remaining = await tested.remaining('client', limits)
    assert.equal(remaining, 1, 'After refusals, a refund must give back the units of its charge.')
    await tested.assertAllowed('A charge must be allowed after a refund.', 'client', limits)
  },
}

const notAfterReset: ConformanceCase = {
  title: 'settle() to 0 ignores the receipt of a charge that a reset() has forgotten',
  async run(tested) {
    const limits = [tested.limit(10)]
    const oldReceipt = await tested.receiptOf(limits, tested.cost(3))
    await tested.store.reset?.('client')
    await tested.use('client', limits, 4)
    await tested.store.settle?.(oldReceipt, 0)
    const remaining = await tested.remaining('client', limits)
    assert.equal(remaining, 6, 'A receipt from before a reset must give nothing back.')
  },
}

const givesBackTheRest: ConformanceCase = {
  title: 'settle() to less gives back exactly the difference, and answers what is recorded',
  async run(tested) {
    const limits = [tested.limit(10)]
    const receipt = await tested.receiptOf(limits, 6)
    await tested.receiptOf(limits, 2)
    const recorded = await tested.store.settle?.(receipt, 1)
    assert.equal(recorded, 1, 'settle() must answer the units that are recorded now.')
    const remaining = await tested.remaining('client', limits)
    assert.equal(remaining, 7, 'A settlement to less must give back the difference, and no more.')
  },
}

const takesMoreThanIsLeft: ConformanceCase = {
  title: 'settle() to more takes also what is not left, and the client waits for it',
  async run(tested) {
    const limits = [tested.limit(10)]
    const receipt = await tested.receiptOf(limits, 2)
    await tested.receiptOf(limits, 3)
    const recorded = await tested.store.settle?.(receipt, 9)
    assert.equal(recorded, 9, 'settle() must record more than is left.')
    const rule = 'A client that owes units must be refused.'
    const { retryAfterMs, limits: states } = await tested.assertRefused(rule, 'client', limits)
    assert.equal(states[0]?.remaining, 0, 'A client that owes units must have 0 remaining.')
    tested.clock.advance(retryAfterMs - 1)
    await tested.assertRefused(
      'A client that owes units must be refused before its retryAfterMs.',
      'client',
      limits,
    )
    tested.clock.advance(1)
    await tested.assertAllowed('A client must be allowed after its retryAfterMs.', 'client', limits)
  },
}

const neverMoreThanTheDebt: ConformanceCase = {
  title: 'settle() takes no more than leads to a debt of maxDebt units',
  async run(tested) {
    for (const maxDebt of [undefined, 0, 4]) {
      const limits = [tested.limit(10, { name: `debt ${maxDebt}`, maxDebt })]
      const receipt = await tested.receiptOf(limits, 3)
      await tested.receiptOf(limits, 5)
      const recorded = await tested.store.settle?.(receipt, 1000)
      const rule = 'A settlement must record what is left and maxDebt. maxDebt is one capacity by default.'
      assert.equal(recorded, 5 + (maxDebt ?? 10), rule)
    }
  },
}

const lastValueWins: ConformanceCase = {
  title: 'the last of several settlements of a charge is valid',
  async run(tested) {
    const limits = [tested.limit(10)]
    const receipt = await tested.receiptOf(limits, 4)
    for (const cost of [8, 8, 2, 12, 6]) await tested.store.settle?.(receipt, cost)
    assert.equal(
      await tested.remaining('client', limits),
      4,
      'The last settlement of a charge must be valid.',
    )
    await Promise.all([9, 1, 5].map((cost) => tested.store.settle?.(receipt, cost)))
    const rule = 'Of settlements at the same time, the last call must be valid.'
    assert.equal(await tested.remaining('client', limits), 5, rule)
    await tested.store.settle?.(receipt, 0)
    const afterRefund = await tested.store.settle?.(receipt, 3)
    assert.equal(afterRefund, 0, 'A settlement to 0 must be final.')
    assert.equal(await tested.remaining('client', limits), 10, 'A settlement to 0 must be final.')
  },
}

const lateChangesNothing: ConformanceCase = {
  title: 'settle() changes no window after that of the charge',
  async run(tested) {
    const limits = [tested.limit(10)]
    const receipt = await tested.receiptOf(limits, 4)
    tested.clock.advance(WINDOW_MS)
    await tested.receiptOf(limits, 3)
    // A store may count a charge for a little longer than a window.
    const left = await tested.remaining('client', limits)
    const recorded = await tested.store.settle?.(receipt, 9)
    assert.equal(recorded, 4, 'A settlement after the window must answer what was recorded in the window.')
    const remaining = await tested.remaining('client', limits)
    assert.equal(remaining, left, 'A settlement must not change a later window.')
  },
}
