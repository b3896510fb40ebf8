import {
  type AlgorithmResult,
  type NumberSource,
  type NumericAlgorithm,
  nextId,
  type RemoteState,
} from './algorithm.ts'
import type { Limit } from './limit.ts'

/** Units that were taken close to one another, and are counted until the last of them is a window old. */
interface Slice {
  /** Numbers the slices of a client, so that a refund finds its own and no other. */
  readonly id: number
  /** The instant of the last charge in it, in milliseconds. */
  readonly lastMs: number
  readonly units: number
}

/** What a sliding window remembers of a client. */
export interface SlidingWindowState {
  /** From the oldest to the newest, {@link SLICES_PER_WINDOW} + 1 at most. */
  readonly slices: readonly Slice[]
  readonly lastId: number
}

/**
 * Each doubling halves how late units come back and doubles what a client takes in memory. With 8 a client
 * that is always at its limit loses at most a ninth of it (8 of 9 slices of time are its own), in the memory
 * of 9 slices; with 16 it would lose a seventeenth in the memory of 17.
 */
export const SLICES_PER_WINDOW = 8

/**
 * At most `limit` units in any stretch of `windowMs`, wherever it begins.
 *
 * An exact log would keep every charge. This keeps charges by the slice, an eighth of the window long, and
 * counts a slice whole until its last charge is a window old.
 *
 * Its bound holds because a charge is counted for no less than a window: whatever was taken in the window
 * that ends with a charge is in the sum that admitted it. Its price is that a unit can be counted longer, by
 * the time from it to the last charge in its slice: by less than an eighth of the window (rounded up to a
 * whole millisecond), and not at all where the units of a slice were taken at once. A refund takes its units out
 * of their slice, which stays as young as it was. On a clock that is set back again and again slices can grow
 * longer than an eighth, and units be counted longer, never shorter.
 */
export const slidingWindow: NumericAlgorithm<SlidingWindowState> = {
  initialState: (id) => ({ slices: [], lastId: id }),

  charge(state, nowMs, limit, cost): AlgorithmResult<SlidingWindowState> {
    const live = liveAt(state, nowMs, limit)
    const used = unitsIn(live.slices)
    const allowed = used + cost <= limit.limit
    const kept = allowed && cost > 0 ? withUnits(live, nowMs, limit, cost) : live
    return {
      allowed,
      // A limit can shrink from one charge to the next where a function decides on it.
      remaining: Math.max(0, limit.limit - (allowed ? used + cost : used)),
      resetMs: (kept.slices[0]?.lastMs ?? nowMs) + limit.windowMs - nowMs,
      retryAfterMs: allowed ? 0 : msUntilGone(live.slices, used + cost - limit.limit, nowMs, limit),
      state: kept,
    }
  },

  rewind: rewindSlices,

  refund(state, taken, _nowMs, _limit, cost) {
    const id = taken.slices.at(-1)?.id
    if (!state.slices.some((slice) => slice.id === id)) return state
    const slices = state.slices
      .map((slice) => (slice.id === id ? { ...slice, units: slice.units - cost } : slice))
      .filter(({ units }) => units > 0)
    return { ...state, slices }
  },

  seedFromRemote(state, told, nowMs, limit) {
    const live = liveAt(state, nowMs, limit)
    const missing = limit.limit - told.remaining - unitsIn(live.slices)
    if (missing <= 0) return untilTold(withoutOldest(live, -missing), told, nowMs, limit)
    const known = live.slices.length > 0 ? live : oldestUnits(live, missing, told, nowMs, limit)
    const unknown = limit.limit - told.remaining - unitsIn(known.slices)
    return untilTold(unknown > 0 ? withUnits(known, nowMs, limit, unknown) : known, told, nowMs, limit)
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
 * The state as it reads on a clock that was set back: what is newest happened now, and everything before it
 * as long before it as ever.
 */
export function rewindSlices(state: SlidingWindowState, nowMs: number): SlidingWindowState {
  const aheadMs = (state.slices.at(-1)?.lastMs ?? nowMs) - nowMs
  if (aheadMs <= 0) return state
  return { ...state, slices: state.slices.map((slice) => ({ ...slice, lastMs: slice.lastMs - aheadMs })) }
}

/** The state without what is a window old. */
function liveAt(state: SlidingWindowState | undefined, nowMs: number, limit: Limit): SlidingWindowState {
  if (state === undefined) return { slices: [], lastId: 0 }
  const { slices, lastId } = state
  const first = slices.findIndex(({ lastMs }) => lastMs + limit.windowMs > nowMs)
  if (first === 0) return state
  return { slices: first === -1 ? [] : slices.slice(first), lastId }
}

function withUnits(
  { slices, lastId }: SlidingWindowState,
  nowMs: number,
  { windowMs }: Limit,
  cost: number,
): SlidingWindowState {
  const sliceMs = Math.ceil(windowMs / SLICES_PER_WINDOW)
  const newest = slices.at(-1)
  const isNew = Math.floor((newest?.lastMs ?? 0) / sliceMs) !== Math.floor(nowMs / sliceMs)
  // There are more slices than a window touches only after the clock was set back.
  if (newest === undefined || (isNew && slices.length <= SLICES_PER_WINDOW)) {
    const id = nextId(lastId)
    return { slices: [...slices, { id, lastMs: nowMs, units: cost }], lastId: id }
  }
  const grown: Slice = { id: newest.id, lastMs: nowMs, units: newest.units + cost }
  return { slices: [...slices.slice(0, -1), grown], lastId }
}

function unitsIn(slices: readonly Slice[]): number {
  let sum = 0
  for (const { units } of slices) sum += units
  return sum
}

function withoutOldest({ slices, lastId }: SlidingWindowState, units: number): SlidingWindowState {
  let left = units
  const kept = slices.map((slice) => {
    const taken = Math.min(left, slice.units)
    left -= taken
    return { ...slice, units: slice.units - taken }
  })
  return { slices: kept.filter((slice) => slice.units > 0), lastId }
}

/** The units that come back first, of which it is told when: of those for the charge, or else the oldest one. */
function firstBack({ remaining, resetMs, retryAfterMs, cost }: RemoteState): { units: number; inMs: number } {
  const isRefused = retryAfterMs > 0 && remaining < cost
  return isRefused
    ? { units: cost - remaining, inMs: Math.max(resetMs, retryAfterMs) }
    : { units: 1, inMs: resetMs }
}

/** Of units that were taken elsewhere those of which it is told when they come back; the others could be of now. */
function oldestUnits(
  { lastId }: SlidingWindowState,
  units: number,
  told: RemoteState,
  nowMs: number,
  limit: Limit,
): SlidingWindowState {
  const first = firstBack(told)
  const lastMs = nowMs - Math.max(0, limit.windowMs - first.inMs)
  const id = nextId(lastId)
  return { slices: [{ id, lastMs, units: Math.min(units, first.units) }], lastId: id }
}

/**
 * The state in which nothing comes back before the other store said. What is known of a client's charges can be older
 * than they are there, where others of its charges are in their slices. Each slice gets a new id, so that no receipt
 * of before gives back what was told.
 */
function untilTold(
  state: SlidingWindowState,
  told: RemoteState,
  nowMs: number,
  limit: Limit,
): SlidingWindowState {
  const first = firstBack(told)
  let gone = 0
  let id = state.lastId
  const slices = state.slices.map(({ lastMs, units }): Slice => {
    gone += units
    const earliestMs = gone >= first.units ? first.inMs : told.resetMs
    id = nextId(id)
    return { id, lastMs: Math.max(lastMs, nowMs - Math.max(0, limit.windowMs - earliestMs)), units }
  })
  return { slices, lastId: id }
}

/** Milliseconds until the oldest slices, `units` in all, are no longer counted. */
function msUntilGone(slices: readonly Slice[], units: number, nowMs: number, limit: Limit): number {
  let gone = 0
  for (const slice of slices) {
    gone += slice.units
    if (gone >= units) return slice.lastMs + limit.windowMs - nowMs
  }
  // More than the limit was asked for, and no wait is long enough: a window is as good as another.
  return limit.windowMs
}
