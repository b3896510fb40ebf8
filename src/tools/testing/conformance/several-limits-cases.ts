import assert from 'node:assert/strict'
import type { Decision } from '../../../limits/decision.ts'
import type { Limit } from '../../../limits/limit.ts'
import { type ConformanceCase, type ConformanceGroup, showsSettlements } from './conformance-case.ts'
import { traceCase } from './random-trace.ts'
import { HOUR_MS, limitOf, type TestedStore, WINDOW_MS } from './tested-store.ts'

/**
 * A charge on several limits, of one algorithm or of several, takes units from all of the limits or from
 * none.
 */
export const severalLimitsCases: ConformanceGroup = (store) => {
  if (store.capabilities?.severalLimits !== true) return []
  const cases = [allOrNone, anyOrder, asIfAlone, randomTrace]
  return showsSettlements(store) ? [...cases, refundsAll] : cases
}

type LimitShape = readonly [name: string, units: number, windowMs: number]

/** Three limits. Where the case is about several algorithms, the limits use them in turn. */
function limitsOf(
  { algorithms }: TestedStore,
  shapes: readonly LimitShape[] = [
    ['second', 4, 1000],
    ['minute', 6, WINDOW_MS],
    ['hour', 7, HOUR_MS],
  ],
): readonly Limit[] {
  // As in a limiter, all limits of a client have the same ttlMs.
  const ttlMs = 2 * HOUR_MS
  return shapes.map(([name, units, windowMs], index) => {
    const algorithm = algorithms[index % algorithms.length] ?? 'fixed-window'
    return limitOf(algorithm, units, { name, windowMs, ttlMs })
  })
}

const allOrNone: ConformanceCase = {
  title: 'a charge that one of several limits refuses takes nothing from any of them',
  async run(tested) {
    const limits = limitsOf(tested)
    const allowedCharges = await tested.countAllowed(9, 'client', limits)
    assert.equal(allowedCharges, 4, 'As many charges must be allowed as the smallest limit has units.')
    const refused = await tested.consume('client', limits)
    const rule = 'A charge that one limit refuses must take nothing from the other limits.'
    assert.deepEqual(remainingByName(refused), { second: 0, minute: 2, hour: 3 }, rule)
    // Long enough for the window of a second, and for every algorithm too short for the other windows.
    tested.clock.advance(2000)
    const tooMuch = 'A charge must be refused when one of several limits has too few units.'
    await tested.assertRefused(tooMuch, 'client', limits, 3)
    const allowed = await tested.consume('client', limits, 2)
    const taken = 'An allowed charge must take its cost from all limits.'
    assert.deepEqual(remainingByName(allowed), { second: 2, minute: 0, hour: 1 }, taken)
  },
}

function remainingByName({ limits }: Decision): Record<string, number> {
  return Object.fromEntries(limits.map(({ name, remaining }) => [name, remaining]))
}

const anyOrder: ConformanceCase = {
  title: 'the order of several limits does not change the decision',
  async run(tested) {
    const limits = limitsOf(tested)
    for (const cost of [1, 3, 2, 1, 4, 3, 1]) {
      const one = await tested.consume('one order', limits, cost)
      const other = await tested.consume('the other', limits.toReversed(), cost)
      assert.deepEqual(
        [other.allowed, other.retryAfterMs, other.limits.toReversed()],
        [one.allowed, one.retryAfterMs, one.limits],
        'The decision must be the same when the limits have another order.',
      )
      tested.clock.advance(700)
    }
  },
}

const asIfAlone: ConformanceCase = {
  title: 'each of several limits counts as if it were the only one, and retryAfterMs is the longest wait',
  async run(tested) {
    const limits = limitsOf(tested)
    // The first cost is allowed. The second is refused by one limit, the third by two, and the last by all.
    for (const cost of [1, 2, 3, 4]) {
      const keyOf = (name: string): string => `${name}, ${cost}`
      for (const taken of [1, 3]) {
        await tested.assertAllowed(
          'A charge must be allowed when all limits have units.',
          keyOf('all'),
          limits,
          taken,
        )
        for (const limit of limits) await tested.consume(keyOf(limit.name), [limit], taken)
        tested.clock.advance(taken === 1 ? 1500 : 100)
      }
      const all = await tested.consume(keyOf('all'), limits, cost)
      let longestWaitMs = 0
      for (const [index, limit] of limits.entries()) {
        const alone = await tested.consume(keyOf(limit.name), [limit], cost)
        longestWaitMs = Math.max(longestWaitMs, alone.retryAfterMs)
        const notTaken = alone.allowed && !all.allowed ? cost : 0
        const remaining = Number(alone.limits[0]?.remaining) + notTaken
        const rule = `The limit '${limit.name}' must count as if it were the only limit.`
        assert.equal(all.limits[index]?.remaining, remaining, rule)
      }
      const rule = 'retryAfterMs must be the longest wait of all limits that refuse.'
      assert.equal(all.retryAfterMs, longestWaitMs, rule)
    }
  },
}

const randomTrace: ConformanceCase = traceCase(
  'in a random trace, a charge is allowed exactly when all of several limits allow it',
  (tested) =>
    limitsOf(tested, [
      ['second', 6, 1000],
      ['four seconds', 12, 4000],
      ['ten seconds', 24, 10_000],
    ]),
)

const refundsAll: ConformanceCase = {
  title: 'settle() to 0 gives a charge back to all of several limits',
  async run(tested) {
    const limits = limitsOf(tested)
    await tested.receiptOf(limits, 1)
    const receipt = await tested.receiptOf(limits, 3)
    await tested.store.settle?.(receipt, 0)
    const remaining = remainingByName(await tested.peek('client', limits))
    const rule = 'A refund must give back the units of all limits of the charge.'
    assert.deepEqual(remaining, { second: 3, minute: 5, hour: 6 }, rule)
  },
}
