import type { IncomingMessage, ServerResponse } from 'node:http'
import { checkFlag, checkNames, checkWholeNumber, rejectOption } from '../../errors/option-checks.ts'
import { RateLimiterError } from '../../errors/rate-limiter-error.ts'
import { LARGEST_LIMIT, type Limit } from '../../limits/limit.ts'
import { type ClassPolicy, dynamicPolicy, fixedPolicy, isDynamic, type Plan } from '../../limits/policy.ts'
import { IN_FLIGHT_UNIT } from '../../limits/quota-unit.ts'
import type { RateLimiterOptions } from '../../options/rate-limiter-options.ts'
import { parseSettings, parseStoreSettings, type Settings } from '../../options/settings.ts'
import { RETRY_AFTER_MS } from '../../stores/leases/lease.ts'
import { storeName } from '../../stores/store-name.ts'
import {
  type ConcurrencyLimiterOptions,
  type QueueOptions,
  SHARED_OPTIONS,
} from './concurrency-limiter-options.ts'
import { inFlightFormat } from './in-flight-format.ts'

/** The options of a concurrency limiter, checked and compiled. */
export interface InFlightSettings<Req extends IncomingMessage, Res extends ServerResponse> {
  readonly settings: Settings<Req, Res>
  readonly queue: QueueOptions | undefined
}

const OWN_OPTIONS = ['limit', 'read', 'write', 'plans', 'plan', 'queue', 'store', 'standardHeaders'] as const
const DEFAULT_NAME = 'concurrency'
const DEFAULT_MESSAGE = { error: 'concurrency_limit_exceeded' }
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** @throws RateLimiterError `unknown_option`, `invalid_option`, `impossible_combination`, `unsupported_by_store` */
export function parseInFlightSettings<Req extends IncomingMessage, Res extends ServerResponse>(
  given: ConcurrencyLimiterOptions<Req, Res>,
): InFlightSettings<Req, Res> {
  const options = checkNames('', given, [...OWN_OPTIONS, ...SHARED_OPTIONS])
  const shared = Object.fromEntries(SHARED_OPTIONS.map((name) => [name, options[name]]))
  const hasAnswer = options.message !== undefined || options.handler !== undefined || options.problemDetails
  const settings = parseSettings<Req, Res>({
    ...shared,
    ...budgetOf(options),
    // The window has no meaning for a store of leases, except as the time after which a refused client may try again.
    windowSec: RETRY_AFTER_MS / 1000,
    // A preflight holds its place as briefly as any other answer. Without a place, a slow handler of OPTIONS has no limit.
    preflight: false,
    name: options.name ?? DEFAULT_NAME,
    requestPropertyName: options.requestPropertyName ?? 'concurrency',
    ...(hasAnswer ? {} : { message: DEFAULT_MESSAGE }),
  })
  return {
    settings: {
      ...settings,
      unit: IN_FLIGHT_UNIT,
      plans: settings.plans.map(inFlightPlan),
      formats: checkFlag('standardHeaders', options.standardHeaders, false) ? [inFlightFormat] : [],
      ...parseStoreSettings({ ...options, store: checkLeases(options.store) }),
    },
    queue: parseQueue(options.queue),
  }
}

/** The options `limit`, `read`, `write`, `plans` and `plan`. */
type Budget<Options> = Pick<Options, keyof Options & ('limit' | 'read' | 'write' | 'plans' | 'plan')>

/** The budget as options of a rate limiter, which checks what contradicts each other. A limit is a number of places only. */
function budgetOf<Req extends IncomingMessage, Res extends ServerResponse>({
  limit,
  read,
  write,
  plans,
  plan,
}: Budget<ConcurrencyLimiterOptions<Req, Res>>): Budget<RateLimiterOptions<Req, Res>> {
  if ([limit, read, write, plans].every((option) => option === undefined)) {
    rejectOption('limit', limit, 'says how many requests of a client may be in flight', 'Give { limit: 5 }.')
  }
  if (plan !== undefined && plans === undefined) {
    throw new RateLimiterError({
      code: 'impossible_combination',
      option: 'plan',
      problem: 'has no plans to choose from',
      remedy: 'Add plans, such as { free: 2, pro: 10 }.',
    })
  }
  const isByClass = read !== undefined || write !== undefined
  return {
    limit: limit === undefined || typeof limit === 'function' ? limit : checkPlaces('limit', limit),
    read: isByClass ? checkPlaces('read', read === undefined ? false : read) : undefined,
    write: isByClass ? checkPlaces('write', write === undefined ? false : write) : undefined,
    plans: plans === undefined ? undefined : checkPlans(plans),
    plan,
  }
}

function checkPlans(
  plans: Readonly<Record<string, unknown>>,
): Readonly<Record<string, { readonly limit: number | false }>> {
  const isObject = typeof plans === 'object' && plans !== null && !Array.isArray(plans)
  const entries = isObject ? Object.entries(plans) : []
  if (entries.length === 0 || Object.hasOwn(plans, '')) {
    rejectOption('plans', plans, 'takes an object of plans', 'Give { free: 2, pro: 10 }.')
  }
  return Object.fromEntries(
    entries.map(([name, limit]) => [name, { limit: checkPlaces(`plans.${name}`, limit) }]),
  )
}

function checkPlaces(option: string, limit: unknown): number | false {
  if (limit === false) return false
  if (typeof limit === 'number' && Number.isInteger(limit) && limit >= 0 && limit <= LARGEST_LIMIT)
    return limit
  return rejectOption(
    option,
    limit,
    'takes how many requests of a client may be in flight',
    'Give a whole number from 0, without quotes, or false for no limit.',
  )
}

function inFlightPlan<Req, Res>({ name, policies: { read, write } }: Plan<Req, Res>): Plan<Req, Res> {
  const readPolicy = inFlightPolicy(read)
  return { name, policies: { read: readPolicy, write: read === write ? readPolicy : inFlightPolicy(write) } }
}

function inFlightPolicy<Req, Res>(policy: ClassPolicy<Req, Res>): ClassPolicy<Req, Res> {
  if (policy === false) return false
  const inFlight = (limit: Limit): Limit => ({ ...limit, isInFlight: true })
  return isDynamic(policy)
    ? dynamicPolicy(policy, inFlight(policy.template), policy.limitFunction)
    : fixedPolicy(policy, policy.limits.map(inFlight))
}

function parseQueue(queue: QueueOptions | undefined): QueueOptions | undefined {
  if (queue === undefined) return undefined
  const { size, timeoutMs } = checkNames('queue', queue, ['size', 'timeoutMs'])
  return {
    size: checkWholeNumber('queue.size', size, 1, LARGEST_LIMIT),
    timeoutMs: checkWholeNumber('queue.timeoutMs', timeoutMs, 1, LONGEST_TIMER_MS),
  }
}

function checkLeases<Store extends ConcurrencyLimiterOptions['store']>(store: Store): Store {
  if (store === undefined || (typeof store?.consume === 'function' && store.capabilities?.leases === true))
    return store
  const isStore = typeof (store as { consume?: unknown } | null)?.consume === 'function'
  throw new RateLimiterError({
    code: isStore ? 'unsupported_by_store' : 'invalid_option',
    option: 'store',
    value: store,
    problem: isStore
      ? `${storeName(store as never)} counts charges, and has no leases`
      : 'takes a store of leases',
    remedy: "Give new RedisLeases({ client }) of 'express-tollgate/redis', or leave it out.",
  })
}
