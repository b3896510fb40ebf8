import {
  checkChoice,
  checkNames,
  checkPrintableName,
  checkWholeNumber,
  rejectOption,
} from '../errors/option-checks.ts'
import { ALGORITHM_NAMES } from '../limits/algorithms.ts'
import { type AlgorithmName, LARGEST_LIMIT, type Limit } from '../limits/limit.ts'
import { isExact } from '../limits/token-bucket.ts'
import type { LimitOptions } from './budget-options.ts'
import { LIMIT_HINTS } from './option-hints.ts'
import { windowToMs } from './window-option.ts'

const LIMIT_OPTION_NAMES = ['limit', 'windowSec', 'algorithm', 'burst', 'name']

/** A limit before the lifetime of its counters is known. */
export type LimitWithoutTtl = Omit<Limit, 'ttlMs'>

/** The values of a limit whose options leave them out. */
export interface LimitDefaults {
  readonly windowMs: number
  readonly nameFor: (windowMs: number) => string
}

/** Compiles one limit. `option` is its path in the options, such as `read[1]`, for errors. */
export function parseLimit(option: string, given: LimitOptions, defaults: LimitDefaults): LimitWithoutTtl {
  const setting = checkNames(option, given, LIMIT_OPTION_NAMES, LIMIT_HINTS)
  const algorithm = checkChoice(`${option}.algorithm`, setting.algorithm, ALGORITHM_NAMES, 'fixed-window')
  const limit = checkLimit(`${option}.limit`, setting.limit)
  const windowMs =
    setting.windowSec === undefined ? defaults.windowMs : windowToMs(`${option}.windowSec`, setting.windowSec)
  const burst = parseBurst(`${option}.burst`, setting.burst, algorithm, limit)
  if (algorithm === 'token-bucket') checkExact(option, given, { limit, windowMs, burst })
  const name =
    setting.name === undefined
      ? defaults.nameFor(windowMs)
      : checkPrintableName(`${option}.name`, setting.name)
  return { name, limit, windowMs, burst, algorithm }
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
  const most = Math.floor((Number.MAX_SAFE_INTEGER - numbers.limit) / (2 * numbers.windowMs))
  const remedy = `Give a burst of at most ${most}, or a shorter window.`
  rejectOption(option, given, 'is a token bucket too large for exact arithmetic', remedy)
}
