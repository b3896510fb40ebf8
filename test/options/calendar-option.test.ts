import { describe, expect, it } from 'vitest'
import type { RateLimiterErrorCode } from '../../src/errors/rate-limiter-error.ts'
import type { LimitOptions } from '../../src/options/budget-options.ts'
import { parseCalendar } from '../../src/options/calendar-option.ts'
import { thrownBy } from '../support/thrown-by.ts'

function calendarOf(setting: object): unknown {
  return parseCalendar('read', { limit: 5, ...setting } as LimitOptions)
}

const ZONE_REMEDY = "Give a name such as 'Europe/Berlin', or leave it out for UTC."

describe('the calendar of a limit', () => {
  it('is absent without per', () => {
    expect(calendarOf({})).toBeUndefined()
    expect(calendarOf({ timeZone: undefined, startsOn: undefined, windowSec: 5 })).toBeUndefined()
  })

  it.each(['minute', 'hour', 'day', 'week'])('can be per %s, by default of UTC', (per) => {
    expect(calendarOf({ per })).toEqual({ per, timeZone: 'UTC', startsOn: 1, id: `${per} UTC` })
  })

  it.each([
    ['europe/berlin', 'day Europe/Berlin'],
    ['EUROPE/BERLIN', 'day Europe/Berlin'],
    ['utc', 'day UTC'],
    ['Europe/Berlin', 'day Europe/Berlin'],
  ])('of the zone %s has the counters of %s', (timeZone, id) => {
    expect(calendarOf({ per: 'day', timeZone })).toMatchObject({ id })
  })

  it('can be per month, from any day on', () => {
    const month = { per: 'month', timeZone: 'Asia/Kathmandu' }
    expect(calendarOf(month)).toEqual({ ...month, startsOn: 1, id: 'month 1 Asia/Kathmandu' })
    expect(calendarOf({ ...month, startsOn: 31 })).toEqual({
      ...month,
      startsOn: 31,
      id: 'month 31 Asia/Kathmandu',
    })
  })

  it.each<[RateLimiterErrorCode, object, string, string]>([
    [
      'invalid_option',
      { per: 'moth' },
      'read.per',
      "takes one of a few names, got 'moth'. Did you mean 'month'? Give 'minute' or 'hour' or 'day' or 'week' or 'month'.",
    ],
    [
      'invalid_option',
      { per: null },
      'read.per',
      "takes one of a few names, got null. Give 'minute' or 'hour' or 'day' or 'week' or 'month'.",
    ],
    [
      'invalid_option',
      { per: 'day', timeZone: 'Europe/Berln' },
      'read.timeZone',
      `takes a time zone that Intl knows, got 'Europe/Berln'. Did you mean 'Europe/Berlin'? ${ZONE_REMEDY}`,
    ],
    [
      'invalid_option',
      { per: 'day', timeZone: 'new york' },
      'read.timeZone',
      `takes a time zone that Intl knows, got 'new york'. Did you mean 'America/New_York'? ${ZONE_REMEDY}`,
    ],
    [
      'invalid_option',
      { per: 'day', timeZone: 1 },
      'read.timeZone',
      `takes a time zone that Intl knows, got 1. ${ZONE_REMEDY}`,
    ],
    [
      'invalid_option',
      { per: 'day', timeZone: '' },
      'read.timeZone',
      `takes a time zone that Intl knows, got ''. ${ZONE_REMEDY}`,
    ],
    ['invalid_option', { timeZone: 'UTC' }, 'read.timeZone', "needs per, got 'UTC'. Add per: 'month'."],
    ['invalid_option', { startsOn: 5 }, 'read.startsOn', "needs per, got 5. Add per: 'month'."],
    [
      'invalid_option',
      { per: 'week', startsOn: 5 },
      'read.startsOn',
      "is a day of a month, and per is 'week', got 5. Leave it out.",
    ],
    [
      'invalid_option',
      { per: 'month', startsOn: 32 },
      'read.startsOn',
      'takes a whole number, got 32. Give a number from 1 to 31, without quotes.',
    ],
    [
      'invalid_option',
      { per: 'month', startsOn: '5' },
      'read.startsOn',
      "takes a whole number, got '5'. Give a number from 1 to 31, without quotes.",
    ],
    [
      'impossible_combination',
      { per: 'month', windowSec: 60 },
      'read.per and read.windowSec',
      'cannot both be set. Keep per for a window of the calendar, or windowSec for a length of its own.',
    ],
    [
      'impossible_combination',
      { per: 'month', algorithm: 'sliding-window' },
      'read.per and read.algorithm',
      'cannot both be set. Keep per for a window of the calendar, or algorithm with windowSec.',
    ],
  ])('is rejected with %s if it is %o', (code, setting, option, message) => {
    const error = thrownBy(() => calendarOf(setting))
    expect(error.message).toBe(`${option}: ${message}`)
    expect(error).toMatchObject({ code, option })
  })
})
