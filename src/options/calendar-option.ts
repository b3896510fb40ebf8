import { nearestName } from '../errors/nearest-name.ts'
import { checkChoice, checkWholeNumber, rejectOption } from '../errors/option-checks.ts'
import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import { CALENDAR_UNITS, type Calendar, calendarOf } from '../limits/calendar.ts'
import { formatterOf } from '../limits/time-zone.ts'
import type { LimitOptions } from './budget-options.ts'

const LONGEST_MONTH = 31

/**
 * The calendar of a limit with `per`; undefined for any other limit.
 *
 * @param option the path of the limit, for errors
 */
export function parseCalendar(option: string, limit: LimitOptions): Calendar | undefined {
  const { per, timeZone, startsOn } = limit
  if (per === undefined) {
    if (timeZone !== undefined) reject(option, 'timeZone', timeZone, 'needs per', "Add per: 'month'.")
    if (startsOn !== undefined) reject(option, 'startsOn', startsOn, 'needs per', "Add per: 'month'.")
    return undefined
  }
  const unit = checkChoice(`${option}.per`, per, CALENDAR_UNITS, 'month')
  checkNoOtherWindow(option, limit)
  const zone = timeZone === undefined ? 'UTC' : checkTimeZone(`${option}.timeZone`, timeZone)
  if (startsOn === undefined) return calendarOf(unit, zone)
  if (unit !== 'month') {
    reject(option, 'startsOn', startsOn, `is a day of a month, and per is '${unit}'`, 'Leave it out.')
  }
  return calendarOf(unit, zone, checkWholeNumber(`${option}.startsOn`, startsOn, 1, LONGEST_MONTH))
}

/** Throws for the options of windows that begin with a request of the client. */
function checkNoOtherWindow(option: string, { windowSec, algorithm }: LimitOptions): void {
  const remedy = 'Keep per for a window of the calendar'
  if (windowSec !== undefined) {
    throw impossible(
      `${option}.per and ${option}.windowSec`,
      `${remedy}, or windowSec for a length of its own.`,
    )
  }
  if (algorithm !== undefined) {
    throw impossible(`${option}.per and ${option}.algorithm`, `${remedy}, or algorithm with windowSec.`)
  }
}

/** Returns the name of a time zone that `Intl` knows, in the case in which `Intl` lists it, and throws for any other value. */
export function checkTimeZone(option: string, timeZone: unknown): string {
  if (typeof timeZone === 'string' && isTimeZone(timeZone)) return inListedCase(timeZone)
  const nearest = typeof timeZone === 'string' ? nearestZone(timeZone) : undefined
  throw new RateLimiterError({
    code: 'invalid_option',
    option,
    value: timeZone,
    problem: 'takes a time zone that Intl knows',
    ...(nearest === undefined ? {} : { nearest }),
    remedy: "Give a name such as 'Europe/Berlin', or leave it out for UTC.",
  })
}

/** Case has no meaning in these names. Counters are identified by them, so each name has one case. */
function inListedCase(timeZone: string): string {
  const listed = ['UTC', ...Intl.supportedValuesOf('timeZone')]
  return listed.find((name) => name.toLowerCase() === timeZone.toLowerCase()) ?? timeZone
}

function isTimeZone(timeZone: string): boolean {
  try {
    formatterOf(timeZone)
    return true
  } catch {
    return false
  }
}

/** The zone with this city, or the one with the most similar name. */
function nearestZone(given: string): string | undefined {
  const zones = Intl.supportedValuesOf('timeZone')
  const city = `/${given.replaceAll(' ', '_')}`.toLowerCase()
  return zones.find((zone) => zone.toLowerCase().endsWith(city)) ?? nearestName(given, zones)
}

function reject(option: string, name: string, value: unknown, problem: string, remedy: string): never {
  return rejectOption(`${option}.${name}`, value, problem, remedy)
}

function impossible(option: string, remedy: string): RateLimiterError {
  return new RateLimiterError({
    code: 'impossible_combination',
    option,
    problem: 'cannot both be set',
    remedy,
  })
}
