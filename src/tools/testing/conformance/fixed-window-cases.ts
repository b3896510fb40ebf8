import assert from 'node:assert/strict'
import { type ConformanceCase, type ConformanceGroup, showsSettlements } from './conformance-case.ts'
import { traceCase } from './random-trace.ts'
import { WINDOW_MS } from './tested-store.ts'

/** A window opens with the first charge. At its end all of its units are free at once. */
export const fixedWindowCases: ConformanceGroup = (store) => [
  resetsAtTheEnd,
  resetMsCountsDown,
  randomTrace,
  ...(showsSettlements(store) ? [refundsInItsWindow] : []),
]

const resetsAtTheEnd: ConformanceCase = {
  title: 'a window refuses until its last millisecond, and the next window has the full limit',
  async run(tested) {
    const limits = [tested.limit(2)]
    const rule = 'A window must allow as many charges as the limit has units.'
    assert.equal(await tested.countAllowed(3, 'client', limits), 2, rule)
    tested.clock.advance(WINDOW_MS - 1)
    const early = 'A charge must be refused one millisecond before the window ends.'
    await tested.assertRefused(early, 'client', limits)
    tested.clock.advance(1)
    const allowed = await tested.countAllowed(3, 'client', limits)
    assert.equal(allowed, 2, 'All units, and no more, must be free at the end of the window.')
  },
}

const resetMsCountsDown: ConformanceCase = {
  title: 'resetMs counts down to the end of the window that the first charge opened',
  async run(tested) {
    const limits = [tested.limit(3)]
    for (const passedMs of [0, 20_000, 40_000, WINDOW_MS - 1]) {
      const { limits: states } = await tested.consume('client', limits)
      const rule = 'resetMs must be the time until the end of the window that the first charge opened.'
      assert.equal(states[0]?.resetMs, WINDOW_MS - passedMs, `${rule} ${passedMs} ms have passed.`)
      tested.clock.advance(passedMs === 40_000 ? 19_999 : 20_000)
    }
  },
}

const randomTrace: ConformanceCase = traceCase(
  'in a random trace, each window allows as many units as the limit has, and no more',
  (tested) => [tested.limit(10, { windowMs: 1000 })],
)

const refundsInItsWindow: ConformanceCase = {
  title: 'settle() to 0 gives a charge back in the window of the charge, and in no later window',
  async run(tested) {
    const limits = [tested.limit(10)]
    const oldReceipt = await tested.receiptOf(limits, tested.cost(3))
    tested.clock.advance(WINDOW_MS)
    await tested.use('client', limits, 4 - tested.cost(2))
    const receipt = await tested.receiptOf(limits, tested.cost(2))
    await tested.store.settle?.(oldReceipt, 0)
    const afterOld = await tested.remaining('client', limits)
    assert.equal(afterOld, 6, 'The receipt of an earlier window must give nothing back.')
    tested.clock.advance(WINDOW_MS - 1)
    await tested.store.settle?.(receipt, 0)
    const afterCurrent = await tested.remaining('client', limits)
    assert.equal(afterCurrent, 6 + tested.cost(2), 'A receipt must be good until its window ends.')
  },
}
