import assert from 'node:assert/strict'
import type { Limit } from '../../../limits/limit.ts'
import { type ConformanceCase, type ConformanceGroup, showsSettlements } from './conformance-case.ts'
import { refundTraceCase, traceCase } from './random-trace.ts'
import { HOUR_MS, type TestedStore, WINDOW_MS } from './tested-store.ts'

/** A full bucket allows its burst at once. One unit comes back in each `windowMs / limit`. */
export const tokenBucketCases: ConformanceGroup = (store) => [
  burstThenRate,
  fillsUp,
  resetOfTheBucket,
  exactRate,
  randomTrace,
  ...(showsSettlements(store) ? [refundsWhatIsMissing, refundTrace] : []),
]

/** For a limit of ten units: a bucket that holds fewer units, as many, and more. */
const BURSTS: readonly number[] = [3, 10, 25]

const burstThenRate: ConformanceCase = {
  title: 'a client can take the burst at once, and then one unit in each windowMs / limit',
  async run(tested) {
    const unitMs = WINDOW_MS / 10
    for (const burst of BURSTS) {
      const limits = [tested.limit(10, { burst })]
      const key = `burst of ${burst}`
      const allowed = await tested.countAllowed(burst + 3, key, limits)
      assert.equal(
        allowed,
        burst,
        `A full bucket with a burst of ${burst} must allow ${burst} units at once.`,
      )
      for (let turn = 0; turn < 12; turn++) {
        const { retryAfterMs } = await tested.consume(key, limits)
        assert.equal(retryAfterMs, unitMs, 'The wait for one unit must be windowMs / limit.')
        tested.clock.advance(unitMs - 1)
        await tested.assertRefused('A charge must be refused before its unit is back.', key, limits)
        tested.clock.advance(1)
        const back = await tested.countAllowed(2, key, limits)
        assert.equal(back, 1, 'After windowMs / limit, exactly one unit must be back.')
      }
    }
  },
}

const fillsUp: ConformanceCase = {
  title: 'a bucket fills up to the burst and no further, and is remembered until it is full',
  async run(tested) {
    for (const burst of BURSTS) {
      const limits = [tested.limit(10, { burst })]
      const key = `burst of ${burst}`
      const cost = `A full bucket must allow a charge of its burst, ${burst}.`
      await tested.assertAllowed(cost, key, limits, burst)
      tested.clock.advance(burst * (WINDOW_MS / 10) - 1)
      await tested.chargeOthers(20)
      const almost = await tested.countAllowed(burst, key, limits)
      assert.equal(almost, burst - 1, 'One millisecond before the bucket is full, one unit must be missing.')
      tested.clock.advance(HOUR_MS)
      const full = await tested.countAllowed(burst + 3, key, limits)
      assert.equal(full, burst, 'A full bucket must hold its burst, and no more.')
    }
  },
}

const resetOfTheBucket: ConformanceCase = {
  title:
    'resetMs is the time to regain what remains, or, where nothing remains, the time until the next unit',
  async run(tested) {
    const unitMs = WINDOW_MS / 6
    const limits = [tested.limit(6)]
    for (const [cost, remaining, resetMs] of [
      [2, 4, 4 * unitMs],
      // Half a unit has come back.
      [1, 3, 3 * unitMs],
      [4, 0, unitMs],
    ] as const) {
      const { limits: states } = await tested.consume('client', limits, cost)
      assert.equal(states[0]?.remaining, remaining, `After a charge of ${cost}, ${remaining} must remain.`)
      const rule = 'resetMs must be the time to regain what remains, or the time until the next unit'
      assert.equal(
        states[0]?.resetMs,
        resetMs,
        `${rule}. With ${remaining} remaining it must be ${resetMs} ms.`,
      )
      tested.clock.advance(unitMs / 2)
    }
  },
}

const exactRate: ConformanceCase = {
  title: 'the rate is exact: 7 units come back in every second, although 7 does not divide 1000 ms',
  async run(tested) {
    const limits = [tested.limit(7, { windowMs: 1000 })]
    const startMs = tested.clock.now()
    const burst = await tested.countAllowed(7, 'client', limits)
    assert.equal(burst, 7, 'A full bucket must allow its burst at once.')
    for (let second = 1; second <= 100; second++) {
      for (let unit = 0; unit < 7; unit++) {
        tested.clock.advance((await tested.consume('client', limits)).retryAfterMs)
        await tested.assertAllowed('A charge must be allowed after its retryAfterMs.', 'client', limits)
      }
      const passedMs = tested.clock.now() - startMs
      const isExact = passedMs >= second * 1000 && passedMs <= second * 1000 + 1
      const rule = '7 units must come back in every second.'
      assert.ok(isExact, `${rule} ${7 * second} units came back in ${passedMs} ms.`)
    }
  },
}

const traceLimits = (tested: TestedStore): readonly Limit[] => [tested.limit(7, { windowMs: 1000, burst: 9 })]

const randomTrace: ConformanceCase = traceCase(
  'in a random trace, any interval of d ms allows burst + floor(d * limit / windowMs) units, and no more',
  traceLimits,
)

const refundTrace: ConformanceCase = refundTraceCase(
  'in a random trace with one refund at a time, the kept charges stay within the burst and the rate',
  traceLimits,
)

const refundsWhatIsMissing: ConformanceCase = {
  title: 'settle() to 0 gives back only the units that have not come back already',
  async run(tested) {
    const limits = [tested.limit(6)]
    const assertRemaining = async (expected: number, rule: string): Promise<void> =>
      assert.equal(await tested.remaining('client', limits), expected, rule)
    const oldReceipt = await tested.receiptOf(limits, 3)
    tested.clock.advance(2 * (WINDOW_MS / 6))
    await tested.receiptOf(limits, 2)
    await assertRemaining(3, 'One unit must come back in each windowMs / limit.')
    await tested.store.settle?.(oldReceipt, 0)
    await assertRemaining(4, 'Where two of three units have come back, a refund must give back one.')
    const laterReceipt = await tested.receiptOf(limits, 4)
    tested.clock.advance(WINDOW_MS)
    await tested.receiptOf(limits, 2)
    await tested.store.settle?.(laterReceipt, 0)
    await assertRemaining(4, 'Where all units have come back, a refund must give back nothing.')
  },
}
