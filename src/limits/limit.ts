import { type Calendar, calendarWindowAt } from './calendar.ts'

/** How a limit counts. */
export type AlgorithmName = 'fixed-window' | 'sliding-window' | 'token-bucket' | 'calendar-window'

/** The algorithms that the option `algorithm` takes. A limit with `per` is a calendar window. */
export type ChosenAlgorithm = Exclude<AlgorithmName, 'calendar-window'>

/**
 * One limit, compiled: at most `limit` units in `windowMs`, counted by one algorithm.
 *
 * Limits are compiled once, when the limiter is created. So a store may compare them by identity, and it may
 * remember what it computed from them.
 */
export interface Limit {
  /** Unique among the limits of a charge. It appears in the draft headers. */
  readonly name: string
  /** Units: a whole number from 1 to 999,999,999,999,999 (15 digits, the most that RFC 9651 allows). */
  readonly limit: number
  /**
   * Length of the window in milliseconds: a whole number of at least 1. A token bucket regains `limit` units
   * in this time. Of a calendar window the longest that it can be.
   */
  readonly windowMs: number
  /**
   * How long a client is remembered after its last charge, in milliseconds. Never less than the window of the
   * limit's quota. A store may count it from the start of a fixed window, which nothing outlives.
   */
  readonly ttlMs: number
  /** Units that can be taken at once: the capacity of a token bucket. For windows it equals `limit`. */
  readonly burst: number
  readonly algorithm: AlgorithmName
  /**
   * The windows of a calendar window; absent for the other algorithms. `calendarWindowAt` finds the one that is open. A
   * store that counts by it declares the algorithm, and identifies its counters by `calendar.id` too.
   */
  readonly calendar?: Calendar | undefined
  /**
   * How many units a client can owe after settlements: a whole number from 0. Default: `burst`, or the most that a
   * token bucket can count exactly.
   */
  readonly maxDebt?: number | undefined
  /**
   * Whether it limits requests that run at once, for a store of leases. Then `windowMs` is only the time after which a
   * refused client may try again, and the algorithm has no meaning.
   */
  readonly isInFlight?: true
}

/**
 * The most units that a limit may have: integers in a structured field have at most 15 digits (RFC 9651,
 * 3.3.1).
 */
export const LARGEST_LIMIT = 999_999_999_999_999

/**
 * How many units a client of a limit can owe after settlements: `maxDebt`, or else one capacity. Of a token bucket it
 * is less if the bucket could not be counted exactly otherwise (see {@link largestExactDebt}).
 */
export function maxDebtOf({ maxDebt, algorithm, limit, windowMs, burst }: Limit): number {
  if (maxDebt !== undefined) return maxDebt
  return algorithm === 'token-bucket' ? Math.min(burst, largestExactDebt({ limit, windowMs, burst })) : burst
}

/**
 * The largest debt that a token bucket counts exactly. A settlement adds the debt, a full bucket and a charge:
 * together they must be a whole number that a double holds exactly. Below 0 if even a bucket without debt is too large.
 */
export function largestExactDebt({
  limit,
  windowMs,
  burst,
}: Pick<Limit, 'limit' | 'windowMs' | 'burst'>): number {
  return Math.floor((Number.MAX_SAFE_INTEGER - limit) / windowMs) - 2 * burst
}

/** How many units a client may use in which time, as headers show it to the client. */
export interface Quota {
  readonly units: number
  /** Milliseconds. It can be a fraction. */
  readonly windowMs: number
}

/**
 * The quota of a limit. For a window it is the limit itself. For a token bucket it is the units that the
 * bucket holds, in the time that the empty bucket takes to fill. This quota has the same rate as the limit,
 * and it is never less than the units that are available.
 */
export function quotaOf({ limit, windowMs, burst }: Pick<Limit, 'limit' | 'windowMs' | 'burst'>): Quota {
  return { units: burst, windowMs: burst === limit ? windowMs : (windowMs * burst) / limit }
}

/**
 * The quota of a limit at a time. Of a calendar window it is that of the window which is open then.
 *
 * @param nowMs milliseconds since the epoch
 */
export function quotaAt(limit: Limit, nowMs: number): Quota {
  if (limit.calendar === undefined) return quotaOf(limit)
  const { startMs, endMs } = calendarWindowAt(limit.calendar, nowMs)
  return { units: limit.burst, windowMs: endMs - startMs }
}

/**
 * Whether two limits share their count. A function, or another version of the limiter, may give other amounts from
 * charge to charge.
 */
export function isSameCounter(one: Limit, other: Limit): boolean {
  return (
    one.name === other.name &&
    one.algorithm === other.algorithm &&
    one.windowMs === other.windowMs &&
    one.calendar?.id === other.calendar?.id
  )
}
