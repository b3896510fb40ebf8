import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  checkFlag,
  checkFunction,
  checkNames,
  checkWholeNumber,
  rejectOption,
} from '../../errors/option-checks.ts'
import { RateLimiterError } from '../../errors/rate-limiter-error.ts'
import { LARGEST_LIMIT, type Limit } from '../../limits/limit.ts'
import { type ClassPolicy, dynamicPolicy, fixedPolicy } from '../../limits/policy.ts'
import type { RequestClass } from '../../limits/request-class.ts'
import { chain, type MaybePromise } from '../../maybe-promise.ts'
import type { ClassPolicies } from '../../options/class-policies.ts'
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
  /** Decides the number of places for a request; undefined where it is the same for all. */
  readonly limitFor: ((req: Req, res: Res) => MaybePromise<unknown>) | undefined
  readonly queue: QueueOptions | undefined
}

const OWN_OPTIONS = ['limit', 'read', 'write', 'plans', 'plan', 'queue', 'store', 'standardHeaders'] as const
const DEFAULT_NAME = 'concurrency'
const DEFAULT_MESSAGE = { error: 'concurrency_limit_exceeded' }
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** @throws RateLimiterError `unknown_option`, `invalid_option`, `impossible_combination`, `unsupported_by_store` */
export function parseInFlightSettings<Req extends IncomingMessage, Res extends ServerResponse>(
  given: ConcurrencyLimiterOptions<Req, Res>,
  askLimit: (req: Req) => unknown,
): InFlightSettings<Req, Res> {
  const options = checkNames('', given, [...OWN_OPTIONS, ...SHARED_OPTIONS])
  const shared = Object.fromEntries(SHARED_OPTIONS.map((name) => [name, options[name]]))
  const hasAnswer = options.message !== undefined || options.handler !== undefined || options.problemDetails
  const settings = parseSettings<Req, Res>({
    ...shared,
    name: options.name ?? DEFAULT_NAME,
    requestPropertyName: options.requestPropertyName ?? 'concurrency',
    ...(hasAnswer ? {} : { message: DEFAULT_MESSAGE }),
  })
  checkOneBudget(options)
  const limitFor = limitFunctionOf(options)
  const isByClass = options.read !== undefined || options.write !== undefined
  return {
    settings: {
      ...settings,
      policies: policiesOf(options, settings.name, limitFor === undefined ? undefined : askLimit),
      // One budget serves all methods: a method override changes nothing.
      ...(isByClass ? {} : { classify: () => ['read'] }),
      formats: checkFlag('standardHeaders', options.standardHeaders, false) ? [inFlightFormat] : [],
      ...parseStoreSettings({ ...options, store: checkLeases(options.store) }),
    },
    limitFor,
    queue: parseQueue(options.queue),
  }
}

type Budget<Req extends IncomingMessage, Res extends ServerResponse> = Pick<
  ConcurrencyLimiterOptions<Req, Res>,
  'limit' | 'read' | 'write' | 'plans' | 'plan'
>

function checkOneBudget<Req extends IncomingMessage, Res extends ServerResponse>(
  budget: Budget<Req, Res>,
): void {
  const { limit, read, write, plans, plan } = budget
  const given = [
    limit !== undefined && 'limit',
    (read !== undefined || write !== undefined) && 'read and write',
    plans !== undefined && 'plans',
  ].filter((name) => name !== false)
  if (given.length === 0) {
    rejectOption('limit', limit, 'says how many requests of a client may be in flight', 'Give { limit: 5 }.')
  }
  if (given.length > 1) {
    throw new RateLimiterError({
      code: 'impossible_combination',
      option: given.join(' with '),
      problem: 'each say how many requests of a client may be in flight',
      remedy: `Leave out ${given.slice(1).join(' and ')}.`,
    })
  }
  if ((plans === undefined) !== (plan === undefined)) {
    throw new RateLimiterError({
      code: 'impossible_combination',
      option: plans === undefined ? 'plan' : 'plans',
      problem: `needs ${plans === undefined ? 'plans' : 'plan'}`,
      remedy: "Give both: { plans: { free: 2, pro: 10 }, plan: (req, res) => 'free' }.",
    })
  }
}

function limitFunctionOf<Req extends IncomingMessage, Res extends ServerResponse>({
  limit,
  plans,
  plan,
}: Budget<Req, Res>): InFlightSettings<Req, Res>['limitFor'] {
  if (typeof limit === 'function') return limit
  if (plans === undefined) return undefined
  const nameFor = checkFunction('plan', plan, "(req, res) => 'free'")
  const known = checkNames('plans', plans, Object.keys(plans))
  for (const [name, places] of Object.entries(known)) checkLimit(`plans.${name}`, places)
  return (req, res) =>
    chain(nameFor?.(req, res), (name) => {
      if (name !== undefined && Object.hasOwn(known, name)) return known[name]
      throw new RateLimiterError({
        code: 'invalid_result',
        option: 'plan',
        value: name,
        problem: 'returned a name that is not in plans',
        remedy: `Return one of ${Object.keys(known).join(', ')}.`,
      })
    })
}

/** @param askLimit undefined if the number of places is the same for all requests */
function policiesOf<Req extends IncomingMessage, Res extends ServerResponse>(
  { limit, read = false, write = false }: Budget<Req, Res>,
  name: string,
  askLimit: ((req: Req) => unknown) | undefined,
): ClassPolicies<Req> {
  if (askLimit !== undefined) {
    const policy = dynamicPolicy('read', inFlightLimit(name, 1), askLimit)
    return { read: policy, write: policy }
  }
  if (limit !== undefined) {
    const policy = policyOf<Req>('read', 'limit', name, limit)
    return { read: policy, write: policy }
  }
  return {
    read: policyOf('read', 'read', `${name}-read`, read),
    write: policyOf('write', 'write', `${name}-write`, write),
  }
}

function policyOf<Req>(
  requestClass: RequestClass,
  option: string,
  name: string,
  limit: unknown,
): ClassPolicy<Req> {
  const places = checkLimit(option, limit)
  return places === false ? false : fixedPolicy(requestClass, [inFlightLimit(name, places)])
}

/** The window has no meaning for a store of leases, except as the time after which a refused client may try again. */
function inFlightLimit(name: string, limit: number): Limit {
  const windowMs = RETRY_AFTER_MS
  return { name, limit, burst: limit, windowMs, ttlMs: windowMs, algorithm: 'fixed-window', isInFlight: true }
}

function checkLimit(option: string, limit: unknown): number | false {
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
