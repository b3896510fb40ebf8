import { checkFunction, checkNames, rejectOption } from '../errors/option-checks.ts'
import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import type { BanRule } from '../limits/ban.ts'
import { quotaOf } from '../limits/limit.ts'
import { DEFAULT_NAME } from '../limits/limiter-description.ts'
import { type DynamicPolicy, isDynamic, limitedPolicies, type Plan, type Policy } from '../limits/policy.ts'
import type { ReadOrWrite } from '../limits/request-class.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import { checkBanHasEffect, parseBan } from './ban-option.ts'
import type { LimitSetting, PlanOptions } from './budget-options.ts'
import { type PolicyDefaults, type PolicyWithoutTtl, policyOf, policyWithoutTtl } from './class-policies.ts'
import type { LimitWithoutTtl } from './limit-option.ts'
import { PLAN_HINTS } from './option-hints.ts'
import type { RateLimiterOptions } from './rate-limiter-options.ts'
import { LONGEST_SECONDS, secondsToMs, windowToMs } from './window-option.ts'

const DEFAULT_LIMITS = { read: 1000, write: 200, preflight: 1000 } as const
const DEFAULT_WINDOW_SEC = 60
const DEFAULT_TTL_MARGIN_MS = 30_000

const PLAN_OPTION_NAMES = ['limit', 'read', 'write', 'windowSec', 'ban'] as const

/** How much clients may use: the compiled options. */
export interface PlanSettings<Req, Res> {
  /** At least one. Where the options have no `plans`, it is one without a name. */
  readonly plans: readonly Plan<Req, Res>[]
  /** The user's function that names the plan of a request; undefined where the options have no `plans`. */
  readonly plan: ((req: Req, res: Res) => MaybePromise<unknown>) | undefined
  /** The policy of preflights. With `false` they are ordinary reads. */
  readonly preflight: Policy | false
}

/** All policies by which requests can be charged, each once. */
export function chargedPolicies<Req, Res>({
  plans,
  preflight,
}: Pick<PlanSettings<Req, Res>, 'plans' | 'preflight'>): readonly (Policy | DynamicPolicy<Req, Res>)[] {
  return [...limitedPolicies(plans), ...(preflight === false ? [] : [preflight])]
}

/** The options that say how much clients may use. */
type BudgetOptions<Req, Res> = PlanOptions<Req, Res> & {
  readonly plans?: Readonly<Record<string, PlanOptions<Req, Res>>> | undefined
  readonly plan?: ((req: Req, res: Res) => MaybePromise<string>) | undefined
} & Pick<RateLimiterOptions, 'preflight' | 'ttlSec'>

/** A plan before the lifetime of its counters is known. */
interface PlanWithoutTtl<Req, Res> {
  readonly name: string | undefined
  readonly read: PolicyWithoutTtl<Req, Res>
  readonly write: PolicyWithoutTtl<Req, Res>
}

/** Compiles `limit`, `read`, `write`, `plans`, `plan`, `preflight`, `ban`, `windowSec` and `ttlSec`. */
export function parsePlans<Req, Res>(
  options: BudgetOptions<Req, Res>,
  limiterName: string,
): PlanSettings<Req, Res> {
  const { windowSec = DEFAULT_WINDOW_SEC } = options
  const defaults: PolicyDefaults = {
    namePrefix: limiterName === DEFAULT_NAME ? '' : `${limiterName}-`,
    windowMs: windowToMs('windowSec', windowSec),
  }
  const plan = checkFunction('plan', options.plan, '(req, res) => string')
  const drafts = plansWithoutTtl(options, defaults)
  const limited = drafts.flatMap(({ read, write }) => [read, write]).filter(({ limits }) => limits.length > 0)
  checkBanHasEffect(options.ban, limited.length > 0)
  const preflight = preflightWithoutTtl(options.preflight, defaults, limited.length > 0)
  const given = options.preflight === undefined ? limited : [...limited, preflight]
  const ttlMs = ttlOf(options.ttlSec, given, defaults.windowMs)
  return {
    plans: drafts.map((draft) => withTtl(draft, ttlMs)),
    plan,
    preflight: preflightPolicy(preflight, ttlMs),
  }
}

function plansWithoutTtl<Req, Res>(
  options: BudgetOptions<Req, Res>,
  defaults: PolicyDefaults,
): readonly PlanWithoutTtl<Req, Res>[] {
  const { plans, plan, ban } = options
  const rule = parseBan('ban', ban)
  if (plans === undefined) {
    if (plan !== undefined) {
      throw impossible('plan', 'has no plans to choose from', 'Add plans, such as { free: { limit: 100 } }.')
    }
    return [planWithoutTtl(undefined, options, rule, defaults)]
  }
  const entries = checkPlans(plans)
  if (plan === undefined) {
    throw impossible('plans', 'needs plan, which names the plan of a request', 'Add plan: (req) => name.')
  }
  for (const option of ['limit', 'read', 'write'] as const) {
    if (options[option] === undefined) continue
    throw impossible(`plans and ${option}`, 'cannot both be set', `Move ${option} into the plans.`)
  }
  return entries.map(([name, given]) => {
    const path = `plans.${name}`
    const planOptions = checkNames(path, given, PLAN_OPTION_NAMES, PLAN_HINTS)
    const { limit, read, write } = planOptions
    if ([limit, read, write].every((setting) => setting === undefined)) {
      rejectOption(path, given, 'takes limits', 'Give { limit: 100 }, or { read: 1000, write: 200 }.')
    }
    const { windowSec } = planOptions
    const windowMs = windowSec === undefined ? defaults.windowMs : windowToMs(`${path}.windowSec`, windowSec)
    const planRule = planOptions.ban === undefined ? rule : parseBan(`${path}.ban`, planOptions.ban)
    return planWithoutTtl(name, planOptions, planRule, { ...defaults, windowMs })
  })
}

/** The own properties of `plans`: a name that only the prototype of an object has, such as `constructor`, is no plan. */
function checkPlans<P>(plans: Readonly<Record<string, P>>): readonly (readonly [string, P])[] {
  const isObject = typeof plans === 'object' && plans !== null && !Array.isArray(plans)
  const entries = isObject ? Object.entries(plans) : []
  if (entries.length === 0 || Object.hasOwn(plans, '')) {
    const remedy = 'Give plans by their names, such as { free: { limit: 100 }, pro: { limit: 1000 } }.'
    rejectOption('plans', plans, 'takes an object of plans', remedy)
  }
  return entries
}

/** Checks the limits of one plan: one budget for all methods, or one for reads and one for writes. */
function planWithoutTtl<Req, Res>(
  name: string | undefined,
  { limit, read, write }: PlanOptions<Req, Res>,
  ban: BanRule | undefined,
  defaults: PolicyDefaults,
): PlanWithoutTtl<Req, Res> {
  const path = name === undefined ? '' : `plans.${name}.`
  if (limit === undefined) {
    const policyOfClass = (one: ReadOrWrite, setting = DEFAULT_LIMITS[one] as LimitSetting<Req, Res>) =>
      policyWithoutTtl(setting, { class: one, plan: name, ban }, defaults)
    return { name, read: policyOfClass('read', read), write: policyOfClass('write', write) }
  }
  const other = read === undefined ? 'write' : 'read'
  if (read !== undefined || write !== undefined) {
    throw impossible(
      `${path}limit and ${path}${other}`,
      'cannot both be set',
      'Keep limit for one budget for all methods, or read and write for a budget each.',
    )
  }
  const any = policyWithoutTtl(limit, { class: 'any', plan: name, ban }, defaults)
  return { name, read: any, write: any }
}

/** By default, preflights are limited where anything is. They have no plan, and their refusals lead to no ban. */
function preflightWithoutTtl(
  given: unknown,
  defaults: PolicyDefaults,
  isAnyLimited: boolean,
): PolicyWithoutTtl<never, never> {
  if (typeof given === 'function') {
    const remedy = 'Give 1000, or { limit: 1000, windowSec: 60 }, or false to count them as reads.'
    rejectOption(
      'preflight',
      given,
      'takes no function, since browsers send no credentials with preflights',
      remedy,
    )
  }
  const setting = given === undefined ? isAnyLimited && DEFAULT_LIMITS.preflight : given
  return policyWithoutTtl(setting as LimitSetting<never, never>, { class: 'preflight' }, defaults)
}

/** The default budget of preflights may have a longer window than all limits that the options give. */
function preflightPolicy(draft: PolicyWithoutTtl<never, never>, ttlMs: number): Policy | false {
  const policy = policyOf(draft, Math.max(ttlMs, ...draft.limits.map((limit) => quotaOf(limit).windowMs)))
  return policy === false || isDynamic(policy) ? false : policy
}

function withTtl<Req, Res>({ name, read, write }: PlanWithoutTtl<Req, Res>, ttlMs: number): Plan<Req, Res> {
  const readPolicy = policyOf(read, ttlMs)
  return { name, policies: { read: readPolicy, write: read === write ? readPolicy : policyOf(write, ttlMs) } }
}

/** How long counters live, in milliseconds: the option `ttlSec`, or longer than the longest window. */
function ttlOf(
  ttlSec: unknown,
  policies: readonly { readonly limits: readonly LimitWithoutTtl[] }[],
  windowMs: number,
): number {
  const windows = policies.flatMap(({ limits }) => limits.map((limit) => quotaOf(limit).windowMs))
  const longestMs = Math.ceil(Math.max(0, ...windows))
  if (ttlSec === undefined) return Math.max(windowMs, longestMs) + DEFAULT_TTL_MARGIN_MS
  const ttlMs = secondsToMs('ttlSec', ttlSec)
  if (ttlMs >= longestMs) return ttlMs
  return rejectOption(
    'ttlSec',
    ttlSec,
    `is shorter than the longest window (or time to fill a bucket) of ${longestMs / 1000} s, so clients would be forgotten too early and get new quota`,
    longestMs > LONGEST_SECONDS * 1000
      ? 'Leave it out.'
      : `Give at least ${longestMs / 1000}, or leave it out.`,
  )
}

function impossible(option: string, problem: string, remedy: string): RateLimiterError {
  return new RateLimiterError({ code: 'impossible_combination', option, problem, remedy })
}
