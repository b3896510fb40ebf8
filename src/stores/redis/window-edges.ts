// The windows of a calendar around the time of this process, among which the script finds the one that is open by the
// time of the server.
//
// Twin: src/stores/redis/scripts/calendar-window.lua

import { type Calendar, findWindow, LONGEST_WINDOW_MS } from '../../limits/calendar.ts'
import { offsetMs } from '../../limits/time-zone.ts'

const HOUR_MS = 3_600_000

/** The clocks of a process and of the server may be so far apart: a day, and a change of daylight-saving time. */
const MOST_APART_MS = 26 * HOUR_MS

/** The edges of the windows of calendars. They are found once in each hour. */
export class WindowEdges {
  readonly #wallNow: () => number
  readonly #known = new WeakMap<Calendar, { readonly hour: number; readonly edges: readonly number[] }>()

  /** @param wallNow milliseconds since the epoch, by the clock of this process */
  constructor(wallNow: () => number) {
    this.#wallNow = wallNow
  }

  /** The present hour, counted from 1970 on. The edges of calendars change only with it. */
  get hour(): number {
    return Math.floor(this.#wallNow() / HOUR_MS)
  }

  /** What {@link windowEdges} returns for each time of the present hour. */
  of(calendar: Calendar): readonly number[] {
    const { hour } = this
    const known = this.#known.get(calendar)
    if (known?.hour === hour) return known.edges
    const startMs = hour * HOUR_MS
    const edges = windowEdges(calendar, startMs - MOST_APART_MS, startMs + HOUR_MS + MOST_APART_MS)
    this.#known.set(calendar, { hour, edges })
    return edges
  }
}

/**
 * The edges of all windows from `firstMs` to `lastMs`: the start of the first window, then for each run of windows their
 * length and how many they are. All in seconds. A run of minutes takes two numbers, and so does a month.
 */
export function windowEdges(calendar: Calendar, firstMs: number, lastMs: number): readonly number[] {
  let { startMs, endMs } = findWindow(calendar, firstMs)
  const firstSec = startMs / 1000
  const runs: { lengthSec: number; windows: number }[] = []
  while (startMs <= lastMs) {
    const lengthMs = endMs - startMs
    const windows = equalWindows(calendar, startMs, lengthMs, lastMs)
    const last = runs.at(-1)
    if (last?.lengthSec === lengthMs / 1000) last.windows += windows
    else runs.push({ lengthSec: lengthMs / 1000, windows })
    startMs += windows * lengthMs
    endMs = findWindow(calendar, startMs).endMs
  }
  return [firstSec, ...runs.flatMap(({ lengthSec, windows }) => [lengthSec, windows])]
}

/** How many windows from `startMs` on have this length. They end before the clocks are changed, or after `lastMs`. */
function equalWindows(
  { per, timeZone }: Calendar,
  startMs: number,
  lengthMs: number,
  lastMs: number,
): number {
  if ((per !== 'minute' && per !== 'hour') || lengthMs !== LONGEST_WINDOW_MS[per]) return 1
  const offset = offsetMs(timeZone, startMs)
  const isBeforeChange = (windows: number): boolean =>
    offsetMs(timeZone, startMs + windows * lengthMs - 1) === offset
  let most = Math.floor((lastMs - startMs) / lengthMs) + 1
  if (isBeforeChange(most)) return most
  let least = 1
  while (most - least > 1) {
    const middle = Math.floor((least + most) / 2)
    if (isBeforeChange(middle)) least = middle
    else most = middle
  }
  return least
}
