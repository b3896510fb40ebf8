import assert from 'node:assert/strict'
import type { Limit } from '../../../limits/limit.ts'
import { latenessMs } from './algorithm-bounds.ts'
import { type ConformanceCase, type ConformanceGroup, showsRefunds } from './conformance-case.ts'
import { refundTraceCase, traceCase } from './random-trace.ts'
import { type Subject, WINDOW_MS } from './subject.ts'

/**
 * No stretch of a window's length with more than the limit, wherever it begins. A store may keep a log of
 * every charge, or count what was taken together until the last of it is a window old.
 */
export const slidingWindowCases: ConformanceGroup = (store) => [
  oneAfterAnother,
  oldestReset,
  trace,
  ...(showsRefunds(store) ? [ownUnits, worthlessLater, refundTrace] : []),
]

const oneAfterAnother: ConformanceCase = {
  title: 'lets every unit come back a window after it was taken, not all of them at once',
  async run(subject) {
    const limit = subject.limit(4)
    const lateMs = latenessMs(limit)
    const startMs = subject.clock.now()
    for (const [atMs, asked, admitted] of [
      [0, 1, 1],
      [WINDOW_MS / 3, 1, 1],
      [WINDOW_MS - 1, 3, 2],
      [WINDOW_MS + lateMs, 4, 1],
      [WINDOW_MS + WINDOW_MS / 3 + lateMs, 4, 1],
      [2 * WINDOW_MS - 2, 4, 0],
      [2 * WINDOW_MS - 1 + lateMs, 4, 2],
    ] as const) {
      subject.clock.set(startMs + atMs)
      assert.equal(
        await subject.admittedOf(asked, 'client', [limit]),
        admitted,
        `units admitted at ${atMs} ms`,
      )
    }
  },
}

const oldestReset: ConformanceCase = {
  title: 'resets when the oldest units come back',
  async run(subject) {
    const limit = subject.limit(3)
    for (const [passedMs, leftMs] of [
      [0, WINDOW_MS],
      [20_000, 40_000],
      [20_000, 20_000],
      [30_000, 10_000],
    ] as const) {
      subject.clock.advance(passedMs)
      const { limits } = await subject.consume('client', [limit])
      const lateMs = Number(limits[0]?.resetMs) - leftMs
      assert.ok(lateMs >= 0 && lateMs <= latenessMs(limit), `resetMs of ${leftMs} ms is ${lateMs} ms late`)
    }
  },
}

const someLimit = (subject: Subject): readonly Limit[] => [subject.limit(10, { windowMs: 1000 })]

const trace: ConformanceCase = traceCase(
  'admits at most L in any window of a random trace, and lets no unit weigh an eighth of it too long',
  someLimit,
)

const refundTrace: ConformanceCase = refundTraceCase(
  'admits at most L that are kept in any window of a random trace, whatever is refunded',
  someLimit,
)

const ownUnits: ConformanceCase = {
  title: 'gives back the units of the receipt, and those of other charges neither sooner nor later',
  async run(subject) {
    const limit = subject.limit(10)
    await subject.receipt([limit], 2)
    subject.clock.advance(WINDOW_MS / 4)
    const receipt = await subject.receipt([limit], 3)
    subject.clock.advance(WINDOW_MS / 4)
    await subject.receipt([limit], 4)
    await subject.store.refund?.(receipt)
    assert.equal(await subject.remaining('client', [limit]), 4, 'at once')
    subject.clock.advance(WINDOW_MS / 2 + latenessMs(limit))
    assert.equal(await subject.remaining('client', [limit]), 6, 'when the first charge is a window old')
    subject.clock.advance(WINDOW_MS / 4)
    assert.equal(await subject.remaining('client', [limit]), 6, 'when the refunded one would be a window old')
    subject.clock.advance(WINDOW_MS / 4)
    assert.equal(await subject.remaining('client', [limit]), 10, 'when the last one is a window old')
  },
}

const worthlessLater: ConformanceCase = {
  title: 'does not honour a receipt whose units have come back by themselves',
  async run(subject) {
    const limit = subject.limit(10)
    const old = await subject.receipt([limit], 3)
    subject.clock.advance(WINDOW_MS + latenessMs(limit))
    const current = await subject.receipt([limit], 4)
    await subject.store.refund?.(old)
    assert.equal(await subject.remaining('client', [limit]), 6, 'an old receipt is worth nothing')
    subject.clock.advance(WINDOW_MS - 1)
    await subject.store.refund?.(current)
    assert.equal(await subject.remaining('client', [limit]), 10, 'a receipt is good for a window')
  },
}
