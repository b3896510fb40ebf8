import assert from 'node:assert/strict'
import type { ConformanceCase, ConformanceGroup } from './conformance-case.ts'
import { limitOf, WINDOW_MS } from './subject.ts'

/** How much is admitted, and what a refusal does. */
export const countingCases: ConformanceGroup = (store) => [
  firstAdmitted,
  costAllOrNothing,
  promise,
  parallel,
  refusalWritesNothing,
  freshDecisions,
  ...(store.peek === undefined ? [] : [peekTakesNothing]),
]

const firstAdmitted: ConformanceCase = {
  title: 'admits the first L units and refuses the next',
  async run(subject) {
    const limits = [limitOf(5)]
    for (const remaining of [4, 3, 2, 1, 0]) {
      const { allowed, limits: states } = await subject.consume('client', limits)
      assert.equal(allowed, true)
      assert.equal(states[0]?.remaining, remaining)
    }
    const refused = await subject.consume('client', limits)
    assert.equal(refused.allowed, false)
    assert.equal(refused.limits[0]?.remaining, 0)
    assert.equal(refused.receipt, undefined, 'a refusal has no receipt')
  },
}

const costAllOrNothing: ConformanceCase = {
  title: 'takes a cost whole or not at all',
  async run(subject) {
    const limits = [limitOf(10)]
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
    const limits = [limitOf(3)]
    await subject.consume('client', limits)
    subject.clock.advance(10_000)
    await subject.consume('client', limits, 2)
    subject.clock.advance(7_777)
    const { allowed, retryAfterMs } = await subject.consume('client', limits)
    assert.equal(allowed, false)
    subject.clock.advance(retryAfterMs - 1)
    assert.equal((await subject.consume('client', limits)).retryAfterMs, 1, 'one millisecond too early')
    subject.clock.advance(1)
    assert.equal((await subject.consume('client', limits)).allowed, true, 'at the promised instant')
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
      const limits = [limitOf(limit)]
      const key = `client ${asked} of ${limit}`
      const decisions = await Promise.all(Array.from({ length: asked }, () => subject.consume(key, limits)))
      const admitted = decisions.filter(({ allowed }) => allowed)
      assert.equal(admitted.length, Math.min(asked, limit))
      const left = new Set(admitted.map(({ limits: [state] }) => state?.remaining))
      assert.equal(left.size, admitted.length, 'no two admitted charges saw the same remaining')
    }
  },
}

const refusalWritesNothing: ConformanceCase = {
  title: 'writes nothing on a refusal: knocking does not prolong the wait',
  async run(subject) {
    const limits = [limitOf(1)]
    await subject.consume('client', limits)
    for (let second = 1; second < WINDOW_MS / 1000; second++) {
      subject.clock.advance(1000)
      const { allowed, retryAfterMs } = await subject.consume('client', limits)
      assert.equal(allowed, false)
      assert.equal(retryAfterMs, WINDOW_MS - second * 1000)
    }
    subject.clock.advance(1000)
    assert.equal((await subject.consume('client', limits)).allowed, true)
  },
}

const freshDecisions: ConformanceCase = {
  title: 'answers a fresh decision each time, never a live counter',
  async run(subject) {
    const limits = [limitOf(3)]
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
    const limits = [limitOf(2)]
    for (let turn = 0; turn < 5; turn++) {
      const peeked = await subject.peek('client', limits)
      assert.equal(peeked.allowed, true)
      assert.equal(peeked.limits[0]?.remaining, 2)
      assert.equal(peeked.receipt, undefined)
    }
    await subject.consume('client', limits, 2)
    const [peeked, consumed] = [await subject.peek('client', limits), await subject.consume('client', limits)]
    assert.deepEqual(
      [peeked.allowed, peeked.retryAfterMs, peeked.limits],
      [consumed.allowed, consumed.retryAfterMs, consumed.limits],
    )
  },
}
