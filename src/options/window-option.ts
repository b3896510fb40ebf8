import { rejectOption } from '../errors/option-checks.ts'
import { warn } from '../errors/warning.ts'

const HOUR_SECONDS = 3600
const DAY_SECONDS = 86_400

/** A hundred years: longer than any use, and far below the point where milliseconds stop being exact. */
export const LONGEST_SECONDS: number = 36_525 * DAY_SECONDS

/**
 * Converts an option in seconds to milliseconds, and throws unless it is a duration of at least a
 * millisecond.
 */
export function secondsToMs(option: string, seconds: unknown): number {
  const ms = typeof seconds === 'number' ? Math.round(seconds * 1000) : Number.NaN
  if (ms >= 1 && ms <= LONGEST_SECONDS * 1000) return ms
  return rejectOption(
    option,
    seconds,
    'takes a number of seconds',
    `Give a number from 0.001 to ${LONGEST_SECONDS}, without quotes.`,
  )
}

/** Converts a window in seconds to milliseconds. Warns if the value was probably meant as milliseconds. */
export function windowToMs(option: string, seconds: unknown): number {
  const ms = secondsToMs(option, seconds)
  if (looksLikeMs(ms / 1000)) {
    warn(
      'TOLLGATE_WINDOW_LOOKS_LIKE_MS',
      `${option} is ${seconds} seconds. If milliseconds were meant, give ${ms / 1_000_000}.`,
    )
  }
  return ms
}

/**
 * Multiples of 1000 are probably milliseconds (60000, 900000). The exceptions are whole hours up to two days
 * and whole days up to a year, which are common in seconds.
 */
function looksLikeMs(seconds: number): boolean {
  if (seconds < 1000 || seconds % 1000 !== 0) return false
  const wholeHours = seconds % HOUR_SECONDS === 0 && seconds <= 2 * DAY_SECONDS
  const wholeDays = seconds % DAY_SECONDS === 0 && seconds <= 366 * DAY_SECONDS
  return !wholeHours && !wholeDays
}
