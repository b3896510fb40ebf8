import { type ParseArgsConfig, parseArgs } from 'node:util'
import { nearestName } from '../../errors/nearest-name.ts'
import { rejectOption } from '../../errors/option-checks.ts'
import { RateLimiterError } from '../../errors/rate-limiter-error.ts'

/**
 * An option that takes a value, or a flag, which takes none. `multiple` allows it to be given several times.
 */
export interface OptionConfig {
  readonly type: 'string' | 'boolean'
  readonly multiple?: true
  /** Whether its value may be several, separated by commas. */
  readonly isList?: true
}

/** The options of a command, by their names without dashes. */
export type OptionConfigs = Readonly<Record<string, OptionConfig>>

type OptionValue<Config extends OptionConfig> = Config['type'] extends 'boolean'
  ? boolean
  : Config extends { readonly multiple: true }
    ? readonly string[]
    : string

/** The arguments of a command, parsed. */
export interface CommandLine<Configs extends OptionConfigs> {
  readonly operands: readonly string[]
  /** By the names of the options; an option that was not given is absent. */
  readonly values: { readonly [Name in keyof Configs]?: OptionValue<Configs[Name]> }
}

/**
 * Parses the arguments of a command. `--name value` and `--name=value` mean the same. `-` is an operand, and
 * so is every argument after `--`.
 *
 * @throws RateLimiterError `unknown_option`, with the nearest name; `invalid_option` for an option that has
 *   no value, for a flag that has one, and for an option that is given twice
 */
export function parseCommandLine<Configs extends OptionConfigs>(
  args: readonly string[],
  configs: Configs,
): CommandLine<Configs> {
  const options: NonNullable<ParseArgsConfig['options']> = configs
  // `strict` would reject values that begin with a dash, and its messages name no nearest option.
  const { positionals, values, tokens } = parseArgs({
    args: [...args],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const givenNames = new Set<string>()
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    // The whole argument: where `-xyz` is given, parseArgs reports `-x`.
    const arg = args[token.index] ?? ''
    const config = configOf(arg, configs)
    if (config.type === 'string' && config.multiple !== true && givenNames.has(token.name)) {
      const remedy = config.isList === true ? `Write ${token.rawName} <value>,<value>.` : 'Give it once.'
      rejectOption(token.rawName, arg, 'is given twice', remedy)
    }
    givenNames.add(token.name)
    checkValue(token, config)
  }
  return { operands: positionals, values: values as CommandLine<Configs>['values'] }
}

function configOf(arg: string, configs: OptionConfigs): OptionConfig {
  const [option = arg] = arg.split('=', 1)
  const name = option.slice('--'.length)
  const config = option.startsWith('--') && Object.hasOwn(configs, name) ? configs[name] : undefined
  if (config === undefined) throw unknownOption(option, configs)
  return config
}

/** An option as parseArgs reports it. */
interface GivenOption {
  readonly rawName: string
  readonly value: string | undefined
  /** Whether the value is in the same argument, after `=`. */
  readonly inlineValue: boolean | undefined
}

function checkValue({ rawName, value, inlineValue }: GivenOption, { type }: OptionConfig): void {
  if (type === 'boolean') {
    if (value !== undefined) rejectOption(rawName, value, 'takes no value', `Write ${rawName} alone.`)
    return
  }
  // parseArgs takes the next argument as the value, even where that is an option.
  if (value === undefined || (inlineValue !== true && value.startsWith('--'))) {
    throw new RateLimiterError({
      code: 'invalid_option',
      option: rawName,
      problem: 'has no value',
      remedy: `Write ${rawName} <value>.`,
    })
  }
}

function unknownOption(option: string, configs: OptionConfigs): RateLimiterError {
  const options = Object.keys(configs).map((name) => `--${name}`)
  const nearest = nearestName(option, options)
  return new RateLimiterError({
    code: 'unknown_option',
    option,
    problem: 'is not an option of this command',
    ...(nearest === undefined ? {} : { nearest }),
    remedy: `The options are ${options.join(', ')}.`,
  })
}

/** Reads the whole number in the text of an option; undefined where the option is absent. */
export function readWholeNumber(
  option: string,
  text: string | undefined,
  minimum: number,
): number | undefined {
  if (text === undefined) return undefined
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (value >= minimum) return value
  return rejectOption(option, text, 'takes a whole number', `Give a number of at least ${minimum}.`)
}
