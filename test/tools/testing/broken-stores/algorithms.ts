import type { Algorithm, AlgorithmResult } from '../../../../src/limits/algorithm.ts'
import type { AlgorithmState } from '../../../../src/limits/algorithms.ts'
import { type FixedWindowState, fixedWindow } from '../../../../src/limits/fixed-window.ts'
import type { AlgorithmName, Limit } from '../../../../src/limits/limit.ts'
import { type SlidingWindowState, slidingWindow } from '../../../../src/limits/sliding-window.ts'
import { type TokenBucketState, tokenBucket } from '../../../../src/limits/token-bucket.ts'
import type { Charge } from '../../../../src/stores/store.ts'
import type { FakeClock } from '../../../../src/tools/testing/index.ts'
import { type Plan, SimpleStore } from '../simple-store.ts'
import { type BrokenStore, broken } from './broken-store.ts'

type BrokenSimpleStore = new (clock: FakeClock) => SimpleStore

/** A store whose limits of one algorithm are counted by another arithmetic. */
function counting<State>(name: AlgorithmName, algorithm: Algorithm<State>): BrokenSimpleStore {
  return class extends SimpleStore {
    protected override algorithm(limit: Limit): Algorithm<AlgorithmState> {
      if (limit.algorithm !== name) return super.algorithm(limit)
      return algorithm as unknown as Algorithm<AlgorithmState>
    }
  }
}

/** The same arithmetic, which shows a whole window as the time to the reset. */
function resetsInAWindow<State>(algorithm: Algorithm<State>): Algorithm<State> {
  return {
    ...algorithm,
    charge: (state, nowMs, limit, cost) => ({
      ...algorithm.charge(state, nowMs, limit, cost),
      resetMs: limit.windowMs,
    }),
  }
}

const releasesLate: Algorithm<FixedWindowState> = {
  ...fixedWindow,
  charge(state, nowMs, limit, cost) {
    const outcome = fixedWindow.charge(state, nowMs, { ...limit, windowMs: limit.windowMs + 1 }, cost)
    return { ...outcome, resetMs: Math.max(1, outcome.resetMs - 1) }
  },
}

const givesOneBackAtTheReset: Algorithm<FixedWindowState> = {
  ...fixedWindow,
  charge(state, nowMs, limit, cost) {
    const isOver = state !== undefined && nowMs >= state.startMs + limit.windowMs
    const carried = isOver ? { ...state, startMs: nowMs, used: Math.max(0, state.used - 1) } : state
    return fixedWindow.charge(carried, nowMs, limit, cost)
  },
}

const opensAnewWithEachCharge: Algorithm<FixedWindowState> = {
  ...fixedWindow,
  charge(state, nowMs, limit, cost) {
    const outcome = fixedWindow.charge(state, nowMs, limit, cost)
    return { ...outcome, state: { ...outcome.state, startMs: nowMs } }
  },
}

const refundsIntoAnyWindow: Algorithm<FixedWindowState> = {
  ...fixedWindow,
  refund: (state, _taken, ...rest) => fixedWindow.refund(state, state, ...rest),
}

/** What is left of the last window is taken to have been spread evenly over it. */
interface TwoCounters {
  readonly startMs: number
  readonly last: number
  readonly current: number
}

const estimates: Algorithm<TwoCounters> = {
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
  refund: (state, _taken, _nowMs, _limit, cost) => ({ ...state, current: Math.max(0, state.current - cost) }),
}

/** All units weigh until the last of them is a window old. */
const lumps: Algorithm<SlidingWindowState> = {
  ...slidingWindow,
  charge(state, nowMs, limit, cost) {
    const outcome = slidingWindow.charge(state, nowMs, limit, cost)
    const lastMs = outcome.state.slices.at(-1)?.lastMs ?? nowMs
    const slices = outcome.state.slices.map((slice) => ({ ...slice, lastMs }))
    return { ...outcome, state: { ...outcome.state, slices } }
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
  refund: (state, _taken, _nowMs, _limit, cost) => ({
    ...state,
    slices: without(cost, state.slices).filter(({ units }) => units > 0),
  }),
}

const refundsTheNewest: Algorithm<SlidingWindowState> = {
  ...slidingWindow,
  refund: (state, _taken, _nowMs, _limit, cost) => ({
    ...state,
    slices: without(cost, state.slices.toReversed())
      .toReversed()
      .filter(({ units }) => units > 0),
  }),
}

const heedsNoBurst: Algorithm<TokenBucketState> = {
  ...tokenBucket,
  charge: (state, nowMs, limit, cost) =>
    tokenBucket.charge(state, nowMs, { ...limit, burst: limit.limit }, cost),
}

const showsParts: Algorithm<TokenBucketState> = {
  ...tokenBucket,
  charge(state, nowMs, limit, cost) {
    const outcome = tokenBucket.charge(state, nowMs, limit, cost)
    const debt = (outcome.state.fullAtMs - nowMs) * limit.limit + outcome.state.fullAtParts
    return { ...outcome, remaining: Math.ceil(limit.burst - debt / limit.windowMs) }
  },
}

const savesUpWhenFull: Algorithm<TokenBucketState> = {
  ...tokenBucket,
  charge(state, nowMs, limit, cost) {
    const outcome = tokenBucket.charge(state, nowMs, limit, cost)
    if (state === undefined || nowMs - state.fullAtMs < limit.windowMs) return outcome
    const fullAtMs = outcome.state.fullAtMs - limit.windowMs / limit.limit
    return { ...outcome, state: { ...outcome.state, fullAtMs } }
  },
}

/** A bucket whose units come back after a whole number of milliseconds. */
function wholeMs(round: (ms: number) => number): Algorithm<TokenBucketState> {
  const rounded = (limit: Limit): Limit => ({
    ...limit,
    limit: 1,
    windowMs: round(limit.windowMs / limit.limit) || 1,
  })
  return {
    charge: (state, nowMs, limit, cost) => tokenBucket.charge(state, nowMs, rounded(limit), cost),
    rewind: (state, nowMs, limit) => tokenBucket.rewind(state, nowMs, rounded(limit)),
    refund: (state, taken, nowMs, limit, cost) =>
      tokenBucket.refund(state, taken, nowMs, rounded(limit), cost),
  }
}

const refundsWhatCameBack: Algorithm<TokenBucketState> = {
  ...tokenBucket,
  refund: (state, _taken, nowMs, limit, cost) =>
    tokenBucket.refund(state, { ...state, fullAtMs: nowMs + 1_000_000_000 }, nowMs, limit, cost),
}

/** Forgets who has taken nothing for a window, although a large bucket takes longer to fill. */
class ForgetsAfterAWindow extends SimpleStore {
  readonly #lastMs = new Map<string, number>()
  protected override plan(charge: Charge): Plan {
    const nowMs = this.clock.now()
    const idleMs = nowMs - (this.#lastMs.get(charge.key) ?? nowMs)
    this.#lastMs.set(charge.key, nowMs)
    if (idleMs > Math.max(...charge.limits.map(({ windowMs }) => windowMs))) this.clients.delete(charge.key)
    return super.plan(charge)
  }
}

const fixedReset = 'refuses in the instant before the reset and admits L at the reset'
const countdown = 'counts down to the end of the window that the first charge opened'
const fixedTrace = 'admits in each window of a random trace what the limit has, no more and no less'
const onlyItsWindow = 'honours a receipt in the window of its charge, and in no later one'
const oneAfterAnother = 'lets every unit come back a window after it was taken, not all of them at once'
const oldestReset = 'resets when the oldest units come back'
const slidingTrace =
  'admits at most L in any window of a random trace, and lets no unit weigh an eighth of it too long'
const slidingRefundTrace =
  'admits at most L that are kept in any window of a random trace, whatever is refunded'
const ownUnits = 'gives back the units of the receipt, and those of other charges neither sooner nor later'
const worthlessLater = 'does not honour a receipt whose units have come back by themselves'
const burstThenRate = 'admits the burst at once, then one unit every windowMs / limit'
const fillsUp = 'fills up to the burst and no further, and remembers a client until then'
const regainsReset =
  'resets in the time that it takes to regain what remains, or the next unit where nothing does'
const noDrift = 'keeps its rate: 7 units in every second, although 7 does not divide it'
const bucketTrace = 'admits B + floor(d / T) in any interval d of a random trace, no more and no less'
const bucketRefundTrace =
  'admits at most B + floor(d / T) that are kept in any interval d of a random trace, where one is refunded at a time'
const notTwice = 'gives back only what has not come back by itself'

const fixed = 'fixed-window'
const sliding = 'sliding-window'
const bucket = 'token-bucket'

export const BROKEN_ALGORITHMS: readonly BrokenStore[] = [
  broken('releases a millisecond late', counting(fixed, releasesLate), fixedReset),
  broken('keeps something over a reset', counting(fixed, givesOneBackAtTheReset), fixedReset, fixedTrace),
  broken('opens a window with each charge', counting(fixed, opensAnewWithEachCharge), countdown, fixedTrace),
  broken('always shows a whole window', counting(fixed, resetsInAWindow(fixedWindow)), countdown),
  broken('slides where windows should be fixed', counting(fixed, slidingWindow), fixedTrace),
  broken('refunds into a later window', counting(fixed, refundsIntoAnyWindow), onlyItsWindow),
  broken('has fixed windows for sliding ones', counting(sliding, fixedWindow), oneAfterAnother, slidingTrace),
  broken('has a bucket for a sliding window', counting(sliding, tokenBucket), oneAfterAnother, slidingTrace),
  broken(
    'always shows a whole sliding window',
    counting(sliding, resetsInAWindow(slidingWindow)),
    oldestReset,
  ),
  broken('estimates with two counters', counting(sliding, estimates), oneAfterAnother, slidingTrace),
  broken('lets all units weigh as long as the last', counting(sliding, lumps), oneAfterAnother, slidingTrace),
  broken('refunds the oldest units', counting(sliding, refundsTheOldest), ownUnits, worthlessLater),
  broken('refunds the newest units', counting(sliding, refundsTheNewest), ownUnits, slidingRefundTrace),
  broken('heeds no burst', counting(bucket, heedsNoBurst), burstThenRate),
  broken('has a sliding window for a bucket', counting(bucket, slidingWindow), burstThenRate, bucketTrace),
  broken('always shows the window of a bucket', counting(bucket, resetsInAWindow(tokenBucket)), regainsReset),
  broken('shows units that are not whole yet', counting(bucket, showsParts), bucketTrace),
  broken('saves up in a full bucket', counting(bucket, savesUpWhenFull), fillsUp),
  broken('forgets a bucket before it is full', ForgetsAfterAWindow, fillsUp),
  broken('drifts, and is slower', counting(bucket, wholeMs(Math.ceil)), noDrift, bucketTrace),
  broken('drifts, and is faster', counting(bucket, wholeMs(Math.floor)), noDrift, bucketTrace),
  broken('refunds what came back', counting(bucket, refundsWhatCameBack), notTwice, bucketRefundTrace),
]
