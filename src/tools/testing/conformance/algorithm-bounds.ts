import { calendarWindowAt } from '../../../limits/calendar.ts'
import type { AlgorithmName, Limit } from '../../../limits/limit.ts'

/** A charge that was allowed. */
export interface AllowedCharge {
  readonly atMs: number
  readonly units: number
}

/**
 * Whether `cost` more units, after the allowed charges, would break the guarantee of an algorithm, if every
 * charge counted for `toleranceMs` longer than the algorithm requires.
 */
type ExceedsBound = (
  allowedCharges: readonly AllowedCharge[],
  nowMs: number,
  cost: number,
  limit: Limit,
  toleranceMs: number,
) => boolean

/** The guarantee: at most L units in a window that opens with a charge. There is no tolerance. */
const exceedsFixedWindow: ExceedsBound = (allowedCharges, nowMs, cost, { limit, windowMs }) => {
  let endMs = Number.NEGATIVE_INFINITY
  let used = 0
  for (const { atMs, units } of [...allowedCharges, { atMs: nowMs, units: cost }]) {
    if (atMs >= endMs) [endMs, used] = [atMs + windowMs, 0]
    used += units
  }
  return used > limit
}

/** The guarantee: at most L units in any stretch of the length of the window. */
const exceedsSlidingWindow: ExceedsBound = (
  allowedCharges,
  nowMs,
  cost,
  { limit, windowMs },
  toleranceMs,
) => {
  const counting = allowedCharges.filter(({ atMs }) => atMs + windowMs + toleranceMs > nowMs)
  return counting.reduce((sum, { units }) => sum + units, cost) > limit
}

/**
 * The guarantee: at most B + floor(d / T) units in any interval of length d, where T is `windowMs / limit`.
 */
const exceedsTokenBucket: ExceedsBound = (allowedCharges, nowMs, cost, limit, toleranceMs) => {
  let sum = 0
  return [...allowedCharges, { atMs: nowMs, units: cost }].toReversed().some(({ atMs, units }) => {
    sum += units
    const lengthMs = Math.max(0, nowMs - atMs - toleranceMs)
    return (sum - limit.burst) * limit.windowMs > lengthMs * limit.limit
  })
}

/** The guarantee: at most L units in a window of the calendar. There is no tolerance. */
const exceedsCalendarWindow: ExceedsBound = (allowedCharges, nowMs, cost, { limit, calendar }) => {
  if (calendar === undefined) return true
  const { startMs } = calendarWindowAt(calendar, nowMs)
  const counting = allowedCharges.filter(({ atMs }) => atMs >= startMs)
  return counting.reduce((sum, { units }) => sum + units, cost) > limit
}

const EXCEEDS_BOUND: Readonly<Record<AlgorithmName, ExceedsBound>> = {
  'fixed-window': exceedsFixedWindow,
  'sliding-window': exceedsSlidingWindow,
  'token-bucket': exceedsTokenBucket,
  'calendar-window': exceedsCalendarWindow,
}

/** Whether a limit must refuse `cost` more units. */
export function mustRefuse(
  allowedCharges: readonly AllowedCharge[],
  nowMs: number,
  cost: number,
  limit: Limit,
): boolean {
  return EXCEEDS_BOUND[limit.algorithm](allowedCharges, nowMs, cost, limit, 0)
}

/** Whether a limit may refuse `cost` more units. */
export function mayRefuse(
  allowedCharges: readonly AllowedCharge[],
  nowMs: number,
  cost: number,
  limit: Limit,
): boolean {
  return EXCEEDS_BOUND[limit.algorithm](allowedCharges, nowMs, cost, limit, toleranceMsOf(limit))
}

/**
 * How much longer than necessary a store may count a charge. A store need not keep a log of every charge, so
 * a sliding window may count it for an eighth of the window longer. A token bucket may round the time at
 * which a unit comes back up to a whole millisecond.
 */
export function toleranceMsOf({ algorithm, windowMs }: Limit): number {
  if (algorithm === 'fixed-window' || algorithm === 'calendar-window') return 0
  return algorithm === 'sliding-window' ? Math.ceil(windowMs / 8) : 1
}
