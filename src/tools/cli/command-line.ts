import { nearestName } from '../../errors/nearest-name.ts'
import { rejectOption } from '../../errors/option-checks.ts'
import { RateLimiterError } from '../../errors/rate-limiter-error.ts'

/** What an option of a command takes: nothing, one value, or a value each time it is given. */
export type OptionKind = 'flag' | 'value' | 'values'

/** The options of a command by their names, dashes included. */
export type OptionKinds = Readonly<Record<string, OptionKind>>

/** The words of a command line, sorted. */
export interface CommandLine {
  readonly operands: readonly string[]
  /** Whether a flag was given. */
  has(name: string): boolean
  /** The value of an option; undefined where it was not given. */
  value(name: string): string | undefined
  /** The values of an option that can be given again and again. */
  values(name: string): readonly string[]
}

/**
 * Sorts the words behind a command's name. `--name value` and `--name=value` are the same; `-` is an operand, and
 * so is everything after `--`.
 *
 * @throws RateLimiterError `unknown_option` that names the nearest option; `invalid_option` for an option without
 *   its value, with one it does not take, or given twice
 */
export function readCommandLine(words: readonly string[], kinds: OptionKinds): CommandLine {
  const operands: string[] = []
  const given = new Map<string, string[]>()
  const left = [...words]
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    if (word === '--') operands.push(...left.splice(0))
    else if (word === '-' || !word.startsWith('-')) operands.push(word)
    else readOption(word, left, kinds, given)
  }
  return {
    operands,
    has: (name) => given.has(name),
    value: (name) => given.get(name)?.[0],
    values: (name) => given.get(name) ?? [],
  }
}

function readOption(word: string, left: string[], kinds: OptionKinds, given: Map<string, string[]>): void {
  const equals = word.indexOf('=')
  const name = equals === -1 ? word : word.slice(0, equals)
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined
  if (kind === undefined) throw unknownOption(name, kinds)
  const before = given.get(name) ?? []
  if (before.length > 0 && kind === 'value') {
    rejectOption(name, word, 'is given twice', 'Give it once.')
  }
  if (kind === 'flag') {
    if (equals !== -1) rejectOption(name, word.slice(equals + 1), 'takes no value', `Write ${name} alone.`)
    given.set(name, [''])
    return
  }
  const value = equals === -1 ? left.shift() : word.slice(equals + 1)
  if (value === undefined || (equals === -1 && value.startsWith('--'))) {
    throw new RateLimiterError({
      code: 'invalid_option',
      option: name,
      problem: 'takes a value, and has none',
      remedy: `Write ${name} <value>.`,
    })
  }
  given.set(name, [...before, value])
}

function unknownOption(name: string, kinds: OptionKinds): RateLimiterError {
  const names = Object.keys(kinds)
  const nearest = nearestName(name, names)
  return new RateLimiterError({
    code: 'unknown_option',
    option: name,
    problem: 'is not an option of this command',
    ...(nearest === undefined ? {} : { nearest }),
    remedy: `The options are ${names.join(', ')}.`,
  })
}

/** The whole number that the text of an option is; undefined where it was not given. */
export function readWholeNumber(name: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (value >= least) return value
  return rejectOption(name, text, 'takes a whole number', `Give a number of at least ${least}.`)
}
