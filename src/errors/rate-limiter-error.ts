import { documentedAt } from './documented-at.ts'

/**
 * The kind of an error, for programs. Each has an entry in the documentation:
 * https://express-tollgate.github.io/express-tollgate/errors
 */
export type RateLimiterErrorCode =
  /** An option that does not exist: often a misspelling, or a name of another library. */
  | 'unknown_option'
  /** A method of another library, called on a limiter. */
  | 'unknown_method'
  /** An option with a value that it does not take. */
  | 'invalid_option'
  /** Options that contradict each other. */
  | 'impossible_combination'
  /** `app.use(createRateLimiter)` instead of `app.use(createRateLimiter())`. */
  | 'not_called'
  /** The store does not support what the options or a call need. */
  | 'unsupported_by_store'
  /** An environment variable with a value that it does not take. */
  | 'invalid_env'
  /** A function among the options returned or threw a value that it must not return or throw. */
  | 'invalid_result'
  /** The function `plan` returned a name that is not in `plans`. */
  | 'unknown_plan'
  /** A request costs more units than its limit can ever allow. */
  | 'cost_above_capacity'
  /** The store threw, rejected, or returned an invalid decision. */
  | 'store_failed'
  /** The store did not answer within its deadline. */
  | 'store_timeout'
  /** The limiter or the store was used after `close()`. */
  | 'closed'
  /** The audit found routes that a request can reach without a limiter. */
  | 'unlimited_routes'

/** The parts of a {@link RateLimiterError}, from which its message is made. */
export interface RateLimiterErrorDetails {
  readonly code: RateLimiterErrorCode
  /** Path of the option, such as `read.limit`, or name of the environment variable. */
  readonly option?: string
  /** The value as it was given. */
  readonly value?: unknown
  /** What is wrong, as a text that follows the name of the option. */
  readonly problem: string
  /** What to do, as a whole sentence. */
  readonly remedy: string
  /** The nearest name that is right. */
  readonly nearest?: string
  readonly cause?: unknown
}

/** Marks the errors of all copies of this library in a process: ESM beside CommonJS are two copies. */
const BRAND = Symbol.for('express-tollgate.error')

/**
 * Every error of this library. Its message names what is wrong, the value as given, and what to do, and ends with the
 * address of the entry of its code in the documentation.
 *
 * A wrong option throws it when the limiter is created. An error that only a request can cause, such as a
 * limit function that returns `NaN`, reaches the error handler of the app through `next`.
 *
 * `instanceof` holds for the errors of another copy of this library too, such as ESM beside CommonJS.
 */
export class RateLimiterError extends Error {
  override readonly name = 'RateLimiterError'
  readonly code: RateLimiterErrorCode
  readonly option: string | undefined
  /** The value as it was given. It may know a password, such as the client of a database: no log shows it by itself. */
  declare readonly value: unknown
  readonly remedy: string
  readonly nearest: string | undefined

  constructor(details: RateLimiterErrorDetails) {
    super(messageOf(details), details.cause === undefined ? undefined : { cause: details.cause })
    this.code = details.code
    this.option = details.option
    Object.defineProperty(this, 'value', { value: details.value })
    this.remedy = details.remedy
    this.nearest = details.nearest
  }

  /** @internal */
  static override readonly [Symbol.hasInstance]: (value: unknown) => boolean = isInstance
}

Object.defineProperty(RateLimiterError.prototype, BRAND, { value: true })

function isInstance(this: unknown, value: unknown): boolean {
  // A class that extends RateLimiterError has its own instances only.
  if (this !== RateLimiterError) return Function.prototype[Symbol.hasInstance].call(this, value)
  return typeof value === 'object' && value !== null && BRAND in value
}

function messageOf({ code, option, problem, remedy, nearest, ...rest }: RateLimiterErrorDetails): string {
  const subject = option === undefined ? '' : `${option}: `
  const given = 'value' in rest ? `, got ${isSecret(option) ? HIDDEN : showValue(rest.value)}` : ''
  const hint = nearest === undefined ? '' : ` Did you mean '${nearest}'?`
  const text = `${subject}${problem}${given}.${hint} ${remedy}`
  // The address is no part of the last row of a table.
  return `${text}${text.includes('\n') ? '\n' : ' '}${documentedAt(code)}`
}

const LONGEST_SHOWN = 80

/** What a message has instead of a password. */
const HIDDEN = '(hidden)'

/** Whether a name, or a path that ends with it, is one that passwords have. */
function isSecret(name = ''): boolean {
  return /(?:pass|passwd|password|pwd|secret|token|credentials?|auth|authorization)$/i.test(name)
}

/** The user and the password in a URL, such as that of a database. */
const URL_CREDENTIALS = /(?<=:\/\/)[^/?#\s]*@/g

/** A value as it would be written in code, cut to one short line. */
export function showValue(value: unknown): string {
  const text = literal(value).replace(URL_CREDENTIALS, `${HIDDEN}@`).replace(UNPRINTABLE, escaped)
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN - 3)}...`
}

/** Control characters, and characters that begin a line or turn the direction of text without a visible form. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/**
 * A character as an escape: a value of a request, or the name of a file, must not begin a new line in a log or send
 * a command to a terminal.
 */
function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0
  const digits = code.toString(16)
  return code <= 0xff ? `\\x${digits.padStart(2, '0')}` : `\\u{${digits.padStart(4, '0')}}`
}

function literal(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (typeof value === 'function') return value.name === '' ? 'a function' : `the function ${value.name}`
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value !== 'object' || value === null) return String(value)
  const name = classNameOf(value)
  if (name !== undefined) return name
  try {
    return JSON.stringify(value, printed) ?? 'an object'
  } catch {
    return 'an object'
  }
}

/** Replaces what a message must not show: a password, and an object that may know one, such as the client of a database. */
function printed(name: string, value: unknown): unknown {
  return isSecret(name) ? HIDDEN : (classNameOf(value) ?? value)
}

/** `a Redis` for an object of a class; undefined for a literal, an array and what is no object. */
function classNameOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Date)
    return undefined
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === null || prototype === Object.prototype) return undefined
  const name: unknown = value.constructor?.name
  return typeof name === 'string' && name !== '' ? `a ${name}` : 'an object'
}
