import { compileTrust } from '../client/proxy-trust.ts'
import { nearestName } from '../errors/nearest-name.ts'
import { checkNames, rejectOption } from '../errors/option-checks.ts'
import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import { LARGEST_LIMIT } from '../limits/limit.ts'
import { LONGEST_SECONDS } from './window-option.ts'

/** The options that the environment can set. An option whose variable is absent is absent too. */
export interface EnvOptions {
  limit?: number | false | undefined
  read?: number | false | undefined
  write?: number | false | undefined
  windowSec?: number | undefined
  ttlSec?: number | undefined
  trustProxy?: boolean | number | string | undefined
}

/** The variables by their names, as in `process.env`. */
export type Env = Readonly<Record<string, string | undefined>>

/** Options of `optionsFromEnv`. */
export interface EnvSource {
  /**
   * What the names of the variables begin with. Default: `'API_RATE_LIMIT_'`.
   *
   * @example
   * createRateLimiter({ name: 'login', ...optionsFromEnv(process.env, { prefix: 'LOGIN_' }) }) // LOGIN_LIMIT=5
   */
  readonly prefix?: string | undefined
}

const DEFAULT_PREFIX = 'API_RATE_LIMIT_'

/** The names of the variables, without the prefix. */
const NAMES = ['LIMIT', 'READ', 'WRITE', 'WINDOW_SEC', 'BUCKET_TTL_SEC', 'TRUST_PROXY'] as const

/** Names that are often meant to be one of these. */
const ALIASES: Readonly<Record<string, (typeof NAMES)[number]>> = {
  MAX: 'LIMIT',
  WINDOW: 'WINDOW_SEC',
  WINDOW_MS: 'WINDOW_SEC',
  TTL: 'BUCKET_TTL_SEC',
  TTL_SEC: 'BUCKET_TTL_SEC',
}

/**
 * Reads options of `createRateLimiter` from environment variables.
 *
 * | variable | option | takes |
 * |---|---|---|
 * | `API_RATE_LIMIT_LIMIT` | `limit` | a whole number, or `false` for no limit |
 * | `API_RATE_LIMIT_READ` | `read` | the same |
 * | `API_RATE_LIMIT_WRITE` | `write` | the same |
 * | `API_RATE_LIMIT_WINDOW_SEC` | `windowSec` | seconds |
 * | `API_RATE_LIMIT_BUCKET_TTL_SEC` | `ttlSec` | seconds |
 * | `API_RATE_LIMIT_TRUST_PROXY` | `trustProxy` | `true`, `false`, a number of hops, or addresses |
 *
 * @param source `prefix` replaces `API_RATE_LIMIT_`
 * @throws RateLimiterError `invalid_env`, with the variable, its value and the values that it takes. An empty
 *   variable is an error too: it may be a value that was forgotten. So is a name with the prefix that is nearly one of
 *   these, such as `API_RATE_LIMIT_READS`; other names are ignored. `invalid_option` for a prefix that is empty
 */
export function optionsFromEnv(env: Env = process.env, source: EnvSource = {}): EnvOptions {
  const { prefix = DEFAULT_PREFIX } = checkNames('', source, ['prefix'])
  if (typeof prefix !== 'string' || prefix === '') {
    rejectOption('prefix', prefix, 'takes the beginning of the names', "Give a text such as 'LOGIN_'.")
  }
  checkVariableNames(env, prefix)
  const options: EnvOptions = {
    ...given(env, `${prefix}LIMIT`, 'limit', parseLimit),
    ...given(env, `${prefix}READ`, 'read', parseLimit),
    ...given(env, `${prefix}WRITE`, 'write', parseLimit),
    ...given(env, `${prefix}WINDOW_SEC`, 'windowSec', parseSeconds),
    ...given(env, `${prefix}BUCKET_TTL_SEC`, 'ttlSec', parseSeconds),
    ...given(env, `${prefix}TRUST_PROXY`, 'trustProxy', parseTrustProxy),
  }
  checkCombinations(options, prefix)
  return options
}

/** Throws for a name that is nearly one of those that are read. */
function checkVariableNames(env: Env, prefix: string): void {
  const known: readonly string[] = NAMES
  for (const [variable, value] of Object.entries(env)) {
    const name = variable.slice(prefix.length)
    if (value === undefined || !variable.startsWith(prefix) || known.includes(name)) continue
    const nearest = Object.hasOwn(ALIASES, name) ? ALIASES[name] : nearestName(name, known)
    if (nearest === undefined) continue
    throw new RateLimiterError({
      code: 'invalid_env',
      option: variable,
      value,
      problem: 'is not a variable that is read',
      nearest: prefix + nearest,
      remedy: 'Rename it, or unset it.',
    })
  }
}

function checkCombinations({ limit, read, windowSec, ttlSec, write }: EnvOptions, prefix: string): void {
  if (limit !== undefined && (read !== undefined || write !== undefined)) {
    throw new RateLimiterError({
      code: 'invalid_env',
      option: `${prefix}LIMIT and ${prefix}${read === undefined ? 'WRITE' : 'READ'}`,
      problem: 'cannot both be set',
      remedy: `Keep ${prefix}LIMIT for one budget for all methods, or the others for a budget each.`,
    })
  }
  if (windowSec !== undefined && ttlSec !== undefined && ttlSec < windowSec) {
    const least = `at least the ${windowSec} seconds of ${prefix}WINDOW_SEC`
    reject(`${prefix}BUCKET_TTL_SEC`, String(ttlSec), least)
  }
}

function given<Option extends string, Value>(
  env: Env,
  variable: string,
  option: Option,
  parse: (variable: string, text: string) => Value,
): { readonly [name in Option]?: Value } {
  const text = env[variable]
  return text === undefined ? {} : ({ [option]: parse(variable, text.trim()) } as { [name in Option]: Value })
}

function parseLimit(variable: string, text: string): number | false {
  if (text === 'false') return false
  if (/^\d{1,15}$/.test(text)) return Number(text)
  return reject(variable, text, `a whole number from 0 to ${LARGEST_LIMIT}, or false`)
}

function parseSeconds(variable: string, text: string): number {
  const seconds = /^\d{1,15}(\.\d{1,3})?$/.test(text) ? Number(text) : 0
  if (seconds > 0 && seconds <= LONGEST_SECONDS) return seconds
  return reject(variable, text, `a number of seconds from 0.001 to ${LONGEST_SECONDS}, such as 60`)
}

function parseTrustProxy(variable: string, text: string): boolean | number | string {
  if (text === 'true' || text === 'false') return text === 'true'
  const option = /^\d+$/.test(text) ? Number(text) : text
  try {
    compileTrust(option)
  } catch (cause) {
    const accepted = 'true, false, a number of hops up to 64, or addresses and CIDRs separated by commas'
    return reject(variable, text, accepted, cause)
  }
  return option
}

function reject(variable: string, value: string, accepted: string, cause?: unknown): never {
  throw new RateLimiterError({
    code: 'invalid_env',
    option: variable,
    value,
    problem: `takes ${accepted}`,
    remedy: 'Correct the variable, or unset it to use the default.',
    cause,
  })
}
