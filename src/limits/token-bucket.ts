/*
 * Twin: src/stores/redis/scripts/token-bucket.lua
 */
import { type AlgorithmResult, type NumericAlgorithm, nextId } from './algorithm.ts'
import type { Limit } from './limit.ts'

/**
 * What a token bucket remembers of a client: the time at which its bucket will be full again. GCRA calls this
 * time the theoretical arrival time. It can be between two milliseconds. It is stored as whole milliseconds
 * and a number of parts, where a part is 1/`limit` of a millisecond. In parts the time is exact, because a
 * unit takes `windowMs / limit` milliseconds to come back.
 *
 * Decisions need only this time. Only refunds need the id.
 */
export interface TokenBucketState {
  /** The whole milliseconds of the time at which the bucket is full. */
  readonly fullAtMs: number
  /** The rest of this time, in parts: from 0 to `limit - 1`. */
  readonly fullAtParts: number
  /** Counts the charges that found the bucket full. A charge can be refunded until the next such charge. */
  readonly fillId: number
}

/**
 * `burst` units at once. Units come back one by one, `limit` units in `windowMs`.
 *
 * This is the generic cell rate algorithm (GCRA), as a virtual schedule (ITU-T I.371, annex A; ATM Forum UNI
 * 3.1, 3.6.2.4.1). The emission interval is T = `windowMs / limit`. The burst tolerance is (`burst` - 1) * T.
 * A cost of n counts as n arrivals at once. All arithmetic is in integers: times are counted in parts of
 * 1/`limit` of a millisecond, and T is exactly `windowMs` parts.
 *
 * Bound: at most `burst` + floor(d / T) units in any closed interval of length d. A refund counts at the time
 * at which it is made.
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
  // fill. If this one would, the clock was set back, and the bucket counts as empty now.
  rewind(state, nowMs, limit) {
    const capacity = limit.burst * limit.windowMs
    if (debtOf(state, nowMs, limit) <= capacity) return state
    return stateWithDebt(capacity, nowMs, limit, state.fillId)
  },

  // A unit is `windowMs` parts, whatever the rate. So the parts that are missing stay the same.
  withLimit(state, from, to, nowMs) {
    if (from.limit === to.limit) return state
    const debt = debtOf(state, nowMs, from)
    // A bucket that is full stays full. Its time counts again if the clock is set back, and parts of another size do not.
    if (debt === 0) return { ...state, fullAtParts: 0 }
    return stateWithDebt(Math.min(debt, to.burst * to.windowMs), nowMs, to, state.fillId)
  },

  // Units that have come back by themselves are not refunded a second time. A charge is not refunded if the
  // bucket has been full since the charge. It is also not refunded if its units would have come back by now,
  // in the order of the charges, as this order was at the time of the charge.
  //
  // A refund of an earlier charge does not make this time earlier, because the state is a single time, which
  // does not show which charge came before which. If a refund made this time earlier for all charges, it
  // would use up the bucket of a client whose charges are all refunded. So in a stretch of time a client can
  // get more units than the bound: at most the units of charges that were made before the stretch and
  // refunded in it. This excess never accumulates.
  refund(state, chargedState, nowMs, limit, cost) {
    if (chargedState.fillId !== state.fillId) return state
    const refunded = Math.min(cost * limit.windowMs, debtOf(chargedState, nowMs, limit))
    if (refunded === 0) return state
    return stateWithDebt(Math.max(0, debtOf(state, nowMs, limit) - refunded), nowMs, limit, state.fillId)
  },

  // If there are too few units left, the answer of the other store shows how much of the next unit has come
  // back. Otherwise the new state starts with no part of the next unit.
  overAtMs: ({ fullAtMs, fullAtParts }) => (fullAtParts > 0 ? fullAtMs + 1 : fullAtMs),

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
export function isExact({ limit, windowMs, burst }: Pick<Limit, 'limit' | 'windowMs' | 'burst'>): boolean {
  return 2 * burst * windowMs + limit <= Number.MAX_SAFE_INTEGER
}

/** How many parts are missing until the bucket is full. */
function debtOf(state: TokenBucketState | undefined, nowMs: number, { limit }: Limit): number {
  if (state === undefined || state.fullAtMs < nowMs) return 0
  // A store that does not know the limit of the last charge takes it to be this one. Then the parts are parts of another
  // size. Together they count as at most one millisecond.
  return (state.fullAtMs - nowMs) * limit + Math.min(state.fullAtParts, limit)
}

/** The state of a bucket in which `debt` parts are missing. */
function stateWithDebt(debt: number, nowMs: number, { limit }: Limit, fillId: number): TokenBucketState {
  return { fullAtMs: nowMs + Math.floor(debt / limit), fullAtParts: debt % limit, fillId }
}
