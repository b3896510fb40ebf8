import { checkChoice, rejectOption } from '../../../errors/option-checks.ts'
import { RateLimiterError } from '../../../errors/rate-limiter-error.ts'
import { CALENDAR_UNITS, type CalendarUnit } from '../../../limits/calendar.ts'
import { checkTimeZone } from '../../../options/calendar-option.ts'
import { readWholeNumber } from '../command-line.ts'

/** The options of the command line that give calendar windows, and those that exclude them. */
interface CalendarValues {
  readonly per?: string | undefined
  readonly 'time-zone'?: string | undefined
  readonly 'starts-on'?: string | undefined
  readonly window?: string | undefined
  readonly algorithm?: string | undefined
  readonly burst?: string | undefined
}

/** The same as options of a limit. */
export interface CalendarOptions {
  readonly per: CalendarUnit
  readonly timeZone?: string
  readonly startsOn?: number
}

/** The calendar windows of a replay with `--per`; undefined for other windows. */
export function readCalendar(values: CalendarValues): CalendarOptions | undefined {
  const { per, 'time-zone': timeZone, 'starts-on': startsOn } = values
  if (per === undefined) {
    for (const name of ['time-zone', 'starts-on'] as const) {
      if (values[name] !== undefined)
        rejectOption(`--${name}`, values[name], 'needs --per', 'Add --per month.')
    }
    return undefined
  }
  const unit = checkChoice('--per', per, CALENDAR_UNITS, 'month')
  for (const name of ['window', 'algorithm', 'burst'] as const) {
    if (values[name] !== undefined) throw impossible(name)
  }
  if (startsOn !== undefined && unit !== 'month') {
    rejectOption('--starts-on', startsOn, `is a day of a month, and --per is ${unit}`, 'Leave it out.')
  }
  const day = readWholeNumber('--starts-on', startsOn, 1)
  return {
    per: unit,
    ...(timeZone === undefined ? {} : { timeZone: checkTimeZone('--time-zone', timeZone) }),
    ...(day === undefined ? {} : { startsOn: day }),
  }
}

function impossible(name: string): RateLimiterError {
  return new RateLimiterError({
    code: 'impossible_combination',
    option: `--per and --${name}`,
    problem: 'cannot both be set',
    remedy: `Keep --per for windows of the calendar, or --${name} for windows that begin with a request.`,
  })
}
