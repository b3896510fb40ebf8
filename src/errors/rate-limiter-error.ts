/** What kind of mistake it was, for code that wants to tell them apart. */
export type RateLimiterErrorCode =
  /** An option nobody knows: mostly a spelling, or the name another library uses. */
  | 'unknown_option'
  /** A known option with a value it does not take. */
  | 'invalid_option'
  /** Options that are fine alone and contradict each other together. */
  | 'impossible_combination'
  /** `app.use(createRateLimiter)` instead of `app.use(createRateLimiter())`. */
  | 'not_called'
  /** The store cannot do what the options ask of it. */
  | 'unsupported_by_store'
  /** An environment variable with a value it does not take. */
  | 'invalid_env'
  /** A function given as an option returned something it must not return. */
  | 'invalid_result'
  /** A request that costs more than its limit can ever hold. */
  | 'cost_above_capacity'
  /** The store threw, rejected, or answered something that is no decision. */
  | 'store_failed'
  /** The store did not answer within its deadline. */
  | 'store_timeout'
  /** The limiter or the store was used after `close()`. */
  | 'closed'
  /** The audit found routes that a request can reach unlimited. */
  | 'unlimited_routes'

/** The parts of a {@link RateLimiterError}; its message is composed of them. */
export interface RateLimiterErrorDetails {
  readonly code: RateLimiterErrorCode
  /** Path of the option, such as `read.limit`, or name of the environment variable. */
  readonly option?: string
  /** The value as it was given. */
  readonly value?: unknown
  /** What is wrong, in words that follow the option's name. */
  readonly problem: string
  /** What to do about it: a whole sentence. */
  readonly remedy: string
  /** The nearest name that would have been right. */
  readonly nearest?: string
  readonly cause?: unknown
}

/**
 * Every error this library makes: what was wrong, the value as given, and what to do.
 *
 * Mistakes in the options throw it when the limiter is created; mistakes that only a request can reveal
 * (a limit function that returns `NaN`, say) reach the app's error handler through `next`.
 */
export class RateLimiterError extends Error {
  override readonly name = 'RateLimiterError'
  readonly code: RateLimiterErrorCode
  readonly option: string | undefined
  readonly value: unknown
  readonly remedy: string
  readonly nearest: string | undefined

  constructor(details: RateLimiterErrorDetails) {
    super(compose(details), details.cause === undefined ? undefined : { cause: details.cause })
    this.code = details.code
    this.option = details.option
    this.value = details.value
    this.remedy = details.remedy
    this.nearest = details.nearest
  }
}

/** Whether an error is ours, or that of another copy of this library (ESM beside CommonJS, say). */
export function isRateLimiterError(error: unknown): error is RateLimiterError {
  return error instanceof Error && error.name === 'RateLimiterError'
}

function compose({ option, problem, remedy, nearest, ...rest }: RateLimiterErrorDetails): string {
  const subject = option === undefined ? '' : `${option}: `
  const given = 'value' in rest ? `, got ${showValue(rest.value)}` : ''
  const hint = nearest === undefined ? '' : ` Did you mean '${nearest}'?`
  return `${subject}${problem}${given}.${hint} ${remedy}`
}

const LONGEST_SHOWN = 80

/** A value as its author wrote it, short enough for one line. */
export function showValue(value: unknown): string {
  const text = literal(value)
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN - 3)}...`
}

/** Control characters as escapes: what a request brought must not begin a line of its own in a log. */
function escaped(control: string): string {
  return `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`
}

function literal(value: unknown): string {
  if (typeof value === 'string') return `'${value.replace(/\p{Cc}/gu, escaped)}'`
  if (typeof value === 'function') return value.name === '' ? 'a function' : `the function ${value.name}`
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value !== 'object' || value === null) return String(value)
  if (value instanceof Promise) return 'a Promise'
  try {
    return JSON.stringify(value) ?? 'an object'
  } catch {
    return 'an object'
  }
}
