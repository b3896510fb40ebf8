/*
 * Twin: src/stores/redis/scripts/token-bucket.lua
 */
import {
  type AlgorithmResult,
  type ChargeRecord,
  changeOfUnits,
  type NumericAlgorithm,
  nextId,
  type Settled,
} from './algorithm.ts'
import { type Limit, largestExactDebt, maxDebtOf } from './limit.ts'

/**
 * What a token bucket remembers of a client: the time at which its bucket will be full again. GCRA calls this
 * time the theoretical arrival time. It can be between two milliseconds. It is stored as whole milliseconds
 * and a number of parts, where a part is 1/`limit` of a millisecond. In parts the time is exact, because a
 * unit takes `windowMs / limit` milliseconds to come back.
 *
 * Decisions need only this time. Only settlements need the id.
 */
export interface TokenBucketState {
  /** The whole milliseconds of the time at which the bucket is full. */
  readonly fullAtMs: number
  /**
   * The rest of this time, in parts: from 0 to `limit - 1`. While the client owes units after a settlement, it is
   * the number -1 minus these parts.
   */
  readonly fullAtParts: number
  /** Counts the charges that found the bucket full. Units of a charge can be given back until the next such charge. */
  readonly fillId: number
}

/**
 * A settlement takes units for a charge only if the bucket has been full at most so often since the charge. A store
 * that forgets a client continues with an id that is further away.
 */
const MOST_FILLS = 2 ** 16

/**
 * `burst` units at once. Units come back one by one, `limit` units in `windowMs`.
 *
 * This is the generic cell rate algorithm (GCRA), as a virtual schedule (ITU-T I.371, annex A; ATM Forum UNI
 * 3.1, 3.6.2.4.1). The emission interval is T = `windowMs / limit`. The burst tolerance is (`burst` - 1) * T.
 * A cost of n counts as n arrivals at once. All arithmetic is in integers: times are counted in parts of
 * 1/`limit` of a millisecond, and T is exactly `windowMs` parts.
 *
 * Bound: at most `burst` + floor(d / T) units in any closed interval of length d. A refund counts at the time
 * at which it is made. With settlements, which take units at the time at which they are made, the bound is
 * `burst` + `maxDebt` + floor(d / T).
 */
export const tokenBucket: NumericAlgorithm<TokenBucketState> = {
  initialState: (id) => ({ fullAtMs: Number.NEGATIVE_INFINITY, fullAtParts: 0, fillId: id }),

  charge(state, nowMs, limit, cost): AlgorithmResult<TokenBucketState> {
    const { limit: units, windowMs, burst } = limit
    const debt = debtOf(state, nowMs, limit)
    const capacity = burst * windowMs
    const debtWithCost = debt + cost * windowMs
    const allowed = debtWithCost <= capacity
    const debtKept = allowed ? debtWithCost : debt
    const remaining = Math.max(0, Math.floor((capacity - debtKept) / windowMs))
    const resetMs =
      allowed && remaining > 0
        ? Math.ceil((remaining * windowMs) / units)
        : Math.ceil((debtKept + (remaining + 1) * windowMs - capacity) / units)
    const retryAfterMs = allowed ? 0 : Math.ceil((debtWithCost - capacity) / units)
    const fillId = debt === 0 ? nextId(state?.fillId ?? 0) : (state?.fillId ?? 0)
    return { allowed, remaining, resetMs, retryAfterMs, state: stateWithDebt(debtKept, nowMs, limit, fillId) }
  },

  // The state does not show when it was written. But no client waits longer than an empty bucket takes to
  // fill, or one that owes units. If this one would, the clock was set back, and the bucket counts as that empty now.
  rewind(state, nowMs, limit) {
    const largestDebt = largestDebtOf(state, limit)
    if (debtOf(state, nowMs, limit) <= largestDebt) return state
    return stateWithDebt(largestDebt, nowMs, limit, state.fillId)
  },

  // A unit is `windowMs` parts, whatever the rate. So the parts that are missing stay the same.
  withLimit(state, from, to, nowMs) {
    if (from.limit === to.limit) return state
    const debt = debtOf(state, nowMs, from)
    // A bucket that is full stays full. Its time counts again if the clock is set back, and parts of another size do not.
    if (debt === 0) return { ...state, fullAtParts: 0 }
    return stateWithDebt(Math.min(debt, largestDebtOf(state, to)), nowMs, to, state.fillId)
  },

  // A record is the units of the charge, the time of the charge, the parts that were missing after it, and the id.
  recordOf: (state, nowMs, limit, cost) => [cost, nowMs, debtOf(state, nowMs, limit), state.fillId],

  // The window of a charge is over when an empty bucket would have filled since the charge. Until then a settlement
  // takes more also if the bucket has been full in between.
  //
  // Units that have come back by themselves are not given back a second time. A charge is not given back if the
  // bucket has been full since the charge. It is also not given back if its units would have come back by now,
  // in the order of the charges, as this order was at the time of the charge. Units that a settlement takes have
  // the place of the charge in this order.
  //
  // A refund of an earlier charge does not make this time earlier, because the state is a single time, which
  // does not show which charge came before which. If a refund made this time earlier for all charges, it
  // would use up the bucket of a client whose charges are all refunded. So in a stretch of time a client can
  // get more units than the bound: at most the units of charges that were made before the stretch and
  // given back in it. This excess never accumulates.
  settle(state, record, nowMs, limit, cost): Settled<TokenBucketState> {
    const { limit: rate, windowMs, burst } = limit
    const [units, atMs = 0, chargedDebt = 0, fillId = 0]: ChargeRecord = record
    const cameBack = Math.max(0, nowMs - atMs) * rate
    const fills = (state.fillId - fillId) >>> 0
    const isOver = cameBack >= burst * windowMs || fills > Math.min(burst, MOST_FILLS)
    if (isOver) return { state, record }
    const debt = debtOf(state, nowMs, limit)
    const outstanding = fills === 0 ? Math.max(0, chargedDebt - cameBack) : 0
    const room = Math.floor(((burst + maxDebtOf(limit)) * windowMs - debt) / windowMs)
    const change = changeOfUnits(units, cost, room)
    const parts = Math.max(change * windowMs, -outstanding)
    const fillIdNow = debt === 0 && parts > 0 ? nextId(state.fillId) : state.fillId
    return {
      state: parts === 0 ? state : stateWithDebt(Math.max(0, debt + parts), nowMs, limit, fillIdNow),
      record: [units + change, atMs, outstanding + parts + cameBack, fillIdNow],
    }
  },

  // If there are too few units left, the answer of the other store shows how much of the next unit has come
  // back. Otherwise the new state starts with no part of the next unit.
  overAtMs: ({ fullAtMs, fullAtParts }) => (partsOf(fullAtParts) > 0 ? fullAtMs + 1 : fullAtMs),

  seedFromRemote(state, { remaining, resetMs, retryAfterMs, cost }, nowMs, limit): TokenBucketState {
    const { limit: units, windowMs, burst } = limit
    const largestDebt = Math.max(0, burst - remaining) * windowMs
    const isRefused = retryAfterMs > 0 && remaining < cost
    if (remaining > 0 && !isRefused) return stateWithDebt(largestDebt, nowMs, limit, nextId(state.fillId))
    const debtByReset = Math.max(0, largestDebt - windowMs + Math.min(windowMs, resetMs * units))
    // Both waits are rounded up to a whole millisecond, in which `units` parts come back. So the shorter wait
    // is nearer to the exact time.
    const debtByRetry = isRefused ? (burst - cost) * windowMs + retryAfterMs * units : debtByReset
    const debt = Math.max(debtByReset - units + 1, Math.min(debtByReset, debtByRetry))
    return stateWithDebt(debt, nowMs, limit, nextId(state.fillId))
  },

  write({ fullAtMs, fullAtParts, fillId }, sink) {
    sink.instant(fullAtMs)
    sink.amount(fullAtParts)
    sink.amount(fillId)
  },

  read: (source) => ({
    fullAtMs: source.instant(),
    fullAtParts: source.amount(),
    fillId: source.amount(),
  }),
}

/**
 * Whether the arithmetic of a bucket is exact. Then each number in it is a whole number that a double holds
 * exactly, and each quotient is rounded to the correct side. The reason for quotients: if the sum of dividend
 * and divisor is below 2^53, a quotient that is not whole is further from the next whole number than the
 * rounding error of a double.
 */
export function isExact(limit: Pick<Limit, 'limit' | 'windowMs' | 'burst' | 'maxDebt'>): boolean {
  return largestExactDebt(limit) >= (limit.maxDebt ?? 0)
}

/** How many parts are missing until the bucket is full. */
function debtOf(state: TokenBucketState | undefined, nowMs: number, { limit }: Limit): number {
  if (state === undefined || state.fullAtMs < nowMs) return 0
  // A store that does not know the limit of the last charge takes it to be this one. Then the parts are parts of another
  // size. Together they count as at most one millisecond.
  return (state.fullAtMs - nowMs) * limit + Math.min(partsOf(state.fullAtParts), limit)
}

/** The most parts that can be missing from a bucket: if it owes units, more than it has. */
function largestDebtOf({ fullAtParts }: TokenBucketState, limit: Limit): number {
  const owed = fullAtParts < 0 ? maxDebtOf(limit) : 0
  return (limit.burst + owed) * limit.windowMs
}

/** The parts that {@link TokenBucketState.fullAtParts} stands for. */
function partsOf(fullAtParts: number): number {
  return fullAtParts < 0 ? -1 - fullAtParts : fullAtParts
}

/** The state of a bucket in which `debt` parts are missing. */
function stateWithDebt(
  debt: number,
  nowMs: number,
  { limit, windowMs, burst }: Limit,
  fillId: number,
): TokenBucketState {
  const parts = debt % limit
  const isOwing = debt > burst * windowMs
  return { fullAtMs: nowMs + Math.floor(debt / limit), fullAtParts: isOwing ? -1 - parts : parts, fillId }
}
