import { rejectOption } from '../errors/option-checks.ts'
import type { Limit } from '../limits/limit.ts'
import { type ClassPolicy, dynamicPolicy, fixedPolicy, optionOf, type PolicyScope } from '../limits/policy.ts'
import type { LimitOptions, LimitSetting } from './budget-options.ts'
import { checkUniqueNames, limitNamer } from './limit-names.ts'
import { checkLimit, type LimitWithoutTtl, parseLimit } from './limit-option.ts'

/**
 * The limits of a class before the lifetime of their counters is known: it depends on all limits of the
 * limiter.
 */
export interface PolicyWithoutTtl<Req, Res> {
  readonly scope: PolicyScope
  /** Empty if the class is not limited. */
  readonly limits: readonly LimitWithoutTtl[]
  /** The user's function that decides how many units the only limit has. */
  readonly ask?: (req: Req, res: Res) => unknown
}

/** The values of a class whose options leave them out. */
export interface PolicyDefaults {
  /** Comes before the names of limits; empty for the limiter without a name. */
  readonly namePrefix: string
  readonly windowMs: number
}

/** Compiles a class whose counters live for `ttlMs`; false if the class is not limited. */
export function policyOf<Req, Res>(
  { scope, limits: limitsWithoutTtl, ask }: PolicyWithoutTtl<Req, Res>,
  ttlMs: number,
): ClassPolicy<Req, Res> {
  const limits = limitsWithoutTtl.map((limit): Limit => ({ ...limit, ttlMs }))
  const [template] = limits
  if (template === undefined) return false
  return ask === undefined ? fixedPolicy(scope, limits) : dynamicPolicy(scope, template, ask)
}

/** Checks the limits of one class. */
export function policyWithoutTtl<Req, Res>(
  setting: LimitSetting<Req, Res>,
  scope: PolicyScope,
  { namePrefix, windowMs }: PolicyDefaults,
): PolicyWithoutTtl<Req, Res> {
  const option = optionOf(scope)
  const name = namePrefix + scope.class
  const fixedWindow = (limit: number): LimitWithoutTtl => ({
    name,
    windowMs,
    algorithm: 'fixed-window',
    limit,
    burst: limit,
  })
  if (setting === false) return { scope, limits: [] }
  if (typeof setting === 'function') return { scope, limits: [fixedWindow(1)], ask: setting }
  if (typeof setting === 'number') return { scope, limits: [fixedWindow(checkLimit(option, setting))] }
  if (isList(setting)) return { scope, limits: limitsOf(option, setting, name, windowMs) }
  if (typeof setting === 'object' && setting !== null) {
    return { scope, limits: [parseLimit(option, setting, { windowMs, nameFor: () => name })] }
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
  option: string,
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
