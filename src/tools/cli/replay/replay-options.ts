import { compileTrust } from '../../../client/trusted-proxies.ts'
import { checkChoice, rejectOption } from '../../../errors/option-checks.ts'
import { isRateLimiterError } from '../../../errors/rate-limiter-error.ts'
import { ALGORITHM_NAMES } from '../../../limits/algorithms.ts'
import type { AlgorithmName } from '../../../limits/limit.ts'
import type { LimitOptions, RateLimiterOptions } from '../../../options/rate-limiter-options.ts'
import { type CommandLine, type OptionKinds, readCommandLine, readWholeNumber } from '../command-line.ts'
import { LOG_FORMATS, type LogFormat } from '../log/line-parser.ts'

/** What to replay, by which limits, and what to show. */
export interface ReplaySettings {
  /** Logs in any order; `-` is standard input. */
  readonly paths: readonly string[]
  readonly limiter: LimiterChoice
  readonly format: LogFormat
  readonly forwardedField: string | undefined
  /** Where to write a chart; undefined for none. */
  readonly chart: string | undefined
  readonly json: boolean
  /** Refused clients and busiest minutes that are named. */
  readonly top: number
  readonly progress: boolean
  readonly mask: boolean
}

/** The limiter's own options, as far as a log can play a part in them. */
export type LimiterChoice = Pick<RateLimiterOptions, 'windowSec' | 'ttlSec' | 'ipv6Subnet' | 'trustProxy'> & {
  readonly read: LimitOptions | false
  readonly write: LimitOptions | false
}

/** The options of `replay`. */
export const REPLAY_OPTIONS: OptionKinds = {
  '--read': 'value',
  '--write': 'value',
  '--window': 'value',
  '--algorithm': 'value',
  '--burst': 'value',
  '--ttl': 'value',
  '--ipv6-subnet': 'value',
  '--trust': 'value',
  '--format': 'value',
  '--forwarded-field': 'value',
  '--chart': 'value',
  '--json': 'flag',
  '--top': 'value',
  '--no-progress': 'flag',
  '--mask': 'flag',
}

const DEFAULTS = { read: 1000, write: 200, windowSec: 60, top: 10 } as const

/** @throws RateLimiterError for an option that does not exist, or with a value that it does not take */
export function readReplayOptions(words: readonly string[]): ReplaySettings {
  const line = readCommandLine(words, REPLAY_OPTIONS)
  if (line.operands.length === 0) {
    rejectOption('replay', undefined, 'takes a log', "Give an access log, or '-' for standard input.")
  }
  return {
    paths: line.operands,
    limiter: readLimiter(line),
    format: checkChoice('--format', line.value('--format'), LOG_FORMATS, 'auto'),
    forwardedField: line.value('--forwarded-field'),
    chart: line.value('--chart'),
    json: line.has('--json'),
    top: readWholeNumber('--top', line.value('--top'), 0) ?? DEFAULTS.top,
    progress: !line.has('--no-progress'),
    mask: line.has('--mask'),
  }
}

function readLimiter(line: CommandLine): LimiterChoice {
  const algorithm = checkChoice('--algorithm', line.value('--algorithm'), ALGORITHM_NAMES, 'fixed-window')
  const burst = readWholeNumber('--burst', line.value('--burst'), 1)
  if (burst !== undefined && algorithm !== 'token-bucket') {
    rejectOption('--burst', burst, `has no meaning for a ${algorithm}`, 'Add --algorithm token-bucket.')
  }
  const ttlSec = readSeconds('--ttl', line.value('--ttl'))
  const ipv6Subnet = readWholeNumber('--ipv6-subnet', line.value('--ipv6-subnet'), 32)
  const common = { algorithm, ...(burst === undefined ? {} : { burst }) }
  return {
    read: readLimit('--read', line.value('--read'), DEFAULTS.read, common),
    write: readLimit('--write', line.value('--write'), DEFAULTS.write, common),
    windowSec: readSeconds('--window', line.value('--window')) ?? DEFAULTS.windowSec,
    ...(ttlSec === undefined ? {} : { ttlSec }),
    ...(ipv6Subnet === undefined ? {} : { ipv6Subnet }),
    trustProxy: readTrust(line.value('--trust')),
  }
}

function readLimit(
  name: string,
  text: string | undefined,
  fallback: number,
  common: { readonly algorithm: AlgorithmName; readonly burst?: number },
): LimitOptions | false {
  if (text === 'false') return false
  return { limit: readWholeNumber(name, text, 1) ?? fallback, ...common }
}

function readSeconds(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const seconds = /^\d{1,9}(?:\.\d{1,3})?$/.test(text) ? Number(text) : 0
  return seconds > 0 ? seconds : rejectOption(name, text, 'takes seconds', 'Give a number such as 60.')
}

/** Nobody is trusted unless told: the first address of a line is the client. */
function readTrust(text: string | undefined): boolean | number | string {
  if (text === undefined) return false
  if (text === 'true' || text === 'false') return text === 'true'
  const option = /^\d{1,15}$/.test(text) ? Number(text) : text
  try {
    compileTrust(option)
  } catch (cause) {
    const what = 'takes what the option trustProxy does'
    const remedy = isRateLimiterError(cause) ? cause.remedy : 'Give true, or the addresses of your proxies.'
    rejectOption('--trust', text, what, remedy)
  }
  return option
}
