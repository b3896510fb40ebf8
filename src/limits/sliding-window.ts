/*
 * Twin: src/stores/redis/scripts/sliding-window.lua
 */
import {
  type AlgorithmResult,
  changeOfUnits,
  type NumberSource,
  type NumericAlgorithm,
  nextId,
  type RemoteState,
  type Settled,
} from './algorithm.ts'
import { type Limit, maxDebtOf } from './limit.ts'
import {
  msUntilExpired,
  rewindSlices,
  type Slice,
  type SlidingWindowState,
  sumOfUnits,
  withAddedPart,
  withAddedUnits,
  withoutExpiredSlices,
  withoutUnits,
} from './slices.ts'

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
 * A settlement that gives back takes the units out of the slice, but does not change the time of the slice. One
 * that takes more adds the units to the newest slice: they are counted for a window from then on. So with
 * settlements there are at most `limit + maxDebt` units in any stretch of `windowMs`, where each unit counts at the
 * time at which it was taken.
 *
 * If the clock is set back again and again, slices can become longer than an eighth of the window. Then units are
 * counted for longer, but never for less than a window.
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
      // `used` is above the limit after a settlement, and if a limit function returns a smaller limit than before.
      remaining: Math.max(0, limit.limit - (allowed ? used + cost : used)),
      resetMs:
        used > limit.limit
          ? msUntilExpired(kept.slices, used - limit.limit + 1, nowMs, limit)
          : (kept.slices[0]?.lastMs ?? nowMs) + limit.windowMs - nowMs,
      retryAfterMs: allowed ? 0 : msUntilExpired(counted.slices, used + cost - limit.limit, nowMs, limit),
      state: kept,
    }
  },

  rewind: rewindSlices,

  recordOf: ({ slices, lastId }, _nowMs, _limit, cost) => [cost, slices.at(-1)?.id ?? lastId],

  settle(state, record, nowMs, limit, cost): Settled<SlidingWindowState> {
    const counted = withoutExpiredSlices(state, nowMs, limit)
    const [units, chargedId] = record
    // The slice of the charge is the oldest one with units of it, and is gone when the window of the charge is over.
    if (!counted.slices.some(({ id }) => id === chargedId)) return { state, record }
    const room = limit.limit + maxDebtOf(limit) - sumOfUnits(counted.slices)
    const change = changeOfUnits(units, cost, room)
    if (change > 0) {
      const taken = withAddedUnits(counted, nowMs, limit, change)
      return { state: taken, record: withAddedPart(record, taken.slices.at(-1)?.id ?? 0, change) }
    }
    return withoutUnits(counted, record, -change)
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
