import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { ClientSettings } from '../client/client-settings.ts'
import {
  checkChoice,
  checkFlag,
  checkFunction,
  checkPrintableName,
  checkWholeNumber,
  rejectOption,
} from '../errors/option-checks.ts'
import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import { DEFAULT_NAME } from '../limits/limiter-description.ts'
import type { ReadOrWrite } from '../limits/request-class.ts'
import { classesOf, classesOfMethod } from '../limits/request-methods.ts'
import type { HeaderFormat } from '../response/header-format.ts'
import type { RefusalSettings } from '../response/refusal.ts'
import { DEFAULT_CONNECT_DEADLINE_MS } from '../stores/resilience/call-deadline.ts'
import type { Logger } from '../stores/resilience/store-health.ts'
import type { Store } from '../stores/store.ts'
import type { BanOptions } from './budget-options.ts'
import { parseClientOptions } from './client-options.ts'
import { parseHeaderFormats } from './header-formats.ts'
import { checkOptionNames } from './option-names.ts'
import { type PlanSettings, parsePlans } from './plan-policies.ts'
import type { Clock, RateLimiterOptions, StoreErrorPolicy } from './rate-limiter-options.ts'
import { parseReceipts, type ReceiptSettings } from './refund-options.ts'
import { parseRefusal } from './refusal-options.ts'
import { checkRequestPropertyName } from './request-property-name.ts'
import { checkCapabilities, checkStore } from './store-option.ts'
import { parseUnit } from './unit-option.ts'

/** The options, checked and compiled once, so that a request only reads them. */
export interface Settings<Req extends IncomingMessage, Res extends ServerResponse>
  extends PlanSettings<Req, Res>,
    ReceiptSettings<Req, Res> {
  readonly name: string
  readonly mode: 'enforce' | 'shadow'
  readonly client: ClientSettings
  /** The classes to which a request is charged: two for a method override that changes the class. */
  readonly classify: (req: Req, res: Res, headers?: IncomingHttpHeaders) => readonly ReadOrWrite[]
  readonly classifiedBy: 'method' | 'function'
  readonly keyGenerator: RateLimiterOptions<Req, Res>['keyGenerator']
  readonly cost: RateLimiterOptions<Req, Res>['cost']
  /** What limits count, except those of preflights. */
  readonly unit: string
  readonly skip: RateLimiterOptions<Req, Res>['skip']
  readonly formats: readonly HeaderFormat[]
  /** Whether scripts of other origins may read the headers. */
  readonly exposesHeaders: boolean
  readonly refusal: RefusalSettings<Req, Res>
  /** Undefined if the limiter creates its own store. */
  readonly store: Store | undefined
  readonly onStoreError: StoreErrorPolicy
  readonly storeDeadlineMs: number
  /** Until the store has answered for the first time, in milliseconds from the first call. */
  readonly connectDeadlineMs: number
  readonly fallbackShare: number
  readonly logger: Logger | undefined
  readonly requestPropertyName: string
  readonly clock: Clock | undefined
}

/** A timer of more than 2^31 - 1 milliseconds fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * Checks and compiles the options.
 *
 * @throws RateLimiterError for an unknown option, for a value that an option does not take, and for options
 *   that contradict each other
 */
export function parseSettings<Req extends IncomingMessage, Res extends ServerResponse>(
  given: RateLimiterOptions<Req, Res>,
): Settings<Req, Res> {
  const options = checkOptionNames(given)
  // A default replaces only undefined. Null is a wrong value, and the checks below reject it.
  const { requestPropertyName = 'rateLimit' } = options
  const name = checkPrintableName('name', options.name === undefined ? DEFAULT_NAME : options.name)
  const budgets = parsePlans<Req, Res>(options, name)
  const receipts = parseReceipts(options)
  if (options.store !== undefined) {
    checkStore(options.store)
    checkCapabilities(options.store, {
      budgets,
      refunds: receipts.refund !== undefined,
      settles: options.settles,
      cost: options.cost,
      ban: givenBan(options),
    })
  }
  return {
    name,
    mode: checkChoice('mode', options.mode, ['enforce', 'shadow'], 'enforce'),
    ...budgets,
    client: parseClientOptions(options),
    classify: parseClassify(options.classify, budgets),
    classifiedBy: options.classify === undefined ? 'method' : 'function',
    keyGenerator: checkFunction('keyGenerator', options.keyGenerator, '(req, res, clientKey) => string'),
    cost: checkFunction('cost', options.cost, '(req, res) => number'),
    unit: parseUnit(options.unit),
    skip: checkFunction('skip', options.skip, '(req, res) => boolean'),
    formats: parseHeaderFormats(options),
    exposesHeaders: checkFlag('exposeHeaders', options.exposeHeaders, true),
    refusal: parseRefusal(options),
    ...receipts,
    ...parseStoreSettings(options),
    requestPropertyName: checkRequestPropertyName(requestPropertyName),
    clock: checkClock(options.clock),
  }
}

/** The option `ban` of the limiter, or else of the first plan that has one. */
function givenBan({
  ban,
  plans = {},
}: {
  readonly ban?: BanOptions | undefined
  readonly plans?: Readonly<Record<string, { readonly ban?: BanOptions | undefined }>> | undefined
}): unknown {
  return ban ?? Object.values(plans).find((plan) => plan.ban !== undefined)?.ban
}

/** The store, and what happens when it fails. */
export function parseStoreSettings({
  store,
  onStoreError,
  storeDeadlineMs = store?.deadlineMs ?? 100,
  fallbackShare,
  logger,
}: Pick<RateLimiterOptions, 'store' | 'onStoreError' | 'storeDeadlineMs' | 'fallbackShare' | 'logger'>): Pick<
  Settings<never, never>,
  'store' | 'onStoreError' | 'storeDeadlineMs' | 'connectDeadlineMs' | 'fallbackShare' | 'logger'
> {
  const connectDeadlineMs = store?.connectDeadlineMs ?? DEFAULT_CONNECT_DEADLINE_MS
  return {
    store,
    onStoreError: checkChoice('onStoreError', onStoreError, ['memory', 'allow', 'deny'], 'memory'),
    storeDeadlineMs: checkWholeNumber('storeDeadlineMs', storeDeadlineMs, 1, LONGEST_TIMER_MS),
    connectDeadlineMs: checkWholeNumber('store.connectDeadlineMs', connectDeadlineMs, 1, LONGEST_TIMER_MS),
    fallbackShare: checkShare(fallbackShare),
    logger: checkLogger(logger),
  }
}

/** A function of the user names one class. */
function parseClassify<Req extends IncomingMessage, Res extends ServerResponse>(
  option: unknown,
  { plans }: PlanSettings<never, never>,
): Settings<Req, Res>['classify'] {
  const classify = checkFunction(
    'classify',
    option as ((req: Req, res: Res) => ReadOrWrite) | undefined,
    "(req, res) => 'read' or 'write'",
  )
  if (classify === undefined) return (req, _res, headers) => classesOfMethod(req, headers)
  if (plans.every(({ policies: { read, write } }) => read !== false && read === write)) {
    throw new RateLimiterError({
      code: 'impossible_combination',
      option: 'classify and limit',
      problem: 'cannot both be set, because limit is one budget for all classes',
      remedy: 'Leave classify out, or give read and write instead of limit.',
    })
  }
  return (req, res) => classesOf(checkClass(classify(req, res)))
}

function checkClass(requestClass: ReadOrWrite): ReadOrWrite {
  if (requestClass === 'read' || requestClass === 'write') return requestClass
  throw new RateLimiterError({
    code: 'invalid_result',
    option: 'classify',
    value: requestClass,
    problem: 'returned no class',
    remedy: "Return 'read' or 'write'.",
  })
}

function checkShare(share: number | undefined): number {
  if (share === undefined) return 1
  if (typeof share === 'number' && share > 0 && share <= 1) return share
  return rejectOption(
    'fallbackShare',
    share,
    'takes a number above 0 and up to 1',
    'Give 1 / 4 if four processes share a store.',
  )
}

function checkLogger(logger: Logger | undefined): Logger | undefined {
  if (logger === undefined) return undefined
  if (typeof logger?.info === 'function' && typeof logger.warn === 'function') return logger
  return rejectOption(
    'logger',
    logger,
    'takes a logger',
    'Give { info(message), warn(message) }, such as console.',
  )
}

function checkClock(clock: Clock | undefined): Clock | undefined {
  if (clock === undefined) return clock
  if (typeof clock?.now === 'function' && Number.isFinite(clock.now())) return clock
  return rejectOption('clock', clock, 'takes a clock', 'Give { now(): number } in epoch milliseconds.')
}
