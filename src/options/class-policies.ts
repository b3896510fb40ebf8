import { checkHeaderName, checkNames, checkWholeNumber, rejectOption } from '../errors/option-checks.ts'
import { type AlgorithmName, LARGEST_LIMIT, type Limit } from '../limits/limit.ts'
import { type ClassPolicy, dynamicPolicy, fixedPolicy } from '../limits/policy.ts'
import type { RequestClass } from '../limits/request-class.ts'
import type { LimitOptions, LimitSetting, RateLimiterOptions } from './rate-limiter-options.ts'
import { checkSeconds, checkWindow } from './window-option.ts'

const DEFAULT_LIMITS: Readonly<Record<RequestClass, number>> = { read: 1000, write: 200 }
const DEFAULT_WINDOW_SEC = 60
const DEFAULT_TTL_MARGIN_MS = 30_000

/** The limiter whose limits are called `read` and `write`; those of others carry its name in front. */
export const DEFAULT_NAME = 'default'

export type ClassPolicies<Req> = Readonly<Record<RequestClass, ClassPolicy<Req>>>

/** A limit before it is known how long clients are remembered. */
type Draft<Req> = { readonly limit: Limit; readonly ask?: (req: Req) => unknown } | false

/** Compiles `read`, `write`, `windowSec` and `ttlSec`. */
export function parseClassPolicies<Req>(
  options: Pick<RateLimiterOptions, 'windowSec' | 'ttlSec'> & {
    readonly read?: LimitSetting<Req>
    readonly write?: LimitSetting<Req>
  },
  limiterName: string,
): ClassPolicies<Req> {
  const { windowSec = DEFAULT_WINDOW_SEC, read = DEFAULT_LIMITS.read, write = DEFAULT_LIMITS.write } = options
  const windowMs = checkWindow('windowSec', windowSec)
  const prefix = limiterName === DEFAULT_NAME ? '' : `${limiterName}-`
  const reads = draftOf('read', read, `${prefix}read`, windowMs)
  const writes = draftOf('write', write, `${prefix}write`, windowMs)
  const windows = [reads, writes].map((draft) => (draft === false ? windowMs : draft.limit.windowMs))
  const ttlMs = parseTtl(options.ttlSec, Math.max(windowMs, ...windows))
  return { read: policyOf('read', reads, ttlMs), write: policyOf('write', writes, ttlMs) }
}

function policyOf<Req>(requestClass: RequestClass, draft: Draft<Req>, ttlMs: number): ClassPolicy<Req> {
  if (draft === false) return false
  const limit = { ...draft.limit, ttlMs }
  return draft.ask === undefined
    ? fixedPolicy(requestClass, [limit])
    : dynamicPolicy(requestClass, limit, draft.ask)
}

function draftOf<Req>(
  option: RequestClass,
  setting: LimitSetting<Req>,
  name: string,
  windowMs: number,
): Draft<Req> {
  const base = { name, windowMs, ttlMs: 0, algorithm: 'fixed-window' as const }
  if (setting === false) return false
  if (typeof setting === 'function') return { limit: { ...base, limit: 1, burst: 1 }, ask: setting }
  if (typeof setting === 'number') {
    const limit = checkLimit(option, setting)
    return { limit: { ...base, limit, burst: limit } }
  }
  if (typeof setting !== 'object' || setting === null || Array.isArray(setting)) {
    return rejectOption(
      option,
      setting,
      'takes a number, a limit, a function or false',
      'Give 100, or { limit: 100, windowSec: 60 }, or (req) => number, or false for no limit.',
    )
  }
  return { limit: limitOf(option, setting, base) }
}

function limitOf(option: RequestClass, setting: LimitOptions, base: Omit<Limit, 'limit' | 'burst'>): Limit {
  checkNames(option, setting, ['limit', 'windowSec', 'algorithm', 'burst', 'name'], {
    windowMs: 'windowSec',
    max: 'limit',
  })
  checkAlgorithm(`${option}.algorithm`, setting.algorithm)
  if (setting.burst !== undefined) {
    rejectOption(`${option}.burst`, setting.burst, 'has no meaning for a fixed window', 'Leave it out.')
  }
  const limit = checkLimit(`${option}.limit`, setting.limit)
  return {
    ...base,
    name: setting.name === undefined ? base.name : checkHeaderName(`${option}.name`, setting.name),
    windowMs:
      setting.windowSec === undefined ? base.windowMs : checkWindow(`${option}.windowSec`, setting.windowSec),
    limit,
    burst: limit,
  }
}

function checkLimit(option: string, value: unknown): number {
  if (value === 0) {
    return rejectOption(option, value, 'of 0 refuses everybody for ever', 'Give false for no limit.')
  }
  if (value === Number.POSITIVE_INFINITY) {
    return rejectOption(option, value, 'takes a whole number', 'Give false for no limit.')
  }
  return checkWholeNumber(option, value, 1, LARGEST_LIMIT)
}

function checkAlgorithm(option: string, algorithm: AlgorithmName | undefined): void {
  if (algorithm === undefined || algorithm === 'fixed-window') return
  rejectOption(option, algorithm, 'is no algorithm of this version', "Give 'fixed-window'.")
}

function parseTtl(ttlSec: unknown, longestWindowMs: number): number {
  if (ttlSec === undefined) return longestWindowMs + DEFAULT_TTL_MARGIN_MS
  const ttlMs = checkSeconds('ttlSec', ttlSec)
  if (ttlMs >= longestWindowMs) return ttlMs
  return rejectOption(
    'ttlSec',
    ttlSec,
    `is shorter than the longest window of ${longestWindowMs / 1000} s: a client forgotten early has new quota`,
    `Give at least ${longestWindowMs / 1000}, or leave it out.`,
  )
}
