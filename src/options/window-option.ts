import { rejectOption } from '../errors/option-checks.ts'
import { warn } from '../errors/warning.ts'

const HOUR_SEC = 3600
const DAY_SEC = 86_400

/** A hundred years: far beyond any use, and far below where milliseconds stop being exact. */
export const LONGEST_SEC: number = 36_525 * DAY_SEC

/** A duration in milliseconds from an option in seconds; fractions down to a millisecond are fine. */
export function checkSeconds(option: string, seconds: unknown): number {
  const ms = typeof seconds === 'number' ? Math.round(seconds * 1000) : Number.NaN
  if (ms >= 1 && ms <= LONGEST_SEC * 1000) return ms
  return rejectOption(
    option,
    seconds,
    'takes a number of seconds',
    `Give a number from 0.001 to ${LONGEST_SEC}, without quotes.`,
  )
}

/** A window in milliseconds; warns of one that was probably meant as milliseconds already. */
export function checkWindow(option: string, seconds: unknown): number {
  const ms = checkSeconds(option, seconds)
  if (looksLikeMs(ms / 1000)) {
    warn(
      'TOLLGATE_WINDOW_LOOKS_LIKE_MS',
      `${option} is ${seconds} seconds. If milliseconds were meant, give ${ms / 1_000_000}.`,
    )
  }
  return ms
}

/**
 * Round thousands are how milliseconds look (60000, 900000), and hardly how seconds do, except for whole
 * hours of up to two days and whole days of up to a year.
 */
function looksLikeMs(seconds: number): boolean {
  if (seconds < 1000 || seconds % 1000 !== 0) return false
  const wholeHours = seconds % HOUR_SEC === 0 && seconds <= 2 * DAY_SEC
  const wholeDays = seconds % DAY_SEC === 0 && seconds <= 366 * DAY_SEC
  return !wholeHours && !wholeDays
}
