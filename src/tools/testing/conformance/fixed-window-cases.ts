import assert from 'node:assert/strict'
import { type ConformanceCase, type ConformanceGroup, showsRefunds } from './conformance-case.ts'
import { traceCase } from './random-trace.ts'
import { WINDOW_MS } from './subject.ts'

/** A window that opens with the first charge, and ends at once for all that was taken in it. */
export const fixedWindowCases: ConformanceGroup = (store) => [
  reset,
  countdown,
  trace,
  ...(showsRefunds(store) ? [onlyItsWindow] : []),
]

const reset: ConformanceCase = {
  title: 'refuses in the instant before the reset and admits L at the reset',
  async run(subject) {
    const limits = [subject.limit(2)]
    assert.equal(await subject.admittedOf(3, 'client', limits), 2)
    subject.clock.advance(WINDOW_MS - 1)
    assert.equal((await subject.consume('client', limits)).allowed, false)
    subject.clock.advance(1)
    assert.equal(await subject.admittedOf(3, 'client', limits), 2)
  },
}

const countdown: ConformanceCase = {
  title: 'counts down to the end of the window that the first charge opened',
  async run(subject) {
    const limits = [subject.limit(3)]
    for (const passedMs of [0, 20_000, 40_000, WINDOW_MS - 1]) {
      const { limits: states } = await subject.consume('client', limits)
      assert.equal(states[0]?.resetMs, WINDOW_MS - passedMs, `resetMs ${passedMs} ms after the first charge`)
      subject.clock.advance(passedMs === 40_000 ? 19_999 : 20_000)
    }
  },
}

const trace: ConformanceCase = traceCase(
  'admits in each window of a random trace what the limit has, no more and no less',
  (subject) => [subject.limit(10, { windowMs: 1000 })],
)

const onlyItsWindow: ConformanceCase = {
  title: 'honours a receipt in the window of its charge, and in no later one',
  async run(subject) {
    const limits = [subject.limit(10)]
    const old = await subject.receipt(limits, 3)
    subject.clock.advance(WINDOW_MS)
    const current = await subject.receipt(limits, 4)
    await subject.store.refund?.(old)
    assert.equal(await subject.remaining('client', limits), 6, 'an old receipt is worth nothing')
    subject.clock.advance(WINDOW_MS - 1)
    await subject.store.refund?.(current)
    assert.equal(await subject.remaining('client', limits), 10, 'a receipt is good until its window ends')
  },
}
