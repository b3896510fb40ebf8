import assert from 'node:assert/strict'
import type { Limit } from '../../../limits/limit.ts'
import { toleranceMsOf } from './algorithm-bounds.ts'
import type { ConformanceCase, ConformanceGroup } from './conformance-case.ts'
import { HOUR_MS, type TestedStore, WINDOW_MS } from './tested-store.ts'

const DAY_MS = 24 * HOUR_MS

/** The times and windows with which stores of any algorithm make mistakes. */
export const clockCases: ConformanceGroup = () => [clockAtZero, clockSetBack, longWindow, shortWindow]

const clockAtZero: ConformanceCase = {
  title: 'counting works when the clock is at 0',
  async run(tested) {
    tested.clock.set(0)
    const limits = [tested.limit(2)]
    const allowed = await tested.countAllowed(5, 'client', limits)
    assert.equal(allowed, 2, 'At the time 0, as many charges must be allowed as the limit has units.')
    const { retryAfterMs } = await tested.consume('client', limits)
    tested.clock.set(retryAfterMs - 1)
    await tested.assertRefused('A charge must be refused before its retryAfterMs.', 'client', limits)
    tested.clock.set(retryAfterMs)
    await tested.assertAllowed('A charge must be allowed after its retryAfterMs.', 'client', limits)
  },
}

const clockSetBack: ConformanceCase = {
  title:
    'after the clock is set back by an hour, a client gets no new quota, and waits for one window at most',
  async run(tested) {
    const limits = [tested.limit(3)]
    for (const used of [2, 3]) {
      const key = `used ${used} of 3`
      const before = await tested.countAllowed(used, key, limits)
      assert.equal(before, used, 'A charge must be allowed while units remain.')
      tested.clock.set(tested.clock.now() - HOUR_MS)
      const allowed = await tested.countAllowed(5, key, limits)
      // The state of a bucket may be a single time. It does not show when it was written. So a store may take
      // a bucket whose time is too far ahead for an empty bucket.
      const mayBeEmpty = limits[0]?.algorithm === 'token-bucket'
      const isRight = mayBeEmpty ? allowed <= 3 - used : allowed === 3 - used
      const rule = 'Used units must stay used when the clock is set back.'
      assert.ok(isRight, `${rule} Of 3 units ${used} were used, and ${allowed} more were allowed.`)
      await assertShortWait(tested, key, limits)
    }
  },
}

async function assertShortWait(tested: TestedStore, key: string, limits: readonly Limit[]): Promise<void> {
  const { retryAfterMs } = await tested.consume(key, limits)
  const [limit] = limits
  const maxMs = WINDOW_MS + (limit === undefined ? 0 : toleranceMsOf(limit))
  const rule = 'After the clock is set back, retryAfterMs must be at most one window'
  assert.ok(retryAfterMs <= maxMs, `${rule}, ${maxMs} ms. It is ${retryAfterMs} ms.`)
  tested.clock.advance(retryAfterMs)
  await tested.assertAllowed('A charge must be allowed after its retryAfterMs.', key, limits)
}

const longWindow: ConformanceCase = {
  title: 'a window can last 30 days, which is longer than any timer',
  async run(tested) {
    const limit = tested.limit(1, { windowMs: 30 * DAY_MS })
    await tested.assertAllowed('The first charge must be allowed.', 'client', [limit])
    tested.clock.advance(29 * DAY_MS)
    const early = 'A charge must be refused after 29 of the 30 days.'
    const { retryAfterMs } = await tested.assertRefused(early, 'client', [limit])
    const isOneDay = retryAfterMs >= DAY_MS && retryAfterMs <= DAY_MS + toleranceMsOf(limit)
    assert.ok(isOneDay, `After 29 of 30 days retryAfterMs must be one day. It is ${retryAfterMs} ms.`)
    tested.clock.advance(retryAfterMs)
    await tested.assertAllowed('A charge must be allowed after its retryAfterMs.', 'client', [limit])
  },
}

const shortWindow: ConformanceCase = {
  title: 'a window can last one millisecond',
  async run(tested) {
    const limit = tested.limit(3, { windowMs: 1 })
    const allowed = await tested.countAllowed(4, 'client', [limit])
    assert.equal(allowed, 3, 'In a window of one millisecond, as many charges as the limit must be allowed.')
    tested.clock.advance(1 + toleranceMsOf(limit))
    const later = await tested.countAllowed(4, 'client', [limit])
    assert.equal(later, 3, 'After a window of one millisecond, all units must be free again.')
  },
}
