import assert from 'node:assert/strict'
import type { Limit } from '../../../limits/limit.ts'
import { latenessMs } from './algorithm-bounds.ts'
import type { ConformanceCase, ConformanceGroup } from './conformance-case.ts'
import { HOUR_MS, type Subject, WINDOW_MS } from './subject.ts'

const DAY_MS = 24 * HOUR_MS

/** Instants at which stores go wrong, whatever counts. */
export const clockCases: ConformanceGroup = () => [clockZero, clockBack, longWindow, tinyWindow]

const clockZero: ConformanceCase = {
  title: 'counts from the instant 0 like from any other',
  async run(subject) {
    subject.clock.set(0)
    const limits = [subject.limit(2)]
    assert.equal(await subject.admittedOf(5, 'client', limits), 2)
    const { retryAfterMs } = await subject.consume('client', limits)
    subject.clock.set(retryAfterMs - 1)
    assert.equal((await subject.consume('client', limits)).allowed, false)
    subject.clock.set(retryAfterMs)
    assert.equal((await subject.consume('client', limits)).allowed, true)
  },
}

const clockBack: ConformanceCase = {
  title: 'survives a clock that is set back an hour: no new quota, no wait beyond a window',
  async run(subject) {
    const limits = [subject.limit(3)]
    for (const used of [2, 3]) {
      const key = `used ${used} of 3`
      assert.equal(await subject.admittedOf(used, key, limits), used)
      subject.clock.advance(-HOUR_MS)
      const admitted = await subject.admittedOf(5, key, limits)
      // All that a bucket need remember is one instant, which does not tell when it was written: where that
      // lies too far ahead, a store may take the bucket for empty.
      const isVague = limits[0]?.algorithm === 'token-bucket'
      const asItShould = isVague ? admitted <= 3 - used : admitted === 3 - used
      assert.ok(asItShould, `what was used stays used: ${3 - used} left, and ${admitted} admitted`)
      await waitsNoLonger(subject, key, limits)
    }
  },
}

async function waitsNoLonger(subject: Subject, key: string, limits: readonly Limit[]): Promise<void> {
  const { retryAfterMs } = await subject.consume(key, limits)
  const [limit] = limits
  const longestMs = WINDOW_MS + (limit === undefined ? 0 : latenessMs(limit))
  assert.ok(retryAfterMs <= longestMs, `asked to wait ${retryAfterMs} ms for a window of ${WINDOW_MS} ms`)
  subject.clock.advance(retryAfterMs)
  assert.equal((await subject.consume(key, limits)).allowed, true, 'the promise holds all the same')
}

const longWindow: ConformanceCase = {
  title: 'counts in a window of 30 days, longer than any timer',
  async run(subject) {
    const limit = subject.limit(1, { windowMs: 30 * DAY_MS })
    assert.equal((await subject.consume('client', [limit])).allowed, true)
    subject.clock.advance(29 * DAY_MS)
    const { allowed, retryAfterMs } = await subject.consume('client', [limit])
    assert.equal(allowed, false, 'refused after 29 days')
    assert.ok(retryAfterMs >= DAY_MS, `a day is left, and not ${retryAfterMs} ms`)
    assert.ok(retryAfterMs <= DAY_MS + latenessMs(limit), `a day is left, and not ${retryAfterMs} ms`)
    subject.clock.advance(retryAfterMs)
    assert.equal((await subject.consume('client', [limit])).allowed, true)
  },
}

const tinyWindow: ConformanceCase = {
  title: 'counts in a window of one millisecond',
  async run(subject) {
    const limit = subject.limit(3, { windowMs: 1 })
    assert.equal(await subject.admittedOf(4, 'client', [limit]), 3)
    subject.clock.advance(1 + latenessMs(limit))
    assert.equal(await subject.admittedOf(4, 'client', [limit]), 3)
  },
}
