import type { Algorithm, AlgorithmResult } from '../../../../src/limits/algorithm.ts'
import type { AlgorithmState } from '../../../../src/limits/algorithms.ts'
import { type FixedWindowState, fixedWindow } from '../../../../src/limits/fixed-window.ts'
import type { AlgorithmName, Limit } from '../../../../src/limits/limit.ts'
import type { SlidingWindowState } from '../../../../src/limits/slices.ts'
import { slidingWindow } from '../../../../src/limits/sliding-window.ts'
import { type TokenBucketState, tokenBucket } from '../../../../src/limits/token-bucket.ts'
import type { Charge } from '../../../../src/stores/store.ts'
import type { FakeClock } from '../../../../src/tools/testing/index.ts'
import { type Plan, SimpleStore } from '../simple-store.ts'
import { type BrokenStore, broken } from './broken-store.ts'

type BrokenSimpleStore = new (clock: FakeClock) => SimpleStore

/** A store that counts the limits of one algorithm with another algorithm. */
export function countingWith<State>(name: AlgorithmName, algorithm: Algorithm<State>): BrokenSimpleStore {
  return class extends SimpleStore {
    protected override algorithm(limit: Limit): Algorithm<AlgorithmState> {
      if (limit.algorithm !== name) return super.algorithm(limit)
      return algorithm as unknown as Algorithm<AlgorithmState>
    }
  }
}

/** The same algorithm, with the whole window as resetMs. */
function withWholeWindow<State>(algorithm: Algorithm<State>): Algorithm<State> {
  return {
    ...algorithm,
    charge: (state, nowMs, limit, cost) => ({
      ...algorithm.charge(state, nowMs, limit, cost),
      resetMs: limit.windowMs,
    }),
  }
}

const endsLate: Algorithm<FixedWindowState> = {
  ...fixedWindow,
  charge(state, nowMs, limit, cost) {
    const result = fixedWindow.charge(state, nowMs, { ...limit, windowMs: limit.windowMs + 1 }, cost)
    return { ...result, resetMs: Math.max(1, result.resetMs - 1) }
  },
}

const keepsUnitsAtTheReset: Algorithm<FixedWindowState> = {
  ...fixedWindow,
  charge(state, nowMs, limit, cost) {
    const isOver = state !== undefined && nowMs >= state.startMs + limit.windowMs
    const stateAtReset = isOver ? { ...state, startMs: nowMs, used: Math.max(0, state.used - 1) } : state
    return fixedWindow.charge(stateAtReset, nowMs, limit, cost)
  },
}

const opensAWindowWithEachCharge: Algorithm<FixedWindowState> = {
  ...fixedWindow,
  charge(state, nowMs, limit, cost) {
    const result = fixedWindow.charge(state, nowMs, limit, cost)
    return { ...result, state: { ...result.state, startMs: nowMs } }
  },
}

const refundsIntoAnyWindow: Algorithm<FixedWindowState> = {
  ...fixedWindow,
  settle: (state, [units], ...rest) => fixedWindow.settle(state, [units, state.windowId], ...rest),
}

/** An estimate: the units of the last window are taken as spread evenly over it. */
interface TwoCounters {
  readonly startMs: number
  readonly last: number
  readonly current: number
}

const estimatesWithTwoCounters: Algorithm<TwoCounters> = {
  charge(state, nowMs, { limit, windowMs }, cost): AlgorithmResult<TwoCounters> {
    const startMs = Math.floor(nowMs / windowMs) * windowMs
    const windows = state === undefined ? 2 : (startMs - state.startMs) / windowMs
    const last = windows === 0 ? (state?.last ?? 0) : windows === 1 ? (state?.current ?? 0) : 0
    const current = windows === 0 ? (state?.current ?? 0) : 0
    const used = Math.floor(last * (1 - (nowMs - startMs) / windowMs)) + current
    const allowed = used + cost <= limit
    const taken = allowed ? cost : 0
    return {
      allowed,
      remaining: Math.max(0, limit - used - taken),
      resetMs: startMs + windowMs - nowMs,
      retryAfterMs: allowed ? 0 : startMs + windowMs - nowMs,
      state: { startMs, last, current: current + taken },
    }
  },
  rewind: (state) => state,
  recordOf: (_state, _nowMs, _limit, cost) => [cost],
  settle: (state, [units], _nowMs, _limit, cost) => ({
    state: { ...state, current: Math.max(0, state.current + cost - units) },
    record: [cost],
  }),
}

/** All units count until the last of them is one window old. */
const countsAllTogether: Algorithm<SlidingWindowState> = {
  ...slidingWindow,
  charge(state, nowMs, limit, cost) {
    const result = slidingWindow.charge(state, nowMs, limit, cost)
    const lastMs = result.state.slices.at(-1)?.lastMs ?? nowMs
    const slices = result.state.slices.map((slice) => ({ ...slice, lastMs }))
    return { ...result, state: { ...result.state, slices } }
  },
}

function without(cost: number, slices: SlidingWindowState['slices']): SlidingWindowState['slices'] {
  let left = cost
  return slices.map((slice) => {
    const gone = Math.min(left, slice.units)
    left -= gone
    return { ...slice, units: slice.units - gone }
  })
}

const refundsTheOldest: Algorithm<SlidingWindowState> = {
  ...slidingWindow,
  settle(state, record, nowMs, limit, cost) {
    const [units, id = 0] = record
    if (cost > units) return slidingWindow.settle(state, record, nowMs, limit, cost)
    const slices = without(units - cost, state.slices).filter((slice) => slice.units > 0)
    return { state: { ...state, slices }, record: [cost, id] }
  },
}

const refundsTheNewest: Algorithm<SlidingWindowState> = {
  ...slidingWindow,
  settle(state, record, nowMs, limit, cost) {
    const [units, id = 0] = record
    if (cost > units) return slidingWindow.settle(state, record, nowMs, limit, cost)
    const slices = without(units - cost, state.slices.toReversed())
      .toReversed()
      .filter((slice) => slice.units > 0)
    return { state: { ...state, slices }, record: [cost, id] }
  },
}

const ignoresTheBurst: Algorithm<TokenBucketState> = {
  ...tokenBucket,
  charge: (state, nowMs, limit, cost) =>
    tokenBucket.charge(state, nowMs, { ...limit, burst: limit.limit }, cost),
}

const showsPartialUnits: Algorithm<TokenBucketState> = {
  ...tokenBucket,
  charge(state, nowMs, limit, cost) {
    const result = tokenBucket.charge(state, nowMs, limit, cost)
    const debt = (result.state.fullAtMs - nowMs) * limit.limit + result.state.fullAtParts
    return { ...result, remaining: Math.ceil(limit.burst - debt / limit.windowMs) }
  },
}

const overfills: Algorithm<TokenBucketState> = {
  ...tokenBucket,
  charge(state, nowMs, limit, cost) {
    const result = tokenBucket.charge(state, nowMs, limit, cost)
    if (state === undefined || nowMs - state.fullAtMs < limit.windowMs) return result
    const fullAtMs = result.state.fullAtMs - limit.windowMs / limit.limit
    return { ...result, state: { ...result.state, fullAtMs } }
  },
}

/** A bucket whose units come back after a whole number of milliseconds. */
function withWholeMs(round: (ms: number) => number): Algorithm<TokenBucketState> {
  const rounded = (limit: Limit): Limit => ({
    ...limit,
    limit: 1,
    windowMs: round(limit.windowMs / limit.limit) || 1,
  })
  return {
    charge: (state, nowMs, limit, cost) => tokenBucket.charge(state, nowMs, rounded(limit), cost),
    rewind: (state, nowMs, limit) => tokenBucket.rewind(state, nowMs, rounded(limit)),
    recordOf: (state, nowMs, limit, cost) => tokenBucket.recordOf(state, nowMs, rounded(limit), cost),
    settle: (state, record, nowMs, limit, cost) =>
      tokenBucket.settle(state, record, nowMs, rounded(limit), cost),
  }
}

const refundsUnitsThatCameBack: Algorithm<TokenBucketState> = {
  ...tokenBucket,
  settle: (state, [units], nowMs, limit, cost) =>
    tokenBucket.settle(state, [units, nowMs, limit.burst * limit.windowMs, state.fillId], nowMs, limit, cost),
}

/** Forgets a client after a window without charges, although a large bucket takes longer to fill. */
class ForgetsAfterOneWindow extends SimpleStore {
  readonly #lastMs = new Map<string, number>()
  protected override plan(charge: Charge): Plan {
    const nowMs = this.clock.now()
    const idleMs = nowMs - (this.#lastMs.get(charge.key) ?? nowMs)
    this.#lastMs.set(charge.key, nowMs)
    if (idleMs > Math.max(...charge.limits.map(({ windowMs }) => windowMs))) this.clients.delete(charge.key)
    return super.plan(charge)
  }
}

const resetsAtTheEnd = 'a window refuses until its last millisecond, and the next window has the full limit'
const resetMsCountsDown = 'resetMs counts down to the end of the window that the first charge opened'
const fixedTrace = 'in a random trace, each window allows as many units as the limit has, and no more'
const refundsInItsWindow =
  'settle() to 0 gives a charge back in the window of the charge, and in no later window'
const unitsComeBackOneByOne =
  'each unit comes back one window after it was taken, and not together with the others'
const resetOfTheOldest = 'resetMs is the time until the oldest units come back'
const slidingTrace =
  'in a random trace, no window allows more than the limit, and no unit counts for more than 9/8 of a window'
const slidingRefundTrace = 'in a random trace with refunds, no window has more kept charges than the limit'
const refundsItsUnits =
  'settle() to 0 gives back the units of its receipt, and other units still come back at their own time'
const refundsForOneWindow = 'settle() to 0 ignores a receipt whose units have already come back'
const burstThenRate = 'a client can take the burst at once, and then one unit in each windowMs / limit'
const fillsUp = 'a bucket fills up to the burst and no further, and is remembered until it is full'
const resetOfTheBucket =
  'resetMs is the time to regain what remains, or, where nothing remains, the time until the next unit'
const exactRate = 'the rate is exact: 7 units come back in every second, although 7 does not divide 1000 ms'
const bucketTrace =
  'in a random trace, any interval of d ms allows burst + floor(d * limit / windowMs) units, and no more'
const bucketRefundTrace =
  'in a random trace with one refund at a time, the kept charges stay within the burst and the rate'
const refundsWhatIsMissing = 'settle() to 0 gives back only the units that have not come back already'

const fixed = 'fixed-window'
const sliding = 'sliding-window'
const bucket = 'token-bucket'

export const BROKEN_ALGORITHMS: readonly BrokenStore[] = [
  broken('ends a window a millisecond late', countingWith(fixed, endsLate), resetsAtTheEnd),
  broken(
    'keeps used units at the end of a window',
    countingWith(fixed, keepsUnitsAtTheReset),
    resetsAtTheEnd,
    fixedTrace,
  ),
  broken(
    'opens a window with each charge',
    countingWith(fixed, opensAWindowWithEachCharge),
    resetMsCountsDown,
    fixedTrace,
  ),
  broken(
    'always shows the whole window as resetMs',
    countingWith(fixed, withWholeWindow(fixedWindow)),
    resetMsCountsDown,
  ),
  broken('counts fixed windows as sliding windows', countingWith(fixed, slidingWindow), fixedTrace),
  broken('refunds in a later window', countingWith(fixed, refundsIntoAnyWindow), refundsInItsWindow),
  broken(
    'counts sliding windows as fixed windows',
    countingWith(sliding, fixedWindow),
    unitsComeBackOneByOne,
    slidingTrace,
  ),
  broken(
    'counts sliding windows as token buckets',
    countingWith(sliding, tokenBucket),
    unitsComeBackOneByOne,
    slidingTrace,
  ),
  broken(
    'always shows the whole sliding window as resetMs',
    countingWith(sliding, withWholeWindow(slidingWindow)),
    resetOfTheOldest,
  ),
  broken(
    'estimates with two counters',
    countingWith(sliding, estimatesWithTwoCounters),
    unitsComeBackOneByOne,
    slidingTrace,
  ),
  broken(
    'counts all units until the last one is old',
    countingWith(sliding, countsAllTogether),
    unitsComeBackOneByOne,
    slidingTrace,
  ),
  broken(
    'refunds the oldest units',
    countingWith(sliding, refundsTheOldest),
    refundsItsUnits,
    refundsForOneWindow,
  ),
  broken(
    'refunds the newest units',
    countingWith(sliding, refundsTheNewest),
    refundsItsUnits,
    slidingRefundTrace,
  ),
  broken('ignores the burst', countingWith(bucket, ignoresTheBurst), burstThenRate),
  broken(
    'counts token buckets as sliding windows',
    countingWith(bucket, slidingWindow),
    burstThenRate,
    bucketTrace,
  ),
  broken(
    'always shows the window of a token bucket as resetMs',
    countingWith(bucket, withWholeWindow(tokenBucket)),
    resetOfTheBucket,
  ),
  broken('shows partial units as whole units', countingWith(bucket, showsPartialUnits), bucketTrace),
  broken('fills a bucket above its burst', countingWith(bucket, overfills), fillsUp),
  broken('forgets a bucket before it is full', ForgetsAfterOneWindow, fillsUp),
  broken(
    'has a rate that is too low, because it rounds',
    countingWith(bucket, withWholeMs(Math.ceil)),
    exactRate,
    bucketTrace,
  ),
  broken(
    'has a rate that is too high, because it rounds',
    countingWith(bucket, withWholeMs(Math.floor)),
    exactRate,
    bucketTrace,
  ),
  broken(
    'refunds units that have already come back',
    countingWith(bucket, refundsUnitsThatCameBack),
    refundsWhatIsMissing,
    bucketRefundTrace,
  ),
]
