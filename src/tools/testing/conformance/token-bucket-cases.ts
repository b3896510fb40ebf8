import assert from 'node:assert/strict'
import type { Limit } from '../../../limits/limit.ts'
import { type ConformanceCase, type ConformanceGroup, showsRefunds } from './conformance-case.ts'
import { refundTraceCase, traceCase } from './random-trace.ts'
import { HOUR_MS, type Subject, WINDOW_MS } from './subject.ts'

/** A burst at once, and one unit back every `windowMs / limit`. */
export const tokenBucketCases: ConformanceGroup = (store) => [
  burstThenRate,
  fillsUp,
  regainsReset,
  noDrift,
  trace,
  ...(showsRefunds(store) ? [notTwice, refundTrace] : []),
]

/** Of ten units a window: the bucket that holds less, as much and more. */
const BURSTS: readonly number[] = [3, 10, 25]

const burstThenRate: ConformanceCase = {
  title: 'admits the burst at once, then one unit every windowMs / limit',
  async run(subject) {
    const unitMs = WINDOW_MS / 10
    for (const burst of BURSTS) {
      const limits = [subject.limit(10, { burst })]
      const key = `burst of ${burst}`
      assert.equal(await subject.admittedOf(burst + 3, key, limits), burst, `${key} at once`)
      for (let turn = 0; turn < 12; turn++) {
        assert.equal((await subject.consume(key, limits)).retryAfterMs, unitMs, `${key}: the time to a unit`)
        subject.clock.advance(unitMs - 1)
        assert.equal((await subject.consume(key, limits)).allowed, false, `${key}: a millisecond too early`)
        subject.clock.advance(1)
        assert.equal(await subject.admittedOf(2, key, limits), 1, `${key}: one unit is back, and only one`)
      }
    }
  },
}

const fillsUp: ConformanceCase = {
  title: 'fills up to the burst and no further, and remembers a client until then',
  async run(subject) {
    for (const burst of BURSTS) {
      const limits = [subject.limit(10, { burst })]
      const key = `burst of ${burst}`
      assert.equal((await subject.consume(key, limits, burst)).allowed, true)
      subject.clock.advance(burst * (WINDOW_MS / 10) - 1)
      await subject.others(20)
      assert.equal(await subject.admittedOf(burst, key, limits), burst - 1, `${key}: one short of full`)
      subject.clock.advance(HOUR_MS)
      assert.equal(await subject.admittedOf(burst + 3, key, limits), burst, `${key}: full, after an hour`)
    }
  },
}

const regainsReset: ConformanceCase = {
  title: 'resets in the time that it takes to regain what remains, or the next unit where nothing does',
  async run(subject) {
    const unitMs = WINDOW_MS / 6
    const limits = [subject.limit(6)]
    for (const [cost, remaining, resetMs] of [
      [2, 4, 4 * unitMs],
      // Half a unit has come back.
      [1, 3, 3 * unitMs],
      [4, 0, unitMs],
    ] as const) {
      const { limits: states } = await subject.consume('client', limits, cost)
      assert.deepEqual(
        [states[0]?.remaining, states[0]?.resetMs],
        [remaining, resetMs],
        `after ${cost} units`,
      )
      subject.clock.advance(unitMs / 2)
    }
  },
}

const noDrift: ConformanceCase = {
  title: 'keeps its rate: 7 units in every second, although 7 does not divide it',
  async run(subject) {
    const limits = [subject.limit(7, { windowMs: 1000 })]
    const startMs = subject.clock.now()
    assert.equal(await subject.admittedOf(7, 'client', limits), 7)
    for (let second = 1; second <= 100; second++) {
      for (let unit = 0; unit < 7; unit++) {
        subject.clock.advance((await subject.consume('client', limits)).retryAfterMs)
        assert.equal((await subject.consume('client', limits)).allowed, true)
      }
      const lateMs = subject.clock.now() - startMs - second * 1000
      assert.ok(lateMs >= 0 && lateMs <= 1, `after ${second} s of units as they come: ${lateMs} ms late`)
    }
  },
}

const someLimit = (subject: Subject): readonly Limit[] => [subject.limit(7, { windowMs: 1000, burst: 9 })]

const trace: ConformanceCase = traceCase(
  'admits B + floor(d / T) in any interval d of a random trace, no more and no less',
  someLimit,
)

const refundTrace: ConformanceCase = refundTraceCase(
  'admits at most B + floor(d / T) that are kept in any interval d of a random trace, where one is refunded at a time',
  someLimit,
)

const notTwice: ConformanceCase = {
  title: 'gives back only what has not come back by itself',
  async run(subject) {
    const limits = [subject.limit(6)]
    const old = await subject.receipt(limits, 3)
    subject.clock.advance(2 * (WINDOW_MS / 6))
    await subject.receipt(limits, 2)
    assert.equal(await subject.remaining('client', limits), 3)
    await subject.store.refund?.(old)
    assert.equal(await subject.remaining('client', limits), 4, 'two of three units had come back')
    const later = await subject.receipt(limits, 4)
    subject.clock.advance(WINDOW_MS)
    await subject.receipt(limits, 2)
    await subject.store.refund?.(later)
    assert.equal(await subject.remaining('client', limits), 4, 'all units had come back')
  },
}
