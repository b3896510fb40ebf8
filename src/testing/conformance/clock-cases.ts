import assert from 'node:assert/strict'
import type { ConformanceCase, ConformanceGroup } from './conformance-case.ts'
import { limitOf, WINDOW_MS } from './subject.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

/** Instants at which stores go wrong. */
export const clockCases: ConformanceGroup = () => [reset, clockZero, clockBack, longWindow, tinyWindow]

const reset: ConformanceCase = {
  title: 'refuses in the instant before the reset and admits at the reset',
  async run(subject) {
    const limits = [limitOf(2)]
    assert.equal(await subject.admittedOf(3, 'client', limits), 2)
    subject.clock.advance(WINDOW_MS - 1)
    assert.equal((await subject.consume('client', limits)).allowed, false)
    subject.clock.advance(1)
    assert.equal(await subject.admittedOf(3, 'client', limits), 2)
  },
}

const clockZero: ConformanceCase = {
  title: 'counts from the instant 0 like from any other',
  async run(subject) {
    subject.clock.set(0)
    const limits = [limitOf(2)]
    assert.equal(await subject.admittedOf(5, 'client', limits), 2)
    assert.equal((await subject.consume('client', limits)).retryAfterMs, WINDOW_MS)
    subject.clock.set(WINDOW_MS)
    assert.equal((await subject.consume('client', limits)).allowed, true)
  },
}

const clockBack: ConformanceCase = {
  title: 'survives a clock that is set back an hour: no new quota, no wait beyond a window',
  async run(subject) {
    const limits = [limitOf(3)]
    assert.equal(await subject.admittedOf(2, 'client', limits), 2)
    subject.clock.advance(-HOUR_MS)
    assert.equal(await subject.admittedOf(5, 'client', limits), 1, 'what was used stays used')
    const { retryAfterMs } = await subject.consume('client', limits)
    assert.ok(retryAfterMs <= WINDOW_MS, `asked to wait ${retryAfterMs} ms for a window of ${WINDOW_MS} ms`)
    subject.clock.advance(retryAfterMs)
    assert.equal((await subject.consume('client', limits)).allowed, true, 'the promise holds all the same')
  },
}

const longWindow: ConformanceCase = {
  title: 'counts in a window of 30 days, longer than any timer',
  async run(subject) {
    const limits = [limitOf(1, { windowMs: 30 * DAY_MS })]
    assert.equal((await subject.consume('client', limits)).allowed, true)
    subject.clock.advance(29 * DAY_MS)
    assert.equal((await subject.consume('client', limits)).retryAfterMs, DAY_MS)
    subject.clock.advance(DAY_MS)
    assert.equal((await subject.consume('client', limits)).allowed, true)
  },
}

const tinyWindow: ConformanceCase = {
  title: 'counts in a window of one millisecond',
  async run(subject) {
    const limits = [limitOf(1, { windowMs: 1 })]
    assert.equal(await subject.admittedOf(2, 'client', limits), 1)
    subject.clock.advance(1)
    assert.equal(await subject.admittedOf(2, 'client', limits), 1)
  },
}
