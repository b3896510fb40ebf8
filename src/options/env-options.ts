import { compileTrust } from '../client/proxy-trust.ts'
import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import { LARGEST_LIMIT } from '../limits/limit.ts'
import { LONGEST_SECONDS } from './window-option.ts'

/** The options that the environment can set. An option whose variable is absent is absent too. */
export interface EnvOptions {
  read?: number | false | undefined
  write?: number | false | undefined
  windowSec?: number | undefined
  ttlSec?: number | undefined
  trustProxy?: boolean | number | string | undefined
}

/** The variables by their names, as in `process.env`. */
export type Env = Readonly<Record<string, string | undefined>>

const WINDOW_VARIABLE = 'API_RATE_LIMIT_WINDOW_SEC'
const TTL_VARIABLE = 'API_RATE_LIMIT_BUCKET_TTL_SEC'

/**
 * Reads options of `createRateLimiter` from environment variables.
 *
 * | variable | option | takes |
 * |---|---|---|
 * | `API_RATE_LIMIT_READ` | `read` | a whole number, or `false` for no limit |
 * | `API_RATE_LIMIT_WRITE` | `write` | the same |
 * | `API_RATE_LIMIT_WINDOW_SEC` | `windowSec` | seconds |
 * | `API_RATE_LIMIT_BUCKET_TTL_SEC` | `ttlSec` | seconds |
 * | `API_RATE_LIMIT_TRUST_PROXY` | `trustProxy` | `true`, `false`, a number of hops, or addresses |
 *
 * @throws RateLimiterError `invalid_env`, with the variable, its value and the values that it takes. An empty
 *   variable is an error too: it may be a value that was forgotten
 */
export function optionsFromEnv(env: Env = process.env): EnvOptions {
  const options: EnvOptions = {
    ...given(env, 'API_RATE_LIMIT_READ', 'read', parseLimit),
    ...given(env, 'API_RATE_LIMIT_WRITE', 'write', parseLimit),
    ...given(env, WINDOW_VARIABLE, 'windowSec', parseSeconds),
    ...given(env, TTL_VARIABLE, 'ttlSec', parseSeconds),
    ...given(env, 'API_RATE_LIMIT_TRUST_PROXY', 'trustProxy', parseTrustProxy),
  }
  const { windowSec, ttlSec } = options
  if (windowSec !== undefined && ttlSec !== undefined && ttlSec < windowSec) {
    reject(TTL_VARIABLE, String(ttlSec), `at least the ${windowSec} seconds of ${WINDOW_VARIABLE}`)
  }
  return options
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
