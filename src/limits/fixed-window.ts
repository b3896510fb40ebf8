import { type AlgorithmResult, type NumericAlgorithm, nextId } from './algorithm.ts'
import type { Limit } from './limit.ts'

/** What a fixed window remembers of a client. */
export interface FixedWindowState {
  /** The instant of the first charge in this window, in milliseconds. */
  readonly startMs: number
  /** Units taken in this window. */
  readonly used: number
  /** Counts the client's windows, so that a refund is honoured in its own window and in no other. */
  readonly windowId: number
}

/**
 * At most `limit` units in a window that opens with the client's first charge and closes `windowMs` later.
 *
 * Its bound: `limit` units in each window, and so up to `2 * limit - 1` in a stretch of `windowMs` that
 * straddles two windows. (Not `2 * limit`: the charge that opened the first one lies outside of the stretch,
 * unless just that one was refunded.)
 */
export const fixedWindow: NumericAlgorithm<FixedWindowState> = {
  initialState: (id) => ({ startMs: 0, used: 0, windowId: id }),

  charge(state, nowMs, limit, cost): AlgorithmResult<FixedWindowState> {
    const { startMs, used, windowId } = windowAt(state, nowMs, limit)
    const resetMs = startMs + limit.windowMs - nowMs
    const allowed = used + cost <= limit.limit
    const usedNow = allowed ? used + cost : used
    return {
      allowed,
      // A limit can shrink from one charge to the next where a function decides on it.
      remaining: Math.max(0, limit.limit - usedNow),
      resetMs,
      retryAfterMs: allowed ? 0 : resetMs,
      state: { startMs, used: usedNow, windowId },
    }
  },

  // The window starts again where the clock now is, with what was used in it.
  rewind: (state, nowMs) => (nowMs < state.startMs ? { ...state, startMs: nowMs } : state),

  refund(state, taken, _nowMs, _limit, cost): FixedWindowState {
    if (state.windowId !== taken.windowId) return state
    return { ...state, used: Math.max(0, state.used - cost) }
  },

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
  // A window of which everything was given back never opened.
  if (state !== undefined && state.used > 0 && nowMs < state.startMs + limit.windowMs) return state
  return { startMs: nowMs, used: 0, windowId: nextId(state?.windowId ?? 0) }
}
