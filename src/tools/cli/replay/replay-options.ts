import { compileTrust } from '../../../client/proxy-trust.ts'
import { checkChoice, rejectOption } from '../../../errors/option-checks.ts'
import { RateLimiterError } from '../../../errors/rate-limiter-error.ts'
import { CHOSEN_ALGORITHMS } from '../../../limits/algorithms.ts'
import type { ChosenAlgorithm } from '../../../limits/limit.ts'
import type { RequestClass } from '../../../limits/request-class.ts'
import type { LimitOptions } from '../../../options/budget-options.ts'
import type { RateLimiterOptions } from '../../../options/rate-limiter-options.ts'
import { type CommandLine, type OptionConfigs, parseCommandLine, readWholeNumber } from '../command-line.ts'
import { LOG_FORMATS, type LogFormat } from '../log/line-parser.ts'
import { type CalendarOptions, readCalendar } from './calendar-options.ts'

/** The options of a replay, compiled. */
export interface ReplaySettings {
  /** Logs in any order; `-` is standard input. */
  readonly paths: readonly string[]
  /** With the first of several budgets of each class. */
  readonly limiter: ReplayLimiterOptions
  readonly compared: readonly ComparedOptions[]
  readonly format: LogFormat
  readonly forwardedField: string | undefined
  /** The file to which a chart is written; undefined for no chart. */
  readonly chart: string | undefined
  readonly json: boolean
  /** How many refused clients, and how many minutes, the report lists. */
  readonly top: number
  readonly progress: boolean
  readonly mask: boolean
}

/** The options of the limiter that a log has the data for. */
export type ReplayLimiterOptions = Pick<
  RateLimiterOptions,
  'windowSec' | 'ttlSec' | 'ipv6Subnet' | 'trustProxy'
> & {
  /** One limit for all methods. Then there is no `read` and no `write`. */
  readonly limit?: LimitOptions | false
  readonly read?: LimitOptions | false
  readonly write?: LimitOptions | false
}

/** The options of a limiter with one of several budgets of a class. */
export interface ComparedOptions {
  readonly requestClass: RequestClass
  readonly limiter: ReplayLimiterOptions
}

const REPLAY_OPTIONS = {
  limit: { type: 'string', isList: true },
  read: { type: 'string', isList: true },
  write: { type: 'string', isList: true },
  window: { type: 'string' },
  algorithm: { type: 'string' },
  per: { type: 'string' },
  'time-zone': { type: 'string' },
  'starts-on': { type: 'string' },
  burst: { type: 'string' },
  ttl: { type: 'string' },
  'ipv6-subnet': { type: 'string' },
  trust: { type: 'string' },
  format: { type: 'string' },
  'forwarded-field': { type: 'string' },
  chart: { type: 'string' },
  json: { type: 'boolean' },
  top: { type: 'string' },
  'no-progress': { type: 'boolean' },
  mask: { type: 'boolean' },
} as const satisfies OptionConfigs

/** How the limits count. */
type Counting = CalendarOptions | { readonly algorithm: ChosenAlgorithm; readonly burst?: number }

type ReplayValues = CommandLine<typeof REPLAY_OPTIONS>['values']

/** The options that take several budgets to compare, and the class that each of them limits. */
const BUDGETS: Readonly<Partial<Record<keyof ReplayValues, RequestClass>>> = {
  limit: 'any',
  read: 'read',
  write: 'write',
}

const DEFAULTS = { read: 1000, write: 200, windowSec: 60, top: 10 } as const

/** @throws RateLimiterError for an unknown option, and for a value that an option does not take */
export function readReplayOptions(args: readonly string[]): ReplaySettings {
  const { operands, values } = parseCommandLine(args, REPLAY_OPTIONS)
  if (operands.length === 0) {
    rejectOption('replay', undefined, 'takes a log', "Give an access log, or '-' for standard input.")
  }
  return {
    paths: operands,
    limiter: readLimiterOptions(withFirstBudgets(values)),
    compared: readComparedOptions(values),
    format: checkChoice('--format', values.format, LOG_FORMATS, 'auto'),
    forwardedField: values['forwarded-field'],
    chart: values.chart,
    json: values.json ?? false,
    top: readWholeNumber('--top', values.top, 0) ?? DEFAULTS.top,
    progress: values['no-progress'] !== true,
    mask: values.mask ?? false,
  }
}

function withFirstBudgets(values: ReplayValues): ReplayValues {
  const first = Object.keys(BUDGETS).flatMap((name) => {
    const [budget] = budgetsOf(values, name)
    return budget === undefined ? [] : [[name, budget]]
  })
  return { ...values, ...Object.fromEntries(first) }
}

/** One limiter for each budget of the options that have several. All else is the same. */
function readComparedOptions(values: ReplayValues): ComparedOptions[] {
  const base = withFirstBudgets(values)
  return Object.entries(BUDGETS).flatMap(([name, requestClass]) => {
    const budgets = budgetsOf(values, name)
    if (budgets.length < 2) return []
    return budgets.map((budget) => {
      return { requestClass, limiter: readLimiterOptions({ ...base, [name]: budget }) }
    })
  })
}

/** The budgets in the list of an option, such as `50,100`. */
function budgetsOf(values: ReplayValues, name: string): string[] {
  const list: unknown = values[name as keyof ReplayValues]
  return typeof list === 'string' ? list.split(',').map((budget) => budget.trim()) : []
}

function readLimiterOptions(values: ReplayValues): ReplayLimiterOptions {
  const algorithm = checkChoice('--algorithm', values.algorithm, CHOSEN_ALGORITHMS, 'fixed-window')
  const burst = readWholeNumber('--burst', values.burst, 1)
  if (burst !== undefined && algorithm !== 'token-bucket') {
    rejectOption('--burst', burst, `has no meaning for a ${algorithm}`, 'Add --algorithm token-bucket.')
  }
  const ttlSec = readSeconds('--ttl', values.ttl)
  const ipv6Subnet = readWholeNumber('--ipv6-subnet', values['ipv6-subnet'], 32)
  const counting = readCalendar(values) ?? { algorithm, ...(burst === undefined ? {} : { burst }) }
  return {
    ...readBudgets(values, counting),
    windowSec: readSeconds('--window', values.window) ?? DEFAULTS.windowSec,
    ...(ttlSec === undefined ? {} : { ttlSec }),
    ...(ipv6Subnet === undefined ? {} : { ipv6Subnet }),
    trustProxy: readTrust(values.trust),
  }
}

/** One budget for all methods with `--limit`, or else one for reads and one for writes. */
function readBudgets(
  { limit, read, write }: ReplayValues,
  counting: Counting,
): Pick<ReplayLimiterOptions, 'limit' | 'read' | 'write'> {
  if (limit === undefined) {
    return {
      read: readLimit('--read', read, DEFAULTS.read, counting),
      write: readLimit('--write', write, DEFAULTS.write, counting),
    }
  }
  if (read !== undefined || write !== undefined) {
    throw new RateLimiterError({
      code: 'impossible_combination',
      option: `--limit and ${read === undefined ? '--write' : '--read'}`,
      problem: 'cannot both be set',
      remedy: 'Keep --limit for one budget for all methods, or --read and --write for a budget each.',
    })
  }
  return { limit: readLimit('--limit', limit, DEFAULTS.read, counting) }
}

function readLimit(
  option: string,
  text: string | undefined,
  defaultLimit: number,
  counting: Counting,
): LimitOptions | false {
  if (text === 'false') return false
  const limit = text === undefined ? defaultLimit : /^\d{1,15}$/.test(text) ? Number(text) : 0
  if (limit > 0) return { limit, ...counting }
  return rejectOption(
    option,
    text,
    'takes a whole number or false',
    'Give a number of at least 1, or false for no limit. A limit of 0 refuses every request.',
  )
}

function readSeconds(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const seconds = /^\d{1,9}(?:\.\d{1,3})?$/.test(text) ? Number(text) : 0
  return seconds > 0 ? seconds : rejectOption(option, text, 'takes seconds', 'Give a number such as 60.')
}

/** Without the option no proxy is trusted: the first address of a line is the client. */
function readTrust(text: string | undefined): boolean | number | string {
  if (text === undefined) return false
  if (text === 'true' || text === 'false') return text === 'true'
  const trustProxy = /^\d{1,15}$/.test(text) ? Number(text) : text
  try {
    compileTrust(trustProxy)
  } catch (cause) {
    const problem = 'takes the values of the option trustProxy'
    const remedy =
      cause instanceof RateLimiterError ? cause.remedy : 'Give true, or the addresses of your proxies.'
    rejectOption('--trust', text, problem, remedy)
  }
  return trustProxy
}
