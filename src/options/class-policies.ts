import { rejectOption } from '../errors/option-checks.ts'
import { type Limit, quotaOf } from '../limits/limit.ts'
import { DEFAULT_NAME } from '../limits/limiter-description.ts'
import { type ClassPolicy, dynamicPolicy, fixedPolicy } from '../limits/policy.ts'
import type { RequestClass } from '../limits/request-class.ts'
import { checkUniqueNames, limitNamer } from './limit-names.ts'
import { checkLimit, type LimitWithoutTtl, parseLimit } from './limit-option.ts'
import type { LimitOptions, LimitSetting, RateLimiterOptions } from './rate-limiter-options.ts'
import { LONGEST_SECONDS, secondsToMs, windowToMs } from './window-option.ts'

const DEFAULT_LIMITS: Readonly<Record<RequestClass, number>> = { read: 1000, write: 200 }
const DEFAULT_WINDOW_SEC = 60
const DEFAULT_TTL_MARGIN_MS = 30_000

export type ClassPolicies<Req, Res> = Readonly<Record<RequestClass, ClassPolicy<Req, Res>>>

/**
 * The limits of a class before the lifetime of their counters is known: it depends on all limits of the
 * limiter.
 */
interface PolicyWithoutTtl<Req, Res> {
  readonly limits: readonly LimitWithoutTtl[]
  /** The user's function that decides how many units the only limit has. */
  readonly ask?: (req: Req, res: Res) => unknown
}

/** Compiles `read`, `write`, `windowSec` and `ttlSec`. */
export function parseClassPolicies<Req, Res>(
  options: Pick<RateLimiterOptions, 'windowSec' | 'ttlSec'> & {
    readonly read?: LimitSetting<Req, Res> | undefined
    readonly write?: LimitSetting<Req, Res> | undefined
  },
  limiterName: string,
): ClassPolicies<Req, Res> {
  const { windowSec = DEFAULT_WINDOW_SEC, read = DEFAULT_LIMITS.read, write = DEFAULT_LIMITS.write } = options
  const windowMs = windowToMs('windowSec', windowSec)
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

function policyOf<Req, Res>(
  requestClass: RequestClass,
  { limits: limitsWithoutTtl, ask }: PolicyWithoutTtl<Req, Res>,
  ttlMs: number,
): ClassPolicy<Req, Res> {
  const limits = limitsWithoutTtl.map((limit): Limit => ({ ...limit, ttlMs }))
  const [template] = limits
  if (template === undefined) return false
  return ask === undefined ? fixedPolicy(requestClass, limits) : dynamicPolicy(requestClass, template, ask)
}

/** The limits of one class; an empty array if the class is not limited. */
function policyWithoutTtl<Req, Res>(
  option: RequestClass,
  setting: LimitSetting<Req, Res>,
  prefix: string,
  windowMs: number,
): PolicyWithoutTtl<Req, Res> {
  if (setting === false) return { limits: [] }
  const fixedWindow = (limit: number): LimitWithoutTtl => ({
    name: prefix,
    windowMs,
    algorithm: 'fixed-window',
    limit,
    burst: limit,
  })
  if (typeof setting === 'function') return { limits: [fixedWindow(1)], ask: setting }
  if (typeof setting === 'number') return { limits: [fixedWindow(checkLimit(option, setting))] }
  if (isList(setting)) return { limits: limitsOf(option, setting, prefix, windowMs) }
  if (typeof setting === 'object' && setting !== null) {
    return { limits: [parseLimit(option, setting, { windowMs, nameFor: () => prefix })] }
  }
  return rejectOption(
    option,
    setting,
    'takes a number, a limit, an array of limits, a function or false',
    'Give 100, or { limit: 100, windowSec: 60 }, or (req, res) => number, or false for no limit.',
  )
}

/** `Array.isArray`, which the compiler does not accept as a check for readonly arrays. */
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
  // Array.from visits the holes of a sparse array too, so that a missing limit is an error.
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
  const ttlMs = secondsToMs('ttlSec', ttlSec)
  if (ttlMs >= longestWindowMs) return ttlMs
  return rejectOption(
    'ttlSec',
    ttlSec,
    `is shorter than the longest window (or time to fill a bucket) of ${longestWindowMs / 1000} s, so clients would be forgotten too early and get new quota`,
    longestWindowMs > LONGEST_SECONDS * 1000
      ? 'Leave it out.'
      : `Give at least ${longestWindowMs / 1000}, or leave it out.`,
  )
}
