/*
 * Twin: src/stores/memory/open-window-charge.ts
 * Twin: src/stores/redis/scripts/fixed-window.lua
 * Twin: src/stores/redis/scripts/single-window.lua
 */
import { type AlgorithmResult, type NumericAlgorithm, nextId, type Settled } from './algorithm.ts'
import type { Limit } from './limit.ts'
import { chargeWindow, settleWindow, type WindowUnits, windowRecord } from './window-units.ts'

/** What a fixed window remembers of a client. */
export interface FixedWindowState extends WindowUnits {
  /** The time of the first charge in this window, in milliseconds. */
  readonly startMs: number
}

/**
 * At most `limit` units in a window. The client's first charge opens the window. It closes `windowMs` later.
 *
 * Bound: at most `limit` units in each window. So there are at most `2 * limit - 1` units in a stretch of
 * `windowMs` that touches two windows. It is not `2 * limit`, because the charge that opened the first window
 * is outside the stretch. The exception: if exactly that charge was refunded, `2 * limit` units are possible.
 *
 * With settlements there are at most `limit + maxDebt` units in each window. The debt ends with the window.
 */
export const fixedWindow: NumericAlgorithm<FixedWindowState> = {
  initialState: (id) => ({ startMs: 0, used: 0, windowId: id }),

  charge(state, nowMs, limit, cost): AlgorithmResult<FixedWindowState> {
    const window = windowAt(state, nowMs, limit)
    return chargeWindow(window, limit, cost, window.startMs + limit.windowMs - nowMs)
  },

  // The window starts again at the present time of the clock. The units used in it remain used.
  rewind: (state, nowMs) => (nowMs < state.startMs ? { ...state, startMs: nowMs } : state),

  recordOf: (state, _nowMs, _limit, cost) => windowRecord(state, cost),

  settle(state, record, nowMs, limit, cost): Settled<FixedWindowState> {
    return settleWindow(state, record, nowMs >= state.startMs + limit.windowMs, limit, cost)
  },

  overAtMs: ({ startMs, used }, { windowMs }) => (used > 0 ? startMs + windowMs : Number.NEGATIVE_INFINITY),

  seedFromRemote(state, { remaining, resetMs }, nowMs, limit): FixedWindowState {
    const startMs = nowMs - Math.max(0, limit.windowMs - resetMs)
    return { startMs, used: Math.max(0, limit.limit - remaining), windowId: nextId(state.windowId) }
  },

  write({ startMs, used, windowId }, sink) {
    sink.instant(startMs)
    sink.amount(used)
    sink.amount(windowId)
  },

  read: (source) => ({ startMs: source.instant(), used: source.amount(), windowId: source.amount() }),
}

function windowAt(state: FixedWindowState | undefined, nowMs: number, limit: Limit): FixedWindowState {
  // If all charges of a window were refunded, it counts as never opened.
  if (state !== undefined && state.used > 0 && nowMs < state.startMs + limit.windowMs) return state
  return { startMs: nowMs, used: 0, windowId: nextId(state?.windowId ?? 0) }
}
