/*
 * Twin: src/stores/redis/scripts/sliding-window.lua
 */
import {
  type AlgorithmResult,
  type NumberSource,
  type NumericAlgorithm,
  nextId,
  type RemoteState,
} from './algorithm.ts'
import type { Limit } from './limit.ts'

/** Units that were taken at nearly the same time. They are counted until the last charge is a window old. */
interface Slice {
  /**
   * The number of this slice among the client's slices. A refund takes units only from the slice of its
   * charge.
   */
  readonly id: number
  /** The time of the last charge in this slice, in milliseconds. */
  readonly lastMs: number
  readonly units: number
}

/** What a sliding window remembers of a client. */
export interface SlidingWindowState {
  /** From the oldest slice to the newest. At most {@link SLICES_PER_WINDOW} + 1. */
  readonly slices: readonly Slice[]
  readonly lastId: number
}

/**
 * Twice as many slices halve the delay with which units come back, and double the memory that a client needs.
 * With 8 slices, a client that always uses its whole limit loses at most a ninth of it, because it can use 8
 * of 9 slices of time. It needs the memory of 9 slices. With 16 slices it would lose a seventeenth and need
 * the memory of 17 slices.
 */
export const SLICES_PER_WINDOW = 8

/**
 * At most `limit` units in any stretch of `windowMs`, wherever the stretch begins.
 *
 * An exact log would keep every charge. This algorithm keeps slices instead. A slice is an eighth of the
 * window long. All its units are counted until its last charge is a window old.
 *
 * Why the bound holds: each charge is counted for at least a window. So when a charge is allowed, all units
 * taken in the window that ends with this charge are in the sum that was compared with the limit.
 *
 * The price: a unit can be counted for longer than a window, by the time between its charge and the last
 * charge in its slice. This is less than an eighth of the window, where the eighth is rounded up to a whole
 * millisecond. It is zero if all units of the slice were taken at once.
 *
 * A refund takes its units out of the slice, but does not change the time of the slice. If the clock is set
 * back again and again, slices can become longer than an eighth of the window. Then units are counted for
 * longer, but never for less than a window.
 */
export const slidingWindow: NumericAlgorithm<SlidingWindowState> = {
  initialState: (id) => ({ slices: [], lastId: id }),

  charge(state, nowMs, limit, cost): AlgorithmResult<SlidingWindowState> {
    const counted = withoutExpiredSlices(state, nowMs, limit)
    const used = sumOfUnits(counted.slices)
    const allowed = used + cost <= limit.limit
    const kept = allowed && cost > 0 ? withAddedUnits(counted, nowMs, limit, cost) : counted
    return {
      allowed,
      // A limit function can return a smaller limit than for the charge before. Then `used` is above the
      // limit.
      remaining: Math.max(0, limit.limit - (allowed ? used + cost : used)),
      resetMs: (kept.slices[0]?.lastMs ?? nowMs) + limit.windowMs - nowMs,
      retryAfterMs: allowed ? 0 : msUntilExpired(counted.slices, used + cost - limit.limit, nowMs, limit),
      state: kept,
    }
  },

  rewind: rewindSlices,

  refund(state, chargedState, _nowMs, _limit, cost) {
    const id = chargedState.slices.at(-1)?.id
    if (!state.slices.some((slice) => slice.id === id)) return state
    const slices = state.slices
      .map((slice) => (slice.id === id ? { ...slice, units: slice.units - cost } : slice))
      .filter(({ units }) => units > 0)
    return { ...state, slices }
  },

  overAtMs({ slices }, { windowMs }) {
    const newest = slices[slices.length - 1]
    return newest === undefined ? Number.NEGATIVE_INFINITY : newest.lastMs + windowMs
  },

  seedFromRemote(state, remote, nowMs, limit) {
    const local = withoutExpiredSlices(state, nowMs, limit)
    const usedRemotely = limit.limit - remote.remaining
    const surplus = sumOfUnits(local.slices) - usedRemotely
    if (surplus >= 0) return withRemoteExpiry(withoutOldestUnits(local, surplus), remote, nowMs, limit)
    // The units that are missing here were taken through other processes. The answer shows when the oldest
    // units expire. The other units count as taken now.
    const withOldest =
      local.slices.length > 0 ? local : withOldestRemoteUnits(local, -surplus, remote, nowMs, limit)
    const missing = usedRemotely - sumOfUnits(withOldest.slices)
    const complete = missing > 0 ? withAddedUnits(withOldest, nowMs, limit, missing) : withOldest
    return withRemoteExpiry(complete, remote, nowMs, limit)
  },

  write({ slices, lastId }, sink) {
    sink.amount(slices.length)
    sink.amount(lastId)
    for (const { id, lastMs, units } of slices) {
      sink.amount(id)
      sink.instant(lastMs)
      sink.amount(units)
    }
  },

  read(source) {
    const length = source.amount()
    const lastId = source.amount()
    return { slices: Array.from({ length }, () => readSlice(source)), lastId }
  },
}

function readSlice(source: NumberSource): Slice {
  return { id: source.amount(), lastMs: source.instant(), units: source.amount() }
}

/**
 * The state on a clock that was set back: the newest charge counts as made now, and the earlier charges as
 * made as long before it as they were.
 */
export function rewindSlices(state: SlidingWindowState, nowMs: number): SlidingWindowState {
  const aheadMs = (state.slices.at(-1)?.lastMs ?? nowMs) - nowMs
  if (aheadMs <= 0) return state
  return { ...state, slices: state.slices.map((slice) => ({ ...slice, lastMs: slice.lastMs - aheadMs })) }
}

function withoutExpiredSlices(
  state: SlidingWindowState | undefined,
  nowMs: number,
  limit: Limit,
): SlidingWindowState {
  if (state === undefined) return { slices: [], lastId: 0 }
  const { slices, lastId } = state
  const first = slices.findIndex(({ lastMs }) => lastMs + limit.windowMs > nowMs)
  if (first === 0) return state
  return { slices: first === -1 ? [] : slices.slice(first), lastId }
}

function withAddedUnits(
  { slices, lastId }: SlidingWindowState,
  nowMs: number,
  { windowMs }: Limit,
  cost: number,
): SlidingWindowState {
  const sliceMs = Math.ceil(windowMs / SLICES_PER_WINDOW)
  const newest = slices.at(-1)
  const isNewSlice = Math.floor((newest?.lastMs ?? 0) / sliceMs) !== Math.floor(nowMs / sliceMs)
  // A window overlaps at most one slice more than SLICES_PER_WINDOW. There are more only if the clock was set
  // back.
  if (newest === undefined || (isNewSlice && slices.length <= SLICES_PER_WINDOW)) {
    const id = nextId(lastId)
    return { slices: [...slices, { id, lastMs: nowMs, units: cost }], lastId: id }
  }
  const extended: Slice = { id: newest.id, lastMs: nowMs, units: newest.units + cost }
  return { slices: [...slices.slice(0, -1), extended], lastId }
}

function sumOfUnits(slices: readonly Slice[]): number {
  let sum = 0
  for (const { units } of slices) sum += units
  return sum
}

function withoutOldestUnits({ slices, lastId }: SlidingWindowState, units: number): SlidingWindowState {
  let toRemove = units
  const kept = slices.map((slice) => {
    const removed = Math.min(toRemove, slice.units)
    toRemove -= removed
    return { ...slice, units: slice.units - removed }
  })
  return { slices: kept.filter((slice) => slice.units > 0), lastId }
}

/**
 * How many of the oldest units expire in the other store, and in how many milliseconds. After a refusal,
 * these are the units that the charge needs and does not have. Otherwise it is one unit.
 */
function oldestRemoteUnits(remote: RemoteState): { units: number; expireInMs: number } {
  const { remaining, resetMs, retryAfterMs, cost } = remote
  const isRefused = retryAfterMs > 0 && remaining < cost
  return isRefused
    ? { units: cost - remaining, expireInMs: Math.max(resetMs, retryAfterMs) }
    : { units: 1, expireInMs: resetMs }
}

/**
 * Adds, to a state without slices, one slice with the oldest units of the other store, but at most `units`.
 */
function withOldestRemoteUnits(
  { lastId }: SlidingWindowState,
  units: number,
  remote: RemoteState,
  nowMs: number,
  limit: Limit,
): SlidingWindowState {
  const oldest = oldestRemoteUnits(remote)
  const lastMs = nowMs - Math.max(0, limit.windowMs - oldest.expireInMs)
  const id = nextId(lastId)
  return { slices: [{ id, lastMs, units: Math.min(units, oldest.units) }], lastId: id }
}

/**
 * The state in which no unit expires before the time that the other store answered. A charge can be older
 * here than in the other store, because there its slice can contain a later charge of another process.
 *
 * Each slice gets a new id. So no earlier receipt can refund units that the other store counted.
 */
function withRemoteExpiry(
  state: SlidingWindowState,
  remote: RemoteState,
  nowMs: number,
  limit: Limit,
): SlidingWindowState {
  const oldest = oldestRemoteUnits(remote)
  let unitsSoFar = 0
  let id = state.lastId
  const slices = state.slices.map(({ lastMs, units }): Slice => {
    unitsSoFar += units
    const expireInMs = unitsSoFar >= oldest.units ? oldest.expireInMs : remote.resetMs
    id = nextId(id)
    return { id, lastMs: Math.max(lastMs, nowMs - Math.max(0, limit.windowMs - expireInMs)), units }
  })
  return { slices, lastId: id }
}

/** Milliseconds until the oldest `units` units are no longer counted. */
function msUntilExpired(slices: readonly Slice[], units: number, nowMs: number, limit: Limit): number {
  let unitsSoFar = 0
  for (const slice of slices) {
    unitsSoFar += slice.units
    if (unitsSoFar >= units) return slice.lastMs + limit.windowMs - nowMs
  }
  // The charge costs more than the limit, so that no wait is long enough. The answer is one window.
  return limit.windowMs
}
