import type { BanRule } from '../../../../src/limits/ban.ts'
import type { Limit } from '../../../../src/limits/limit.ts'
import { ALGORITHMS, banRule, limitOf } from '../../../support/charges.ts'
import type { Step, Trace } from './twin-traces.ts'

/** The first time of the fake clock. */
const START_MS = 1_700_000_000_000

const charge = (limits: readonly Limit[], ban?: BanRule): Step => ({
  charge: { kind: 'consume', key: 'one', limits, cost: 1, ban, refundable: true },
})
const turn = (byMs: number): Step => ({ turn: { kind: 'turn', byMs } })

const ONE_A_SECOND = [limitOf(1, { windowMs: 1000 })]
const ONE_FOR_LONG = [limitOf(1, { windowMs: 6_000_000_000 })]
const TWO_IN_AN_HOUR = banRule(2, 3_600_000, 1000)
const THREE_IN_A_SECOND = banRule(3, 1000, 5000)
const HUNDRED = [limitOf(100, { windowMs: 8000, algorithm: 'sliding-window' })]

const NINE_IN_AN_HOUR = [limitOf(9, { windowMs: 3_600_000 })]
const NINE_IN_A_SECOND = [limitOf(9, { windowMs: 1000 })]
const NINE_FOR_LONG = [limitOf(9, { windowMs: 6_000_000_000 })]

/** More limits than a client can have counters. */
const MANY_LIMITS: readonly Limit[] = Array.from({ length: 24 }, (_, index) => {
  const algorithm = ALGORITHMS[index % ALGORITHMS.length] ?? 'fixed-window'
  return limitOf(2, { name: `${index}`, algorithm, windowMs: 60_000 + 1000 * (index % 5) })
})

/** Traces that the random ones contain too rarely. */
export const RARE_TRACES: readonly Trace[] = [
  // Refusals are remembered for longer than the limits by which they were refused.
  {
    steps: [0, 0, 1000, 40_000, 0].flatMap((byMs) => [turn(byMs), charge(ONE_A_SECOND, TWO_IN_AN_HOUR)]),
  },
  // Refusals from before the clock was set back are not newer than those after it.
  {
    steps: [0, 0, -5000, 1001].flatMap((byMs) => [turn(byMs), charge(ONE_FOR_LONG, THREE_IN_A_SECOND)]),
  },
  // A window has not started if all its units were given back.
  {
    steps: [
      charge(NINE_IN_A_SECOND),
      { change: { kind: 'settle', which: 0, cost: 0 } },
      turn(500),
      charge(NINE_IN_A_SECOND),
    ],
  },
  // A client is remembered for the time to live of an earlier limit.
  { steps: [charge(NINE_IN_AN_HOUR), charge(NINE_IN_A_SECOND), turn(40_000), charge(NINE_IN_AN_HOUR)] },
  // The state of a sliding window is not read as a fixed window, even if an id in it could be a time.
  { steps: [turn(5_000_000_000 - START_MS), charge(HUNDRED), charge(NINE_FOR_LONG), charge(HUNDRED)] },
  // Of more than 16 counters, those that are over first are dropped, and the first of those that are over at the
  // same time.
  {
    steps: [...MANY_LIMITS, ...MANY_LIMITS, ...MANY_LIMITS.toReversed()].flatMap((limit) => [
      charge([limit]),
      turn(10),
    ]),
  },
  { steps: [...MANY_LIMITS.map((limit) => charge([limit])), ...MANY_LIMITS.map((limit) => charge([limit]))] },
  { steps: [charge(MANY_LIMITS.slice(0, 9)), charge(MANY_LIMITS.slice(5)), charge(MANY_LIMITS.slice(0, 9))] },
  { steps: [charge(MANY_LIMITS), charge(ONE_A_SECOND), charge(MANY_LIMITS.slice(1)), charge(MANY_LIMITS)] },
  // A clock that is set back repeatedly makes more slices than a window touches. Their units come back one by
  // one.
  {
    steps: [
      turn(999),
      ...Array.from({ length: 15 }, () => [charge(HUNDRED), turn(1), charge(HUNDRED), turn(-1)]).flat(),
      turn(7980),
      ...Array.from({ length: 25 }, () => [turn(1), charge(HUNDRED)]).flat(),
    ],
  },
]
