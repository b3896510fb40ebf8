import { type AlgorithmResult, type NumericAlgorithm, nextId } from './algorithm.ts'
import type { Limit } from './limit.ts'

/**
 * What a token bucket remembers of a client: the instant at which its bucket is full again, which GCRA calls
 * the theoretical arrival time. It lies between two milliseconds, and is kept as a fraction with the limit as
 * denominator: there it is exact, since a unit takes `windowMs / limit` to come back.
 *
 * No decision needs more. The id is for refunds alone.
 */
export interface TokenBucketState {
  /** Whole milliseconds of the instant. */
  readonly fullAtMs: number
  /** What is left of it, in parts of a millisecond divided by the limit: from 0 to `limit - 1`. */
  readonly fullAtParts: number
  /** Counts the charges that found the bucket full, so that a refund is honoured until the next of them. */
  readonly fillId: number
}

/**
 * `burst` units at once, and units come back one by one, `limit` of them in `windowMs`.
 *
 * The generic cell rate algorithm in its form of a virtual schedule (ITU-T I.371, annex A; ATM Forum UNI 3.1,
 * 3.6.2.4.1): emission interval T = `windowMs / limit`, burst tolerance (`burst` - 1) * T, a cost of n as n
 * arrivals at once. In integers throughout: the instants are counted in parts of a millisecond divided by
 * `limit`, in which T is exactly `windowMs` parts.
 *
 * Its bound: at most `burst` + floor(d / T) units in any closed interval of length d, where a refund counts
 * when it is made.
 */
export const tokenBucket: NumericAlgorithm<TokenBucketState> = {
  initialState: (id) => ({ fullAtMs: Number.NEGATIVE_INFINITY, fullAtParts: 0, fillId: id }),

  charge(state, nowMs, limit, cost): AlgorithmResult<TokenBucketState> {
    const { limit: units, windowMs, burst } = limit
    const debt = debtOf(state, nowMs, limit)
    const capacity = burst * windowMs
    const asked = debt + cost * windowMs
    const allowed = asked <= capacity
    const debtKept = allowed ? asked : debt
    const remaining = Math.max(0, Math.floor((capacity - debtKept) / windowMs))
    const resetMs =
      allowed && remaining > 0
        ? Math.ceil((remaining * windowMs) / units)
        : Math.ceil((debtKept + (remaining + 1) * windowMs - capacity) / units)
    const retryAfterMs = allowed ? 0 : Math.ceil((asked - capacity) / units)
    const fillId = debt === 0 ? nextId(state?.fillId ?? 0) : (state?.fillId ?? 0)
    return { allowed, remaining, resetMs, retryAfterMs, state: bucket(debtKept, nowMs, limit, fillId) }
  },

  // One instant does not tell when it was written: of a client that would wait longer than an empty bucket
  // takes to fill, the bucket is empty now.
  rewind(state, nowMs, limit) {
    const capacity = limit.burst * limit.windowMs
    if (debtOf(state, nowMs, limit) <= capacity) return state
    return bucket(capacity, nowMs, limit, state.fillId)
  },

  // What has come back by itself is not given a second time: neither of a charge since which the bucket was
  // full, nor of one whose turn in line, as it stood when it was taken, is past. Refunds of those ahead do not
  // move that turn up: one instant cannot know who is ahead of whom, and to count them against everybody would
  // fill the bucket of a client all of whose charges are given back. So what a client had in flight when a
  // stretch of time began can come on top of the bound in that stretch; it never adds up.
  refund(state, taken, nowMs, limit, cost) {
    if (taken.fillId !== state.fillId) return state
    const given = Math.min(cost * limit.windowMs, debtOf(taken, nowMs, limit))
    if (given === 0) return state
    return bucket(Math.max(0, debtOf(state, nowMs, limit) - given), nowMs, limit, state.fillId)
  },

  // How far the next unit has come is told where there is too little left; elsewhere it begins anew.
  seedFromRemote(state, { remaining, resetMs, retryAfterMs, cost }, nowMs, limit): TokenBucketState {
    const { limit: units, windowMs, burst } = limit
    const mostDebt = Math.max(0, burst - remaining) * windowMs
    const isRefused = retryAfterMs > 0 && remaining < cost
    if (remaining > 0 && !isRefused) return bucket(mostDebt, nowMs, limit, nextId(state.fillId))
    const byReset = Math.max(0, mostDebt - windowMs + Math.min(windowMs, resetMs * units))
    // Both waits are rounded up to a millisecond, in which `units` parts come back: the shorter one is nearer.
    const byRetry = isRefused ? (burst - cost) * windowMs + retryAfterMs * units : byReset
    const debt = Math.max(byReset - units + 1, Math.min(byReset, byRetry))
    return bucket(debt, nowMs, limit, nextId(state.fillId))
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
 * Whether every number that a bucket is reckoned with is a whole one that a double holds exactly, and every
 * quotient rounds to the right side: one that is not whole is further from the next whole number than a double
 * can err where dividend and divisor together are below 2^53.
 */
export function isExact({ limit, windowMs, burst }: Pick<Limit, 'limit' | 'windowMs' | 'burst'>): boolean {
  return 2 * burst * windowMs + limit <= Number.MAX_SAFE_INTEGER
}

/** How far the bucket is from full, in parts. */
function debtOf(state: TokenBucketState | undefined, nowMs: number, { limit }: Limit): number {
  if (state === undefined || state.fullAtMs < nowMs) return 0
  // Parts of another limit, where a function has changed it, are a whole millisecond at most.
  return (state.fullAtMs - nowMs) * limit + Math.min(state.fullAtParts, limit)
}

/** A bucket that is so many parts from full. */
function bucket(debt: number, nowMs: number, { limit }: Limit, fillId: number): TokenBucketState {
  return { fullAtMs: nowMs + Math.floor(debt / limit), fullAtParts: debt % limit, fillId }
}
