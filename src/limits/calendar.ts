import { firstInstantOf, offsetChange, offsetMs } from './time-zone.ts'

/** The units of a calendar that can be a window. A week begins on Monday (ISO 8601). */
export type CalendarUnit = 'minute' | 'hour' | 'day' | 'week' | 'month'

/** Which windows a calendar has: each minute, hour, day, week or month of a time zone is one. */
export interface Calendar {
  readonly per: CalendarUnit
  /** A name that `Intl` knows. */
  readonly timeZone: string
  /** The day on which a month begins, from 1 to 31: in a shorter month its last day. 1 for the other units. */
  readonly startsOn: number
  /** Identifies counters: `month 5 Europe/Berlin`. Printable ASCII. Two names of one zone are two texts. */
  readonly id: string
  /**
   * The wall time, in milliseconds since the epoch. A store sets it whose own time is another. Without it the time of the
   * store is the wall time.
   */
  readonly wallNow?: (() => number) | undefined
}

/** What a user gives of a calendar. */
export type CalendarParts = Pick<Calendar, 'per' | 'timeZone' | 'startsOn'>

/** A window of a calendar: from `startMs` up to, and without, `endMs`. Milliseconds since the epoch. */
export interface CalendarSpan {
  readonly startMs: number
  readonly endMs: number
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** The longest that the clocks of a zone are set back from 2020 to 2040: at the station Casey in Antarctica. */
const LONGEST_CHANGE_MS = 3 * HOUR_MS

/** The longest that a window of each unit can be, in milliseconds. */
export const LONGEST_WINDOW_MS: Readonly<Record<CalendarUnit, number>> = {
  minute: MINUTE_MS,
  hour: HOUR_MS,
  day: DAY_MS + LONGEST_CHANGE_MS,
  week: 7 * DAY_MS + LONGEST_CHANGE_MS,
  month: 31 * DAY_MS + LONGEST_CHANGE_MS,
}

export const CALENDAR_UNITS: readonly CalendarUnit[] = Object.keys(LONGEST_WINDOW_MS) as CalendarUnit[]

export function calendarOf(per: CalendarUnit, timeZone: string, startsOn = 1): Calendar {
  return {
    per,
    timeZone,
    startsOn,
    id: per === 'month' ? `${per} ${startsOn} ${timeZone}` : `${per} ${timeZone}`,
  }
}

export function calendarParts({ per, timeZone, startsOn }: Calendar): CalendarParts {
  return { per, timeZone, startsOn }
}

/** The windows of a calendar for readers: `month from day 5 (Europe/Berlin)`. */
export function calendarText({ per, timeZone, startsOn }: CalendarParts): string {
  return `${per}${startsOn === 1 ? '' : ` from day ${startsOn}`} (${timeZone})`
}

/** The last window that was asked for, of each calendar. */
const lastWindows = new WeakMap<Calendar, CalendarSpan>()

/**
 * The window of a calendar to which an instant belongs. Each instant belongs to one window, and each window ends where
 * the next one begins. Cheap for instants of the same window as the last one.
 *
 * @param ms milliseconds since the epoch
 */
export function calendarWindowAt(calendar: Calendar, ms: number): CalendarSpan {
  const last = lastWindows.get(calendar)
  if (last !== undefined && last.startMs <= ms && ms < last.endMs) return last
  const window = findWindow(calendar, ms)
  lastWindows.set(calendar, window)
  return window
}

/** The same without a look at the last window, and without replacing it. */
export function findWindow(calendar: Calendar, ms: number): CalendarSpan {
  const { per, timeZone } = calendar
  if (per === 'minute' || per === 'hour') return clockWindowAt(timeZone, LONGEST_WINDOW_MS[per], ms)
  let dates = datesAround(calendar, ms + offsetMs(timeZone, ms))
  let endMs = firstInstantOf(timeZone, dates.endMs)
  // Clocks that are set back over midnight show the end of the old day again. That time is part of the new day.
  while (endMs <= ms) {
    dates = datesAround(calendar, dates.endMs)
    endMs = firstInstantOf(timeZone, dates.endMs)
  }
  return { startMs: firstInstantOf(timeZone, dates.startMs), endMs }
}

/**
 * A minute or an hour as the clocks of the zone show it. It also ends where the clocks are changed: an hour that they show
 * twice is two windows.
 */
function clockWindowAt(timeZone: string, lengthMs: number, ms: number): CalendarSpan {
  const offset = offsetMs(timeZone, ms)
  const startMs = Math.floor((ms + offset) / lengthMs) * lengthMs - offset
  const endMs = startMs + lengthMs
  return {
    startMs: offsetMs(timeZone, startMs) === offset ? startMs : offsetChange(timeZone, startMs, ms),
    endMs: offsetMs(timeZone, endMs - 1) === offset ? endMs : offsetChange(timeZone, ms, endMs - 1),
  }
}

/** The local midnights at which a day, a week or a month begins and ends, around a local time. */
function datesAround({ per, startsOn }: Calendar, localMs: number): CalendarSpan {
  const date = new Date(localMs)
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()]
  const midnightMs = Date.UTC(year, month, day)
  if (per === 'day') return { startMs: midnightMs, endMs: midnightMs + DAY_MS }
  if (per === 'week') {
    const startMs = midnightMs - ((date.getUTCDay() + 6) % 7) * DAY_MS
    return { startMs, endMs: startMs + 7 * DAY_MS }
  }
  const thisMonth = startOfMonth(year, month, startsOn)
  return midnightMs < thisMonth
    ? { startMs: startOfMonth(year, month - 1, startsOn), endMs: thisMonth }
    : { startMs: thisMonth, endMs: startOfMonth(year, month + 1, startsOn) }
}

function startOfMonth(year: number, month: number, startsOn: number): number {
  const days = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
  return Date.UTC(year, month, Math.min(startsOn, days))
}
