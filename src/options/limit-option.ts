import {
  checkChoice,
  checkNames,
  checkPrintableName,
  checkWholeNumber,
  rejectOption,
} from '../errors/option-checks.ts'
import { CHOSEN_ALGORITHMS } from '../limits/algorithms.ts'
import { type Calendar, LONGEST_WINDOW_MS } from '../limits/calendar.ts'
import { type AlgorithmName, LARGEST_LIMIT, type Limit, largestExactDebt } from '../limits/limit.ts'
import { isExact } from '../limits/token-bucket.ts'
import type { LimitOptions } from './budget-options.ts'
import { parseCalendar } from './calendar-option.ts'
import { durationText } from './limit-names.ts'
import { LIMIT_HINTS } from './option-hints.ts'
import { windowToMs } from './window-option.ts'

const LIMIT_OPTION_NAMES = [
  ...['limit', 'windowSec', 'per', 'timeZone', 'startsOn'],
  ...['algorithm', 'burst', 'maxDebt', 'name'],
]

/** A limit before the lifetime of its counters is known. */
export type LimitWithoutTtl = Omit<Limit, 'ttlMs'>

/** The values of a limit whose options leave them out. */
export interface LimitDefaults {
  readonly windowMs: number
  /** @param window the window of the limit as a text, such as `1h` or `month` */
  readonly nameFor: (window: string) => string
}

/** Compiles one limit. `option` is its path in the options, such as `read[1]`, for errors. */
export function parseLimit(option: string, given: LimitOptions, defaults: LimitDefaults): LimitWithoutTtl {
  const setting = checkNames(option, given, LIMIT_OPTION_NAMES, LIMIT_HINTS)
  const calendar = parseCalendar(option, setting)
  const algorithm =
    calendar === undefined
      ? checkChoice(`${option}.algorithm`, setting.algorithm, CHOSEN_ALGORITHMS, 'fixed-window')
      : 'calendar-window'
  const limit = checkLimit(`${option}.limit`, setting.limit)
  const windowMs = windowMsOf(option, setting.windowSec, calendar, defaults)
  const burst = parseBurst(`${option}.burst`, setting.burst, algorithm, limit)
  const debt =
    setting.maxDebt === undefined
      ? undefined
      : { maxDebt: checkWholeNumber(`${option}.maxDebt`, setting.maxDebt, 0, LARGEST_LIMIT) }
  if (algorithm === 'token-bucket') checkExact(option, given, { limit, windowMs, burst, ...debt })
  const name =
    setting.name === undefined
      ? defaults.nameFor(calendar?.per ?? durationText(windowMs))
      : checkPrintableName(`${option}.name`, setting.name)
  return { name, limit, windowMs, burst, algorithm, ...debt, ...(calendar === undefined ? {} : { calendar }) }
}

function windowMsOf(
  option: string,
  windowSec: unknown,
  calendar: Calendar | undefined,
  defaults: LimitDefaults,
): number {
  if (calendar !== undefined) return LONGEST_WINDOW_MS[calendar.per]
  return windowSec === undefined ? defaults.windowMs : windowToMs(`${option}.windowSec`, windowSec)
}

/** Returns `value` if it is a number of units that a limit can have, and throws otherwise. 0 refuses every request. */
export function checkLimit(option: string, value: unknown): number {
  if (value === Number.POSITIVE_INFINITY) {
    return rejectOption(option, value, 'takes a whole number', 'Give false for no limit.')
  }
  return checkWholeNumber(option, value, 0, LARGEST_LIMIT)
}

function parseBurst(option: string, burst: unknown, algorithm: AlgorithmName, limit: number): number {
  if (burst === undefined) return limit
  if (algorithm === 'token-bucket') {
    const units = checkWholeNumber(option, burst, 1, LARGEST_LIMIT)
    // A bucket that regains nothing holds nothing: a limit of 0 refuses every request.
    return limit === 0 ? 0 : units
  }
  const remedy = "Leave it out, or set algorithm: 'token-bucket'."
  return rejectOption(option, burst, `has no meaning for a ${algorithm}`, remedy)
}

/** Throws unless the token bucket can count exactly in whole numbers. */
function checkExact(option: string, given: LimitOptions, numbers: Parameters<typeof isExact>[0]): void {
  if (isExact(numbers)) return
  const largestDebt = largestExactDebt(numbers)
  const largestBurst = Math.floor((Number.MAX_SAFE_INTEGER - numbers.limit) / (2 * numbers.windowMs))
  const remedy =
    largestDebt < 0
      ? `Give a burst of at most ${largestBurst}, or a shorter window.`
      : `Give a maxDebt of at most ${largestDebt}, or a shorter window.`
  rejectOption(option, given, 'is a token bucket too large for exact arithmetic', remedy)
}
