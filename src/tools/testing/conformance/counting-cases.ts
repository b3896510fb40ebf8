import assert from 'node:assert/strict'
import { toleranceMsOf } from './algorithm-bounds.ts'
import { type ConformanceCase, type ConformanceGroup, countsUnitsOnly } from './conformance-case.ts'
import { WINDOW_MS } from './tested-store.ts'

/** The rules of counting that are the same for all algorithms. */
export const countingCases: ConformanceGroup = (store) => [
  allowsTheLimit,
  ...(countsUnitsOnly(store) ? [] : [wholeCost]),
  retryAfter,
  repeatAfter,
  parallelCharges,
  refusalTakesNothing,
  newDecisions,
  ...(store.peek === undefined ? [] : [peekTakesNothing]),
]

const allowsTheLimit: ConformanceCase = {
  title: 'a client can use all units of the limit, and the next charge is refused',
  async run(tested) {
    const limits = [tested.limit(5)]
    for (const remaining of [4, 3, 2, 1, 0]) {
      const message = 'A charge must be allowed while units remain.'
      const { limits: states } = await tested.assertAllowed(message, 'client', limits)
      assert.equal(states[0]?.remaining, remaining, 'A charge of one unit must lower remaining by one.')
    }
    const message = 'A charge must be refused when no units remain.'
    const refused = await tested.assertRefused(message, 'client', limits)
    assert.equal(refused.limits[0]?.remaining, 0, 'remaining must be 0 when all units are used.')
  },
}

const wholeCost: ConformanceCase = {
  title: 'a charge takes its whole cost, or nothing',
  async run(tested) {
    const limits = [tested.limit(10)]
    const { limits: states } = await tested.consume('client', limits, 7)
    assert.equal(states[0]?.remaining, 3, 'An allowed charge must take its whole cost.')
    const message = 'A charge must be refused when fewer units remain than it costs.'
    const refused = await tested.assertRefused(message, 'client', limits, 4)
    assert.equal(refused.limits[0]?.remaining, 3, 'A refused charge must take nothing.')
    await tested.assertAllowed('A charge of the remaining units must be allowed.', 'client', limits, 3)
  },
}

const retryAfter: ConformanceCase = {
  title: 'a refused charge is refused until its retryAfterMs has passed, and is allowed then',
  async run(tested) {
    const limit = tested.limit(3)
    const limits = [limit]
    for (const cost of new Set([1, 2, 3].map((units) => tested.cost(units)))) {
      const key = `client of ${cost}`
      await tested.consume(key, limits)
      tested.clock.advance(10_000)
      await tested.use(key, limits, 2)
      tested.clock.advance(7_777)
      const message = 'A charge must be refused when all units are used.'
      const { retryAfterMs, limits: states } = await tested.assertRefused(message, key, limits, cost)
      if (cost === 1) {
        const resetMs = Number(states[0]?.resetMs)
        const isInTime = resetMs <= retryAfterMs && retryAfterMs <= resetMs + toleranceMsOf(limit)
        const rule = 'When no units remain, resetMs must be the time until the next unit comes back.'
        assert.ok(
          isInTime,
          `${rule} resetMs is ${resetMs}, and retryAfterMs for one unit is ${retryAfterMs}.`,
        )
      }
      tested.clock.advance(retryAfterMs - 1)
      const early = await tested.consume(key, limits, cost)
      assert.equal(early.retryAfterMs, 1, 'One millisecond before the end, retryAfterMs must be 1.')
      tested.clock.advance(1)
      await tested.assertAllowed('A charge must be allowed after its retryAfterMs.', key, limits, cost)
    }
  },
}

const repeatAfter: ConformanceCase = {
  title: 'repeatAfterMs, where a decision has it, is the time until the same charge can be allowed again',
  async run(tested) {
    const limits = [tested.limit(5)]
    await tested.use('client', limits, 5 - 2 - tested.cost(3))
    for (const cost of [tested.cost(3), 1, 1]) {
      const message = `A charge of ${cost} must be allowed while so many units remain.`
      const { repeatAfterMs } = await tested.assertAllowed(message, 'client', limits, cost)
      tested.clock.advance(1234)
      if (repeatAfterMs === undefined) continue
      const { retryAfterMs } = await tested.consume('client', limits, cost)
      const rule = 'repeatAfterMs must be the retryAfterMs that the same charge has afterwards.'
      assert.equal(retryAfterMs, repeatAfterMs - 1234, rule)
    }
  },
}

const parallelCharges: ConformanceCase = {
  title: 'of charges in parallel, exactly as many are allowed as the limit has units',
  async run(tested) {
    for (const [charges, limit] of [
      [100, 7],
      [7, 100],
      [50, 50],
    ] as const) {
      const limits = [tested.limit(limit)]
      const key = `client ${charges} of ${limit}`
      const decisions = await Promise.all(Array.from({ length: charges }, () => tested.consume(key, limits)))
      const allowedDecisions = decisions.filter(({ allowed }) => allowed)
      const expected = Math.min(charges, limit)
      const rule = `Of ${charges} parallel charges on a limit of ${limit}, ${expected} must be allowed.`
      assert.equal(allowedDecisions.length, expected, `${rule} ${allowedDecisions.length} were allowed.`)
      const remaining = new Set(allowedDecisions.map(({ limits: [state] }) => state?.remaining))
      assert.equal(
        remaining.size,
        allowedDecisions.length,
        'Each allowed charge must have its own remaining.',
      )
    }
  },
}

const refusalTakesNothing: ConformanceCase = {
  title: 'a refused charge takes nothing, so more charges do not make the wait longer',
  async run(tested) {
    const limits = [tested.limit(1)]
    await tested.consume('client', limits)
    const { retryAfterMs: waitMs } = await tested.consume('client', limits)
    for (let passedMs = 1000; passedMs < waitMs; passedMs += 1000) {
      tested.clock.advance(1000)
      const early = 'A charge must be refused before its retryAfterMs has passed.'
      const { retryAfterMs } = await tested.assertRefused(early, 'client', limits)
      assert.equal(retryAfterMs, waitMs - passedMs, 'Refused charges must not change the end of the wait.')
    }
    tested.clock.advance(1000)
    await tested.assertAllowed('A charge must be allowed after its retryAfterMs.', 'client', limits)
  },
}

const newDecisions: ConformanceCase = {
  title: 'each decision is a new object that does not change later',
  async run(tested) {
    const limits = [tested.limit(3)]
    const first = await tested.consume('client', limits)
    const before = JSON.stringify(first.limits)
    const second = await tested.consume('client', limits)
    assert.notEqual(first, second, 'Each decision must be a new object.')
    assert.equal(JSON.stringify(first.limits), before, 'A later charge must not change an earlier decision.')
  },
}

const peekTakesNothing: ConformanceCase = {
  title: 'peek() takes nothing, and returns what consume() would return',
  async run(tested) {
    const limits = [tested.limit(2)]
    for (let turn = 0; turn < 5; turn++) {
      const peeked = await tested.peek('client', limits)
      assert.equal(peeked.allowed, true, 'peek() must return allowed = true while units remain.')
      assert.equal(peeked.limits[0]?.remaining, 2, 'peek() must take nothing.')
      assert.equal(peeked.receipt, undefined, 'peek() must return no receipt, because it takes nothing.')
    }
    await tested.use('client', limits, 2)
    tested.clock.advance(WINDOW_MS / 10)
    const [peeked, consumed] = [await tested.peek('client', limits), await tested.consume('client', limits)]
    assert.deepEqual(
      [peeked.allowed, peeked.retryAfterMs, peeked.limits],
      [consumed.allowed, consumed.retryAfterMs, consumed.limits],
      'peek() must return the decision that consume() would return.',
    )
  },
}
