import assert from 'node:assert/strict'
import { latenessMs } from './algorithm-bounds.ts'
import type { ConformanceCase, ConformanceGroup } from './conformance-case.ts'
import { WINDOW_MS } from './subject.ts'

/** How much is admitted, and what a refusal does: the same whatever counts. */
export const countingCases: ConformanceGroup = (store) => [
  firstAdmitted,
  costAllOrNothing,
  promise,
  repeat,
  parallel,
  refusalTakesNothing,
  freshDecisions,
  ...(store.peek === undefined ? [] : [peekTakesNothing]),
]

const firstAdmitted: ConformanceCase = {
  title: 'admits the first L units and refuses the next',
  async run(subject) {
    const limits = [subject.limit(5)]
    for (const remaining of [4, 3, 2, 1, 0]) {
      const { allowed, limits: states } = await subject.consume('client', limits)
      assert.equal(allowed, true)
      assert.equal(states[0]?.remaining, remaining)
    }
    const refused = await subject.consume('client', limits)
    assert.equal(refused.allowed, false)
    assert.equal(refused.limits[0]?.remaining, 0)
  },
}

const costAllOrNothing: ConformanceCase = {
  title: 'takes a cost whole or not at all',
  async run(subject) {
    const limits = [subject.limit(10)]
    assert.equal((await subject.consume('client', limits, 7)).limits[0]?.remaining, 3)
    const refused = await subject.consume('client', limits, 4)
    assert.equal(refused.allowed, false)
    assert.equal(refused.limits[0]?.remaining, 3, 'nothing of a refused cost is taken')
    assert.equal((await subject.consume('client', limits, 3)).allowed, true)
  },
}

const promise: ConformanceCase = {
  title: 'keeps its promise: refused until retryAfterMs, admitted at it',
  async run(subject) {
    const limit = subject.limit(3)
    const limits = [limit]
    for (const cost of [1, 2, 3]) {
      const key = `client of ${cost}`
      await subject.consume(key, limits)
      subject.clock.advance(10_000)
      await subject.consume(key, limits, 2)
      subject.clock.advance(7_777)
      const { allowed, retryAfterMs, limits: states } = await subject.consume(key, limits, cost)
      assert.equal(allowed, false)
      const earlyMs = retryAfterMs - Number(states[0]?.resetMs)
      const inTime = earlyMs >= 0 && earlyMs <= latenessMs(limit)
      if (cost === 1)
        assert.ok(inTime, `the reset brings the next unit, and not ${earlyMs} ms before it is due`)
      subject.clock.advance(retryAfterMs - 1)
      assert.equal((await subject.consume(key, limits, cost)).retryAfterMs, 1, 'one millisecond too early')
      subject.clock.advance(1)
      assert.equal((await subject.consume(key, limits, cost)).allowed, true, 'at the promised instant')
    }
  },
}

const repeat: ConformanceCase = {
  title: 'says rightly when an admitted charge could be repeated, where it says so',
  async run(subject) {
    const limits = [subject.limit(5)]
    for (const cost of [3, 1, 1]) {
      const { allowed, repeatAfterMs } = await subject.consume('client', limits, cost)
      assert.equal(allowed, true)
      subject.clock.advance(1234)
      if (repeatAfterMs === undefined) continue
      const { retryAfterMs } = await subject.consume('client', limits, cost)
      assert.equal(retryAfterMs, repeatAfterMs - 1234, `repeatAfterMs of a charge of ${cost}`)
    }
  },
}

const parallel: ConformanceCase = {
  title: 'admits exactly min(N, L) of N charges in parallel',
  async run(subject) {
    for (const [asked, limit] of [
      [100, 7],
      [7, 100],
      [50, 50],
    ] as const) {
      const limits = [subject.limit(limit)]
      const key = `client ${asked} of ${limit}`
      const decisions = await Promise.all(Array.from({ length: asked }, () => subject.consume(key, limits)))
      const admitted = decisions.filter(({ allowed }) => allowed)
      assert.equal(admitted.length, Math.min(asked, limit))
      const left = new Set(admitted.map(({ limits: [state] }) => state?.remaining))
      assert.equal(left.size, admitted.length, 'no two admitted charges saw the same remaining')
    }
  },
}

const refusalTakesNothing: ConformanceCase = {
  title: 'takes nothing on a refusal: knocking does not prolong the wait',
  async run(subject) {
    const limits = [subject.limit(1)]
    await subject.consume('client', limits)
    const { retryAfterMs: waitMs } = await subject.consume('client', limits)
    for (let passedMs = 1000; passedMs < waitMs; passedMs += 1000) {
      subject.clock.advance(1000)
      const { allowed, retryAfterMs } = await subject.consume('client', limits)
      assert.equal(allowed, false)
      assert.equal(retryAfterMs, waitMs - passedMs, `after ${passedMs} ms of knocking`)
    }
    subject.clock.advance(1000)
    assert.equal((await subject.consume('client', limits)).allowed, true)
  },
}

const freshDecisions: ConformanceCase = {
  title: 'answers a fresh decision each time, never a live counter',
  async run(subject) {
    const limits = [subject.limit(3)]
    const first = await subject.consume('client', limits)
    const before = JSON.stringify(first.limits)
    const second = await subject.consume('client', limits)
    assert.notEqual(first, second)
    assert.equal(JSON.stringify(first.limits), before, 'an answer changes no more once it is given')
  },
}

const peekTakesNothing: ConformanceCase = {
  title: 'peeks without taking anything, and says what consume would say',
  async run(subject) {
    const limits = [subject.limit(2)]
    for (let turn = 0; turn < 5; turn++) {
      const peeked = await subject.peek('client', limits)
      assert.equal(peeked.allowed, true)
      assert.equal(peeked.limits[0]?.remaining, 2)
      assert.equal(peeked.receipt, undefined, 'nothing was taken that a receipt could give back')
    }
    await subject.consume('client', limits, 2)
    subject.clock.advance(WINDOW_MS / 10)
    const [peeked, consumed] = [await subject.peek('client', limits), await subject.consume('client', limits)]
    assert.deepEqual(
      [peeked.allowed, peeked.retryAfterMs, peeked.limits],
      [consumed.allowed, consumed.retryAfterMs, consumed.limits],
    )
  },
}
