import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  CALENDAR_UNITS,
  type Calendar,
  type CalendarUnit,
  calendarOf,
  calendarWindowAt,
  findWindow,
  LONGEST_WINDOW_MS,
} from '../../src/limits/calendar.ts'

const ZONES = Intl.supportedValuesOf('timeZone')
const START_MS = Date.UTC(2020, 0, 1)
const END_MS = Date.UTC(2041, 0, 1)

/** The window at an instant, as texts. */
function windowOf(calendar: Calendar, at: string): [string, string] {
  const { startMs, endMs } = calendarWindowAt(calendar, Date.parse(at))
  return [new Date(startMs).toISOString(), new Date(endMs).toISOString()]
}

/** A time without milliseconds, as `toISOString` writes it. */
const whole = (time: string): string => new Date(time).toISOString()

describe('the window of a calendar', () => {
  it.each<[what: string, per: CalendarUnit, zone: string, at: string, start: string, end: string]>([
    ['is a minute', 'minute', 'UTC', '2026-03-01T12:34:56.789Z', '2026-03-01T12:34Z', '2026-03-01T12:35Z'],
    [
      'begins at its start',
      'minute',
      'UTC',
      '2026-03-01T12:34:00.000Z',
      '2026-03-01T12:34Z',
      '2026-03-01T12:35Z',
    ],
    [
      'is an hour of the zone',
      'hour',
      'Asia/Kathmandu',
      '2026-03-01T12:20Z',
      '2026-03-01T12:15Z',
      '2026-03-01T13:15Z',
    ],
    ['is a day of UTC', 'day', 'UTC', '2026-03-01T23:59:59.999Z', '2026-03-01T00:00Z', '2026-03-02T00:00Z'],
    [
      'is a day of the zone',
      'day',
      'Asia/Kathmandu',
      '2026-03-01T18:14:59Z',
      '2026-02-28T18:15Z',
      '2026-03-01T18:15Z',
    ],
    [
      'is a week from Monday on',
      'week',
      'UTC',
      '2025-01-01T00:00Z',
      '2024-12-30T00:00Z',
      '2025-01-06T00:00Z',
    ],
    [
      'is a week that ends on Sunday',
      'week',
      'Europe/Berlin',
      '2026-03-29T21:59Z',
      '2026-03-22T23:00Z',
      '2026-03-29T22:00Z',
    ],
    // Berlin: from 2:00 to 3:00 on 29 March 2026, back from 3:00 to 2:00 on 25 October 2026.
    [
      'is a day of 23 hours',
      'day',
      'Europe/Berlin',
      '2026-03-29T12:00Z',
      '2026-03-28T23:00Z',
      '2026-03-29T22:00Z',
    ],
    [
      'is a day of 25 hours',
      'day',
      'Europe/Berlin',
      '2026-10-25T12:00Z',
      '2026-10-24T22:00Z',
      '2026-10-25T23:00Z',
    ],
    [
      'is the first of two equal hours',
      'hour',
      'Europe/Berlin',
      '2026-10-25T00:30Z',
      '2026-10-25T00:00Z',
      '2026-10-25T01:00Z',
    ],
    [
      'is the second of two equal hours',
      'hour',
      'Europe/Berlin',
      '2026-10-25T01:30Z',
      '2026-10-25T01:00Z',
      '2026-10-25T02:00Z',
    ],
    [
      'follows the change in New York',
      'day',
      'America/New_York',
      '2026-11-01T12:00Z',
      '2026-11-01T04:00Z',
      '2026-11-02T05:00Z',
    ],
    // Lord Howe changes its clocks by half an hour: forward at 2:00 on 4 October 2026, back at 2:00 on 5 April 2026.
    [
      'is a day of 23.5 hours',
      'day',
      'Australia/Lord_Howe',
      '2026-10-04T02:00Z',
      '2026-10-03T13:30Z',
      '2026-10-04T13:00Z',
    ],
    [
      'is half an hour after a change',
      'hour',
      'Australia/Lord_Howe',
      '2026-10-03T15:40Z',
      '2026-10-03T15:30Z',
      '2026-10-03T16:00Z',
    ],
    [
      'is an hour before clocks go back',
      'hour',
      'Australia/Lord_Howe',
      '2026-04-04T14:59Z',
      '2026-04-04T14:00Z',
      '2026-04-04T15:00Z',
    ],
    [
      'is the rest of an hour that was begun before',
      'hour',
      'Australia/Lord_Howe',
      '2026-04-04T15:01Z',
      '2026-04-04T15:00Z',
      '2026-04-04T15:30Z',
    ],
    // Havana has no midnight on 8 March 2026, and two on 1 November 2026.
    [
      'begins at 1:00 in a day without a midnight',
      'day',
      'America/Havana',
      '2026-03-08T12:00Z',
      '2026-03-08T05:00Z',
      '2026-03-09T04:00Z',
    ],
    [
      'begins at the first of two midnights',
      'day',
      'America/Havana',
      '2026-11-01T12:00Z',
      '2026-11-01T04:00Z',
      '2026-11-02T05:00Z',
    ],
    // Apia had no 30 December 2011.
    [
      'leaves out a day',
      'day',
      'Pacific/Apia',
      '2011-12-30T09:00Z',
      '2011-12-29T10:00Z',
      '2011-12-30T10:00Z',
    ],
    [
      'begins after a day that was left out',
      'day',
      'Pacific/Apia',
      '2011-12-30T10:00Z',
      '2011-12-30T10:00Z',
      '2011-12-31T10:00Z',
    ],
    // St John's showed the last minutes of a day twice: back from 0:01 to 23:01 on 7 November 2010.
    [
      'contains the end of a day that is shown again',
      'day',
      'America/St_Johns',
      '2010-11-07T02:45Z',
      '2010-11-07T02:30Z',
      '2010-11-08T03:30Z',
    ],
    // Casey set its clocks back by three hours, at 3:00 on 8 March 2020.
    [
      'is a day of 27 hours',
      'day',
      'Antarctica/Casey',
      '2020-03-08T12:00Z',
      '2020-03-07T13:00Z',
      '2020-03-08T16:00Z',
    ],
    [
      'is before 1970',
      'day',
      'America/New_York',
      '1969-12-31T23:00Z',
      '1969-12-31T05:00Z',
      '1970-01-01T05:00Z',
    ],
  ])('%s', (_what, per, zone, at, start, end) => {
    expect(windowOf(calendarOf(per, zone), at)).toEqual([whole(start), whole(end)])
  })

  it.each<[startsOn: number, at: string, start: string, end: string]>([
    [1, '2026-02-10', '2026-02-01', '2026-03-01'],
    [1, '2024-02-29', '2024-02-01', '2024-03-01'],
    [5, '2026-03-04', '2026-02-05', '2026-03-05'],
    [5, '2026-03-05', '2026-03-05', '2026-04-05'],
    [5, '2026-01-04', '2025-12-05', '2026-01-05'],
    [29, '2026-02-27', '2026-01-29', '2026-02-28'],
    [29, '2026-02-28', '2026-02-28', '2026-03-29'],
    [29, '2024-02-28', '2024-01-29', '2024-02-29'],
    [30, '2024-02-29', '2024-02-29', '2024-03-30'],
    [30, '2026-03-15', '2026-02-28', '2026-03-30'],
    [31, '2026-03-01', '2026-02-28', '2026-03-31'],
    [31, '2026-04-29', '2026-03-31', '2026-04-30'],
    [31, '2026-04-30', '2026-04-30', '2026-05-31'],
    [31, '2026-12-31', '2026-12-31', '2027-01-31'],
  ])('is the month from the day %i on, at %s', (startsOn, at, start, end) => {
    expect(windowOf(calendarOf('month', 'UTC', startsOn), at)).toEqual([whole(start), whole(end)])
  })

  it('is found again after another window of the same calendar was asked for', () => {
    const calendar = calendarOf('day', 'Europe/Berlin')
    const noon = Date.parse('2026-06-01T12:00Z')
    const window = calendarWindowAt(calendar, noon)
    expect(calendarWindowAt(calendar, noon + 1)).toBe(window)
    expect(calendarWindowAt(calendar, window.endMs).startMs).toBe(window.endMs)
    expect(calendarWindowAt(calendar, noon)).toEqual(window)
  })
})

describe('the longest window of a calendar', () => {
  it('is not longer than the longest that is assumed, where clocks are set back by three hours', () => {
    const ms = Date.UTC(2020, 2, 7, 18)
    for (const per of ['day', 'week', 'month'] as const) {
      const { startMs, endMs } = findWindow(calendarOf(per, 'Antarctica/Casey'), ms)
      expect(endMs - startMs).toBeLessThanOrEqual(LONGEST_WINDOW_MS[per])
    }
    const { startMs, endMs } = findWindow(calendarOf('day', 'Antarctica/Casey'), ms)
    expect(endMs - startMs).toBe(27 * 3_600_000)
  })
})

describe('the windows of a calendar, from 2020 to 2040,', () => {
  const calendars = fc.record({
    per: fc.constantFrom(...CALENDAR_UNITS),
    zone: fc.constantFrom(...ZONES),
    startsOn: fc.integer({ min: 1, max: 31 }),
  })

  it('abut: each instant belongs to exactly one of them, in every time zone', () => {
    fc.assert(
      fc.property(
        calendars,
        fc.integer({ min: START_MS, max: END_MS - 1 }),
        ({ per, zone, startsOn }, ms) => {
          const calendar = calendarOf(per, zone, startsOn)
          const window = findWindow(calendar, ms)
          const { startMs, endMs } = window
          expect(startMs).toBeLessThanOrEqual(ms)
          expect(ms).toBeLessThan(endMs)
          expect(endMs - startMs).toBeLessThanOrEqual(LONGEST_WINDOW_MS[per])
          expect([startMs % 1000, endMs % 1000]).toEqual([0, 0])
          expect(findWindow(calendar, startMs)).toEqual(window)
          expect(findWindow(calendar, endMs - 1)).toEqual(window)
          expect(findWindow(calendar, endMs).startMs).toBe(endMs)
          expect(findWindow(calendar, startMs - 1).endMs).toBe(startMs)
        },
      ),
      { numRuns: 400 },
    )
  })

  it('abut where clocks are changed, in every time zone', () => {
    const changes = ZONES.map((zone) => [zone, clockChanges(zone)] as const).filter(([, at]) => at.length > 0)
    expect(changes.length).toBeGreaterThan(100)
    for (const [zone, instants] of changes) {
      // One zone in many has changes on other days than all others. So all zones are tested, and some of the changes.
      const some = instants.filter((_, index) => index % 5 === zone.length % 5)
      for (const per of ['hour', 'day'] as const) {
        const calendar = calendarOf(per, zone)
        for (const ms of some) {
          let { startMs, endMs } = findWindow(calendar, ms - LONGEST_WINDOW_MS[per])
          while (startMs <= ms) {
            const next = findWindow(calendar, endMs)
            expect(next.endMs - next.startMs).toBeLessThanOrEqual(LONGEST_WINDOW_MS[per])
            expect(next.startMs, `${zone} ${per} at ${new Date(ms).toISOString()}`).toBe(endMs)
            expect(findWindow(calendar, next.endMs - 1)).toEqual(next)
            ;({ startMs, endMs } = next)
          }
        }
      }
    }
  })
})

/** The instants at which the clocks of a zone were changed, to the hour. The zone shows its offset in another way here. */
function clockChanges(timeZone: string): number[] {
  const formatter = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
  const offsetAt = (ms: number): string => formatter.format(ms).slice(-9)
  const days: number[] = []
  let before = offsetAt(START_MS)
  for (let ms = START_MS; ms < END_MS; ms += 14 * 86_400_000) {
    const after = offsetAt(ms)
    if (after !== before) days.push(ms)
    before = after
  }
  return days.map((end) => {
    let [from, to] = [end - 14 * 86_400_000, end]
    const offset = offsetAt(from)
    while (to - from > 1) {
      const middle = Math.floor((from + to) / 2)
      if (offsetAt(middle) === offset) from = middle
      else to = middle
    }
    return to
  })
}
