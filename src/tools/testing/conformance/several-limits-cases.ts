import assert from 'node:assert/strict'
import type { Decision } from '../../../limits/decision.ts'
import type { Limit } from '../../../limits/limit.ts'
import { type ConformanceCase, type ConformanceGroup, showsRefunds } from './conformance-case.ts'
import { traceCase } from './random-trace.ts'
import { HOUR_MS, limitOf, type Subject, WINDOW_MS } from './subject.ts'

/** Several limits in one charge, of one algorithm or of several: all of them, or none. */
export const severalLimitsCases: ConformanceGroup = (store) => {
  if (store.capabilities?.severalLimits !== true) return []
  const cases = [allOrNone, orderFree, asIfAlone, trace]
  return showsRefunds(store) ? [...cases, givesBackToAll] : cases
}

/** Three limits. Where the test is about several algorithms, one after another has its limit. */
function limitsOf(
  { algorithms }: Subject,
  shapes: readonly (readonly [name: string, units: number, windowMs: number])[] = [
    ['second', 4, 1000],
    ['minute', 6, WINDOW_MS],
    ['hour', 7, HOUR_MS],
  ],
): readonly Limit[] {
  // As a limiter has it: a client is remembered as long for all its limits.
  const ttlMs = 2 * HOUR_MS
  return shapes.map(([name, units, windowMs], index) => {
    const algorithm = algorithms[index % algorithms.length] ?? 'fixed-window'
    return limitOf(algorithm, units, { name, windowMs, ttlMs })
  })
}

const allOrNone: ConformanceCase = {
  title: 'charges none of several limits when one refuses',
  async run(subject) {
    const limits = limitsOf(subject)
    assert.equal(await subject.admittedOf(9, 'client', limits), 4)
    const refused = await subject.consume('client', limits)
    assert.deepEqual(remainingOf(refused), { second: 0, minute: 2, hour: 3 })
    // Long enough for the second, and too short for the others to give anything back, however they count.
    subject.clock.advance(2000)
    assert.equal((await subject.consume('client', limits, 3)).allowed, false, 'the minute refuses')
    const admitted = await subject.consume('client', limits, 2)
    assert.deepEqual(remainingOf(admitted), { second: 2, minute: 0, hour: 1 })
  },
}

function remainingOf({ limits }: Decision): Record<string, number> {
  return Object.fromEntries(limits.map(({ name, remaining }) => [name, remaining]))
}

const orderFree: ConformanceCase = {
  title: 'decides the same in whatever order the limits stand',
  async run(subject) {
    const limits = limitsOf(subject)
    for (const cost of [1, 3, 2, 1, 4, 3, 1]) {
      const one = await subject.consume('one order', limits, cost)
      const other = await subject.consume('the other', limits.toReversed(), cost)
      assert.deepEqual(
        [other.allowed, other.retryAfterMs, other.limits.toReversed()],
        [one.allowed, one.retryAfterMs, one.limits],
        `a cost of ${cost} in the other order`,
      )
      subject.clock.advance(700)
    }
  },
}

const asIfAlone: ConformanceCase = {
  title: 'counts each of several limits as if it were alone, and waits for the last that refuses',
  async run(subject) {
    const limits = limitsOf(subject)
    // The first cost is admitted, the second refused by one limit, the next by two and the last by all.
    for (const cost of [1, 2, 3, 4]) {
      const keyOf = (name: string): string => `${name}, ${cost}`
      for (const taken of [1, 3]) {
        assert.equal((await subject.consume(keyOf('all'), limits, taken)).allowed, true)
        for (const limit of limits) await subject.consume(keyOf(limit.name), [limit], taken)
        subject.clock.advance(taken === 1 ? 1500 : 100)
      }
      const all = await subject.consume(keyOf('all'), limits, cost)
      let waitMs = 0
      for (const [index, limit] of limits.entries()) {
        const alone = await subject.consume(keyOf(limit.name), [limit], cost)
        waitMs = Math.max(waitMs, alone.retryAfterMs)
        const untaken = alone.allowed && !all.allowed ? cost : 0
        assert.equal(all.limits[index]?.remaining, Number(alone.limits[0]?.remaining) + untaken, limit.name)
      }
      assert.equal(all.retryAfterMs, waitMs, `the latest wait for a cost of ${cost}`)
    }
  },
}

const trace: ConformanceCase = traceCase(
  'admits in a random trace what all of several limits admit, and nothing else',
  (subject) =>
    limitsOf(subject, [
      ['second', 6, 1000],
      ['four seconds', 12, 4000],
      ['ten seconds', 24, 10_000],
    ]),
)

const givesBackToAll: ConformanceCase = {
  title: 'gives a charge back to all of several limits',
  async run(subject) {
    const limits = limitsOf(subject)
    await subject.receipt(limits, 1)
    const receipt = await subject.receipt(limits, 3)
    await subject.store.refund?.(receipt)
    assert.deepEqual(remainingOf(await subject.peek('client', limits)), { second: 3, minute: 5, hour: 6 })
  },
}
