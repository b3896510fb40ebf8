import { nearestName } from './nearest-name.ts'
import { RateLimiterError } from './rate-limiter-error.ts'

/** Throws the error of a value that an option does not take. */
export function rejectOption(option: string, value: unknown, problem: string, remedy: string): never {
  throw new RateLimiterError({ code: 'invalid_option', option, value, problem, remedy })
}

/**
 * The options that `value` holds itself, or an error unless it is an object with known names only: what a
 * polluted Object.prototype holds must not become an option. `aliases` are what others call ours.
 */
export function checkNames<Options extends object>(
  subject: string,
  value: Options,
  known: readonly string[],
  aliases: Readonly<Record<string, string>> = {},
): Options {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const remedy = `Give an object; it may have ${known.join(', ')}.`
    rejectOption(subject === '' ? 'options' : subject, value, 'takes an object of options', remedy)
  }
  for (const name of Object.keys(value)) {
    if (known.includes(name)) continue
    const nearest = Object.hasOwn(aliases, name) ? aliases[name] : nearestName(name, known)
    throw new RateLimiterError({
      code: 'unknown_option',
      option: subject === '' ? name : `${subject}.${name}`,
      value: (value as Record<string, unknown>)[name],
      problem: 'is not an option',
      ...(nearest === undefined ? {} : { nearest }),
      remedy: `The options are ${known.join(', ')}.`,
    })
  }
  return Object.assign(Object.create(null), value)
}

/** The whole number that `value` is, or an error. */
export function checkWholeNumber(option: string, value: unknown, least: number, most: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value
  return rejectOption(
    option,
    value,
    'takes a whole number',
    `Give a number from ${least} to ${most}, without quotes.`,
  )
}

/** The boolean that `value` is, or an error; `fallback` where the option is absent. */
export function checkFlag(option: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback
  if (typeof value === 'boolean') return value
  return rejectOption(option, value, 'takes a boolean', 'Give true or false, without quotes.')
}

/** The function that `value` is, or an error; undefined where the option is absent. */
export function checkFunction<F>(option: string, value: F | undefined, signature: string): F | undefined {
  if (value === undefined || typeof value === 'function') return value
  return rejectOption(option, value, 'takes a function', `Give ${signature}, or leave the option out.`)
}

/** The one of `choices` that `value` is, or an error; `fallback` where the option is absent. */
export function checkChoice<C extends string>(
  option: string,
  value: unknown,
  choices: readonly C[],
  fallback: C,
): C {
  if (value === undefined) return fallback
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

/** Throws unless `value` can be sent as a quoted string of a structured field (RFC 9651, 3.3.3). */
export function checkHeaderName(option: string, value: unknown): string {
  if (typeof value === 'string' && /^[\x20-\x7e]+$/.test(value)) return value
  return rejectOption(option, value, 'takes a name of printable ASCII', 'It appears in response headers.')
}
