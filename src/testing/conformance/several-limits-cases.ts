import assert from 'node:assert/strict'
import type { ConformanceCase, ConformanceGroup } from './conformance-case.ts'
import { limitOf } from './subject.ts'

const BURST = limitOf(2, { name: 'burst', windowMs: 1000, ttlMs: 90_000 })
const MINUTE = limitOf(3, { name: 'minute', ttlMs: 90_000 })

/** Several limits in one charge: all of them, or none. */
export const severalLimitsCases: ConformanceGroup = (store) =>
  store.capabilities?.severalLimits === true ? [allOrNone, orderFree, latestWait] : []

const allOrNone: ConformanceCase = {
  title: 'charges none of several limits when one refuses',
  async run(subject) {
    const limits = [BURST, MINUTE]
    assert.equal(await subject.admittedOf(4, 'client', limits), 2)
    const refused = await subject.consume('client', limits)
    assert.deepEqual(
      refused.limits.map(({ name, remaining }) => [name, remaining]),
      [
        ['burst', 0],
        ['minute', 1],
      ],
    )
    subject.clock.advance(1000)
    assert.equal(await subject.admittedOf(4, 'client', limits), 1, 'the minute has one left, not less')
  },
}

const orderFree: ConformanceCase = {
  title: 'decides the same in whatever order the limits stand',
  async run(subject) {
    for (const [key, limits] of [
      ['one order', [BURST, MINUTE]],
      ['the other', [MINUTE, BURST]],
    ] as const) {
      assert.equal(await subject.admittedOf(4, key, limits), 2)
      assert.equal((await subject.consume(key, limits)).retryAfterMs, 1000)
    }
  },
}

const latestWait: ConformanceCase = {
  title: 'asks to wait for the last of the limits that refuse',
  async run(subject) {
    const limits = [BURST, MINUTE]
    await subject.consume('client', limits)
    subject.clock.advance(1000)
    await subject.consume('client', limits, 2)
    const { retryAfterMs } = await subject.consume('client', limits)
    assert.equal(retryAfterMs, 59_000, 'both are empty: the minute has 59 seconds to go, the burst one')
  },
}
