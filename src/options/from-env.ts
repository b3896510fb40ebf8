import { compileTrust } from '../client/trusted-proxies.ts'
import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import { LARGEST_LIMIT } from '../limits/limit.ts'
import { LONGEST_SEC } from './window-option.ts'

/** The options that the environment can set; those whose variable is absent are absent too. */
export interface EnvOptions {
  read?: number | false
  write?: number | false
  windowSec?: number
  ttlSec?: number
  trustProxy?: boolean | number | string
}

/** Variables by name, as in `process.env`. */
export type Env = Readonly<Record<string, string | undefined>>

const WINDOW = 'API_RATE_LIMIT_WINDOW_SEC'
const TTL = 'API_RATE_LIMIT_BUCKET_TTL_SEC'

/**
 * Options of `createRateLimiter` from environment variables.
 *
 * | variable | option | takes |
 * |---|---|---|
 * | `API_RATE_LIMIT_READ` | `read` | a whole number, or `false` for no limit |
 * | `API_RATE_LIMIT_WRITE` | `write` | the same |
 * | `API_RATE_LIMIT_WINDOW_SEC` | `windowSec` | seconds |
 * | `API_RATE_LIMIT_BUCKET_TTL_SEC` | `ttlSec` | seconds |
 * | `API_RATE_LIMIT_TRUST_PROXY` | `trustProxy` | `true`, `false`, a number of hops, or addresses |
 *
 * @throws RateLimiterError `invalid_env` that names the variable, its value and what it takes; an empty
 *   variable is one, since it is as likely a forgotten value as a wish for the default
 */
export function optionsFromEnv(env: Env = process.env): EnvOptions {
  const options: EnvOptions = {
    ...given(env, 'API_RATE_LIMIT_READ', 'read', parseLimit),
    ...given(env, 'API_RATE_LIMIT_WRITE', 'write', parseLimit),
    ...given(env, WINDOW, 'windowSec', parseSeconds),
    ...given(env, TTL, 'ttlSec', parseSeconds),
    ...given(env, 'API_RATE_LIMIT_TRUST_PROXY', 'trustProxy', parseTrustProxy),
  }
  const { windowSec, ttlSec } = options
  if (windowSec !== undefined && ttlSec !== undefined && ttlSec < windowSec) {
    reject(TTL, String(ttlSec), `at least the ${windowSec} seconds of ${WINDOW}`)
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
  const limit = /^\d{1,15}$/.test(text) ? Number(text) : 0
  return limit > 0 ? limit : reject(variable, text, `a whole number from 1 to ${LARGEST_LIMIT}, or false`)
}

function parseSeconds(variable: string, text: string): number {
  const seconds = /^\d{1,15}(\.\d{1,3})?$/.test(text) ? Number(text) : 0
  if (seconds > 0 && seconds <= LONGEST_SEC) return seconds
  return reject(variable, text, `a number of seconds from 0.001 to ${LONGEST_SEC}, such as 60`)
}

function parseTrustProxy(variable: string, text: string): boolean | number | string {
  if (text === 'true' || text === 'false') return text === 'true'
  const option = /^\d+$/.test(text) ? Number(text) : text
  try {
    compileTrust(option)
  } catch (cause) {
    const what = 'true, false, a number of hops up to 64, or addresses and CIDRs separated by commas'
    return reject(variable, text, what, cause)
  }
  return option
}

function reject(variable: string, value: string, what: string, cause?: unknown): never {
  throw new RateLimiterError({
    code: 'invalid_env',
    option: variable,
    value,
    problem: `takes ${what}`,
    remedy: 'Mend the variable, or unset it to have the default.',
    cause,
  })
}
