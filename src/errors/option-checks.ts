import { nearestName } from './nearest-name.ts'
import { RateLimiterError } from './rate-limiter-error.ts'

/** Throws the error for a value that an option does not take. */
export function rejectOption(option: string, value: unknown, problem: string, remedy: string): never {
  throw new RateLimiterError({ code: 'invalid_option', option, value, problem, remedy })
}

/** What to write instead of a name that is not an option here. */
export interface OptionHint {
  /** The library that has such an option. */
  readonly of?: string
  /** What is wrong, if not that the option is another library's. */
  readonly problem?: string
  /** The name that is right. */
  readonly nearest?: string
  /** What to do, as a whole sentence, for the value as given. */
  readonly remedy: string | ((value: unknown) => string)
}

/**
 * Returns the own properties of an object of options, and throws unless it is an object with known names
 * only. The result has no prototype, so that no property of a polluted `Object.prototype` becomes an option.
 *
 * @param subject name of the object in errors; an empty string for the options of a function
 * @param hints for names that other libraries use
 */
export function checkNames<Options extends object>(
  subject: string,
  value: Options,
  known: readonly string[],
  hints: Readonly<Record<string, OptionHint>> = {},
): Options {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const remedy = `Give an object; it may have ${known.join(', ')}.`
    rejectOption(subject === '' ? 'options' : subject, value, 'takes an object of options', remedy)
  }
  for (const name of Object.keys(value)) {
    if (known.includes(name)) continue
    const hint = (Object.hasOwn(hints, name) ? hints[name] : undefined) ?? hintFor(name, known)
    const given = (value as Record<string, unknown>)[name]
    throw new RateLimiterError({
      code: 'unknown_option',
      option: subject === '' ? name : `${subject}.${name}`,
      value: given,
      problem: hint.problem ?? (hint.of === undefined ? 'is not an option' : `is an option of ${hint.of}`),
      ...(hint.nearest === undefined ? {} : { nearest: hint.nearest }),
      remedy: typeof hint.remedy === 'string' ? hint.remedy : hint.remedy(given),
    })
  }
  return Object.assign(Object.create(null), value)
}

/** The hint for a name that is misspelled, or that nobody knows. */
function hintFor(name: string, known: readonly string[]): OptionHint {
  const nearest = nearestName(name, known)
  if (nearest === undefined) return { remedy: `The options are ${known.join(', ')}.` }
  return { nearest, remedy: `Write ${nearest}, or leave it out.` }
}

/** Returns `value` if it is a whole number from `minimum` to `maximum`, and throws otherwise. */
export function checkWholeNumber(option: string, value: unknown, minimum: number, maximum: number): number {
  const isWhole = typeof value === 'number' && Number.isInteger(value)
  if (isWhole && value >= minimum && value <= maximum) return value
  return rejectOption(
    option,
    value,
    'takes a whole number',
    `Give a number from ${minimum} to ${maximum}, without quotes.`,
  )
}

/** Returns `value` if it is a boolean, `absent` if it is undefined, and throws otherwise. */
export function checkFlag(option: string, value: unknown, absent: boolean): boolean {
  if (value === undefined) return absent
  if (typeof value === 'boolean') return value
  return rejectOption(option, value, 'takes a boolean', 'Give true or false, without quotes.')
}

/** Returns `value` if it is a function or undefined, and throws otherwise. */
export function checkFunction<F>(option: string, value: F | undefined, signature: string): F | undefined {
  if (value === undefined || typeof value === 'function') return value
  return rejectOption(option, value, 'takes a function', `Give ${signature}, or leave the option out.`)
}

/** Returns `value` if it is one of `choices`, `absent` if it is undefined, and throws otherwise. */
export function checkChoice<C extends string>(
  option: string,
  value: unknown,
  choices: readonly C[],
  absent: C,
): C {
  if (value === undefined) return absent
  const chosen = choices.find((choice) => choice === value)
  if (chosen !== undefined) return chosen
  const nearest = typeof value === 'string' ? nearestName(value, [...choices].reverse()) : undefined
  throw new RateLimiterError({
    code: 'invalid_option',
    option,
    value,
    problem: 'takes one of a few names',
    ...(nearest === undefined ? {} : { nearest }),
    remedy: `Give ${choices.map((choice) => `'${choice}'`).join(' or ')}.`,
  })
}

/**
 * Returns `value` if it can be sent as a quoted string of a structured field (RFC 9651, 3.3.3), and throws
 * otherwise.
 */
export function checkPrintableName(option: string, value: unknown): string {
  if (typeof value === 'string' && /^[\x20-\x7e]+$/.test(value)) return value
  return rejectOption(
    option,
    value,
    'takes a name of printable ASCII',
    'Use only printable ASCII, because the name appears in response headers.',
  )
}
