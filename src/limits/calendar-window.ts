/*
 * Twin: src/stores/redis/scripts/calendar-window.lua
 */
import { type AlgorithmResult, type NumericAlgorithm, nextId, type Settled } from './algorithm.ts'
import { type Calendar, calendarWindowAt } from './calendar.ts'
import type { Limit } from './limit.ts'
import { chargeWindow, settleWindow, type WindowUnits, windowRecord } from './window-units.ts'

/** What a calendar window remembers of a client. */
export interface CalendarWindowState extends WindowUnits {
  /** The end of the window, in seconds since the epoch. In seconds it fits in 32 bits. */
  readonly endSec: number
}

/**
 * A clock that is set back by no more than this, to before the start of a window, leaves even the longest window open: it
 * was corrected, or is that of another server, and nobody may get the units of a window twice for that.
 */
const SMALL_SET_BACK_MS = 60_000

/**
 * At most `limit` units in each window of a calendar. Windows are the same for all clients, and the wall time decides
 * which one is open.
 *
 * Bound: at most `limit` units in each window, and with settlements `limit + maxDebt`. The debt ends with the window.
 */
export const calendarWindow: NumericAlgorithm<CalendarWindowState> = {
  initialState: (id) => ({ endSec: 0, used: 0, windowId: id }),

  charge(state, nowMs, limit, cost): AlgorithmResult<CalendarWindowState> {
    const wallMs = wallMsOf(limit, nowMs)
    const window = windowAt(state, wallMs, limit)
    return chargeWindow(window, limit, cost, window.endSec * 1000 - wallMs)
  },

  // No window ends later than its longest length from now. If this one would, the clock was set back. Then the units used
  // count in the window of the present time.
  rewind(state, nowMs, limit) {
    const wallMs = wallMsOf(limit, nowMs)
    if (state.endSec * 1000 - wallMs <= limit.windowMs + SMALL_SET_BACK_MS) return state
    return { ...state, endSec: windowEndSec(wallMs, limit) }
  },

  recordOf: (state, _nowMs, _limit, cost) => windowRecord(state, cost),

  settle(state, record, nowMs, limit, cost): Settled<CalendarWindowState> {
    return settleWindow(state, record, wallMsOf(limit, nowMs) >= state.endSec * 1000, limit, cost)
  },

  overAtMs: ({ endSec, used }, limit, nowMs) =>
    used > 0 ? endSec * 1000 - wallMsOf(limit, nowMs) + nowMs : Number.NEGATIVE_INFINITY,

  // The other store may be in another window, because the clock of its server is another. Its window ends when it says.
  // But the answer is some milliseconds old: an end right after that of the window here is the end of that window.
  seedFromRemote(state, { remaining, resetMs }, nowMs, limit): CalendarWindowState {
    const wallMs = wallMsOf(limit, nowMs)
    const [ownEndSec, remoteEndSec] = [windowEndSec(wallMs, limit), Math.ceil((wallMs + resetMs) / 1000)]
    const endSec = remoteEndSec === ownEndSec + 1 ? ownEndSec : remoteEndSec
    return { endSec, used: Math.max(0, limit.limit - remaining), windowId: nextId(state.windowId) }
  },

  write({ endSec, used, windowId }, sink) {
    // No instant: instants are times on the clock of the store.
    sink.amount(endSec)
    sink.amount(used)
    sink.amount(windowId)
  },

  read: (source) => ({ endSec: source.amount(), used: source.amount(), windowId: source.amount() }),
}

function windowAt(state: CalendarWindowState | undefined, wallMs: number, limit: Limit): CalendarWindowState {
  if (state !== undefined && state.used > 0 && wallMs < state.endSec * 1000) return state
  return { endSec: windowEndSec(wallMs, limit), used: 0, windowId: nextId(state?.windowId ?? 0) }
}

function windowEndSec(wallMs: number, limit: Limit): number {
  return calendarWindowAt(calendarOfLimit(limit), wallMs).endMs / 1000
}

function wallMsOf(limit: Limit, nowMs: number): number {
  return calendarOfLimit(limit).wallNow?.() ?? nowMs
}

function calendarOfLimit({ calendar, name }: Limit): Calendar {
  if (calendar !== undefined) return calendar
  throw new TypeError(`the limit '${name}' is a calendar-window without a calendar`)
}
