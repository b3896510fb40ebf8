import { calendarOf } from '../../../../src/limits/calendar.ts'
import { calendarWindow } from '../../../../src/limits/calendar-window.ts'
import { fixedWindow } from '../../../../src/limits/fixed-window.ts'
import type { Limit } from '../../../../src/limits/limit.ts'
import { SimpleStore } from '../simple-store.ts'
import { countingWith } from './algorithms.ts'
import { type BrokenStore, broken } from './broken-store.ts'

/** The same algorithm, with another calendar. */
function withCalendar(change: (limit: Limit) => Limit['calendar']): typeof calendarWindow {
  return {
    ...calendarWindow,
    charge: (state, nowMs, limit, cost) =>
      calendarWindow.charge(state, nowMs, { ...limit, calendar: change(limit) }, cost),
  }
}

const inUtc = withCalendar(({ calendar }) => calendar && calendarOf(calendar.per, 'UTC', calendar.startsOn))
const fromDayOne = withCalendar(({ calendar }) => calendar && calendarOf(calendar.per, calendar.timeZone))

const startsAnewWhenSetBack: typeof calendarWindow = {
  ...calendarWindow,
  rewind: (state, nowMs, limit) => {
    const isLater =
      state.endSec * 1000 - nowMs > (limit.calendar?.per === 'day' ? 86_400_000 : limit.windowMs)
    return isLater ? { ...state, used: 0 } : state
  },
}

const locksOut: typeof calendarWindow = { ...calendarWindow, rewind: (state) => state }

const keepsDebt: typeof calendarWindow = {
  ...calendarWindow,
  charge(state, nowMs, limit, cost) {
    const isOver = state !== undefined && nowMs >= state.endSec * 1000
    const owed = isOver ? Math.max(0, state.used - limit.limit) : 0
    return calendarWindow.charge(state, nowMs, limit, cost + owed)
  },
}

const settlesLate: typeof calendarWindow = {
  ...calendarWindow,
  settle: (state, [units, ...others], nowMs, limit, cost) =>
    calendarWindow.settle(state, [units, state.windowId, ...others], nowMs, limit, cost),
}

class IdentifiesByLength extends SimpleStore {
  protected override counterOf({ name, algorithm, windowMs }: Limit): string {
    return JSON.stringify([name, algorithm, windowMs])
  }
}

const calendar = 'calendar-window'
const endsWithTheCalendar = 'a window ends when the calendar says, whenever the client began'
const followsDaylightSaving = 'a day has 23 or 25 hours where daylight-saving time begins or ends'
const repeatedHour = 'an hour that the clocks show twice is two windows'
const ownCounters = 'windows of another unit, time zone or first day have counters of their own'
const setBackAtTheEdge =
  'a clock that is set back by a second over the start of a window gives no units twice'
const setBackFurther =
  'after the clock is set back by two days, used units stay used, until the window of that time ends'
const trace =
  'in a random trace, each window of the calendar allows as many units as the limit has, and no more'
const settlesInItsWindow = 'settle() changes a charge until its window ends, and a debt ends with the window'

export const BROKEN_CALENDAR_WINDOWS: readonly BrokenStore[] = [
  broken(
    'counts calendar windows as fixed windows',
    countingWith(calendar, fixedWindow),
    endsWithTheCalendar,
    followsDaylightSaving,
    repeatedHour,
    trace,
  ),
  broken('ignores the time zone', countingWith(calendar, inUtc), endsWithTheCalendar, followsDaylightSaving),
  broken('ignores the first day of a month', countingWith(calendar, fromDayOne), endsWithTheCalendar),
  broken('identifies calendar windows by their length', IdentifiesByLength, ownCounters),
  broken(
    'starts anew when the clock is set back',
    countingWith(calendar, startsAnewWhenSetBack),
    setBackAtTheEdge,
  ),
  broken('keeps a window open that ends too late', countingWith(calendar, locksOut), setBackFurther),
  broken('keeps the debt of a window', countingWith(calendar, keepsDebt), settlesInItsWindow),
  broken('settles in any window', countingWith(calendar, settlesLate), settlesInItsWindow),
]
