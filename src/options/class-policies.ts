import { rejectOption } from '../errors/option-checks.ts'
import { type Limit, quotaOf } from '../limits/limit.ts'
import { type ClassPolicy, dynamicPolicy, fixedPolicy } from '../limits/policy.ts'
import type { RequestClass } from '../limits/request-class.ts'
import { checkUniqueNames, limitNamer } from './limit-names.ts'
import { checkLimit, type LimitWithoutTtl, parseLimit } from './limit-option.ts'
import type { LimitOptions, LimitSetting, RateLimiterOptions } from './rate-limiter-options.ts'
import { checkSeconds, checkWindow, LONGEST_SEC } from './window-option.ts'

const DEFAULT_LIMITS: Readonly<Record<RequestClass, number>> = { read: 1000, write: 200 }
const DEFAULT_WINDOW_SEC = 60
const DEFAULT_TTL_MARGIN_MS = 30_000

/** The limiter whose limits are called `read` and `write`; those of others carry its name in front. */
export const DEFAULT_NAME = 'default'

export type ClassPolicies<Req> = Readonly<Record<RequestClass, ClassPolicy<Req>>>

/** The limits of a class before it is known how long clients are remembered. */
interface PolicyWithoutTtl<Req> {
  readonly limits: readonly LimitWithoutTtl[]
  /** Decides how many units the only limit has. */
  readonly ask?: (req: Req) => unknown
}

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
  const reads = policyWithoutTtl('read', read, `${prefix}read`, windowMs)
  const writes = policyWithoutTtl('write', write, `${prefix}write`, windowMs)
  const windows = [...reads.limits, ...writes.limits].map((limit) => quotaOf(limit).windowMs)
  const longestMs = Math.ceil(Math.max(0, ...windows))
  const ttlMs =
    options.ttlSec === undefined
      ? Math.max(windowMs, longestMs) + DEFAULT_TTL_MARGIN_MS
      : parseTtl(options.ttlSec, longestMs)
  return { read: policyOf('read', reads, ttlMs), write: policyOf('write', writes, ttlMs) }
}

function policyOf<Req>(
  requestClass: RequestClass,
  { limits: drafts, ask }: PolicyWithoutTtl<Req>,
  ttlMs: number,
): ClassPolicy<Req> {
  const limits = drafts.map((draft): Limit => ({ ...draft, ttlMs }))
  const [template] = limits
  if (template === undefined) return false
  return ask === undefined ? fixedPolicy(requestClass, limits) : dynamicPolicy(requestClass, template, ask)
}

/** No limits where the class has none. */
function policyWithoutTtl<Req>(
  option: RequestClass,
  setting: LimitSetting<Req>,
  prefix: string,
  windowMs: number,
): PolicyWithoutTtl<Req> {
  if (setting === false) return { limits: [] }
  const simple = (limit: number): LimitWithoutTtl => ({
    name: prefix,
    windowMs,
    algorithm: 'fixed-window',
    limit,
    burst: limit,
  })
  if (typeof setting === 'function') return { limits: [simple(1)], ask: setting }
  if (typeof setting === 'number') return { limits: [simple(checkLimit(option, setting))] }
  if (isList(setting)) return { limits: limitsOf(option, setting, prefix, windowMs) }
  if (typeof setting === 'object' && setting !== null) {
    return { limits: [parseLimit(option, setting, { windowMs, nameFor: () => prefix })] }
  }
  return rejectOption(
    option,
    setting,
    'takes a number, a limit, an array of limits, a function or false',
    'Give 100, or { limit: 100, windowSec: 60 }, or (req) => number, or false for no limit.',
  )
}

/** As `Array.isArray`, which the compiler does not believe of arrays that cannot be written to. */
function isList<Item>(setting: Item | readonly Item[]): setting is readonly Item[] {
  return Array.isArray(setting)
}

function limitsOf(
  option: RequestClass,
  settings: readonly LimitOptions[],
  prefix: string,
  windowMs: number,
): LimitWithoutTtl[] {
  if (settings.length === 0) {
    rejectOption(option, settings, 'takes at least one limit in its array', 'Give false for no limit.')
  }
  const nameFor = limitNamer(
    prefix,
    settings.map((setting) => setting?.name),
  )
  // Array.from visits holes too: a limit that is missing is a mistake like any other.
  const limits = Array.from(settings, (setting, index) =>
    parseLimit(`${option}[${index}]`, setting, { windowMs, nameFor }),
  )
  checkUniqueNames(
    option,
    limits.map(({ name }) => name),
  )
  return limits
}

function parseTtl(ttlSec: unknown, longestWindowMs: number): number {
  const ttlMs = checkSeconds('ttlSec', ttlSec)
  if (ttlMs >= longestWindowMs) return ttlMs
  return rejectOption(
    'ttlSec',
    ttlSec,
    `is shorter than the ${longestWindowMs / 1000} s of the longest window, or bucket to fill: a client forgotten early has new quota`,
    longestWindowMs > LONGEST_SEC * 1000
      ? 'Leave it out.'
      : `Give at least ${longestWindowMs / 1000}, or leave it out.`,
  )
}
