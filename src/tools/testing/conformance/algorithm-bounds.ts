import type { AlgorithmName, Limit } from '../../../limits/limit.ts'

/** A charge that was admitted. */
export interface Taken {
  readonly atMs: number
  readonly units: number
}

/**
 * Whether `cost` units more, on top of the charges taken so far, would break what an algorithm guarantees, if
 * every charge weighed on the client for `lateMs` longer than it must.
 */
type Bound = (taken: readonly Taken[], nowMs: number, cost: number, limit: Limit, lateMs: number) => boolean

/** At most L units in a window that opens with a charge; here nothing may be late. */
const fixedWindow: Bound = (taken, nowMs, cost, { limit, windowMs }) => {
  let endMs = Number.NEGATIVE_INFINITY
  let used = 0
  for (const { atMs, units } of [...taken, { atMs: nowMs, units: cost }]) {
    if (atMs >= endMs) [endMs, used] = [atMs + windowMs, 0]
    used += units
  }
  return used > limit
}

/** At most L units in any stretch of a window's length. */
const slidingWindow: Bound = (taken, nowMs, cost, { limit, windowMs }, lateMs) => {
  const weighing = taken.filter(({ atMs }) => atMs + windowMs + lateMs > nowMs)
  return weighing.reduce((sum, { units }) => sum + units, cost) > limit
}

/** At most B + floor(d / T) units in any interval of length d, where T is `windowMs / limit`. */
const tokenBucket: Bound = (taken, nowMs, cost, { limit, windowMs, burst }, lateMs) => {
  let sum = 0
  return [...taken, { atMs: nowMs, units: cost }].toReversed().some(({ atMs, units }) => {
    sum += units
    return (sum - burst) * windowMs > Math.max(0, nowMs - atMs - lateMs) * limit
  })
}

const BOUNDS: Readonly<Record<AlgorithmName, Bound>> = {
  'fixed-window': fixedWindow,
  'sliding-window': slidingWindow,
  'token-bucket': tokenBucket,
}

/** Whether a limit must refuse `cost` units more. */
export function mustRefuse(taken: readonly Taken[], nowMs: number, cost: number, limit: Limit): boolean {
  return BOUNDS[limit.algorithm](taken, nowMs, cost, limit, 0)
}

/** Whether a limit may refuse `cost` units more. */
export function mayRefuse(taken: readonly Taken[], nowMs: number, cost: number, limit: Limit): boolean {
  return BOUNDS[limit.algorithm](taken, nowMs, cost, limit, latenessMs(limit))
}

/**
 * How much longer than it must a charge may weigh on a client. A sliding window need not keep a log of every
 * charge: an eighth of the window is its leeway. What a bucket regains may be rounded up to a millisecond.
 */
export function latenessMs({ algorithm, windowMs }: Limit): number {
  if (algorithm === 'fixed-window') return 0
  return algorithm === 'sliding-window' ? Math.ceil(windowMs / 8) : 1
}
