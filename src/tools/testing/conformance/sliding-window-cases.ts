import assert from 'node:assert/strict'
import type { Limit } from '../../../limits/limit.ts'
import { toleranceMsOf } from './algorithm-bounds.ts'
import { type ConformanceCase, type ConformanceGroup, showsSettlements } from './conformance-case.ts'
import { refundTraceCase, traceCase } from './random-trace.ts'
import { type TestedStore, WINDOW_MS } from './tested-store.ts'

/**
 * Any stretch of the length of the window has at most the limit. A store may keep a log of every charge. It
 * may also count charges together until the last of them is one window old.
 */
export const slidingWindowCases: ConformanceGroup = (store) => [
  unitsComeBackOneByOne,
  resetOfTheOldest,
  randomTrace,
  ...(showsSettlements(store) ? [refundsItsUnits, refundsForOneWindow, refundTrace] : []),
]

const unitsComeBackOneByOne: ConformanceCase = {
  title: 'each unit comes back one window after it was taken, and not together with the others',
  async run(tested) {
    const limit = tested.limit(4)
    const lateMs = toleranceMsOf(limit)
    const startMs = tested.clock.now()
    for (const [atMs, charges, expected] of [
      [0, 1, 1],
      [WINDOW_MS / 3, 1, 1],
      [WINDOW_MS - 1, 3, 2],
      [WINDOW_MS + lateMs, 4, 1],
      [WINDOW_MS + WINDOW_MS / 3 + lateMs, 4, 1],
      [2 * WINDOW_MS - 2, 4, 0],
      [2 * WINDOW_MS - 1 + lateMs, 4, 2],
    ] as const) {
      tested.clock.set(startMs + atMs)
      const allowed = await tested.countAllowed(charges, 'client', [limit])
      const rule = 'A unit must come back one window after it was taken.'
      assert.equal(allowed, expected, `${rule} Units that must be free after ${atMs} ms: ${expected}.`)
    }
  },
}

const resetOfTheOldest: ConformanceCase = {
  title: 'resetMs is the time until the oldest units come back',
  async run(tested) {
    const limit = tested.limit(3)
    for (const [passedMs, leftMs] of [
      [0, WINDOW_MS],
      [20_000, 40_000],
      [20_000, 20_000],
      [30_000, 10_000],
    ] as const) {
      tested.clock.advance(passedMs)
      const { limits } = await tested.consume('client', [limit])
      const resetMs = Number(limits[0]?.resetMs)
      const isInTime = resetMs >= leftMs && resetMs <= leftMs + toleranceMsOf(limit)
      const rule = 'resetMs must be the time until the oldest units come back'
      assert.ok(isInTime, `${rule}, ${leftMs} ms. It is ${resetMs} ms.`)
    }
  },
}

const traceLimits = (tested: TestedStore): readonly Limit[] => [tested.limit(10, { windowMs: 1000 })]

const randomTrace: ConformanceCase = traceCase(
  'in a random trace, no window allows more than the limit, and no unit counts for more than 9/8 of a window',
  traceLimits,
)

const refundTrace: ConformanceCase = refundTraceCase(
  'in a random trace with refunds, no window has more kept charges than the limit',
  traceLimits,
)

const refundsItsUnits: ConformanceCase = {
  title:
    'settle() to 0 gives back the units of its receipt, and other units still come back at their own time',
  async run(tested) {
    const limit = tested.limit(10)
    const assertRemaining = async (expected: number, rule: string): Promise<void> =>
      assert.equal(await tested.remaining('client', [limit]), expected, rule)
    await tested.receiptOf([limit], 2)
    tested.clock.advance(WINDOW_MS / 4)
    const receipt = await tested.receiptOf([limit], 3)
    tested.clock.advance(WINDOW_MS / 4)
    await tested.receiptOf([limit], 4)
    await tested.store.settle?.(receipt, 0)
    await assertRemaining(4, 'A refund must give back the units of its charge at once.')
    tested.clock.advance(WINDOW_MS / 2 + toleranceMsOf(limit))
    await assertRemaining(6, 'A refund must not change when the units of an older charge come back.')
    tested.clock.advance(WINDOW_MS / 4)
    await assertRemaining(6, 'Refunded units must not come back a second time.')
    tested.clock.advance(WINDOW_MS / 4)
    await assertRemaining(10, 'A refund must not change when the units of a newer charge come back.')
  },
}

const refundsForOneWindow: ConformanceCase = {
  title: 'settle() to 0 ignores a receipt whose units have already come back',
  async run(tested) {
    const limit = tested.limit(10)
    const oldReceipt = await tested.receiptOf([limit], 3)
    tested.clock.advance(WINDOW_MS + toleranceMsOf(limit))
    const receipt = await tested.receiptOf([limit], 4)
    await tested.store.settle?.(oldReceipt, 0)
    const afterOld = await tested.remaining('client', [limit])
    assert.equal(afterOld, 6, 'A receipt whose units have come back must give nothing back.')
    tested.clock.advance(WINDOW_MS - 1)
    await tested.store.settle?.(receipt, 0)
    const afterCurrent = await tested.remaining('client', [limit])
    assert.equal(afterCurrent, 10, 'A receipt must be good for one window.')
  },
}
