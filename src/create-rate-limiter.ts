import { type IncomingHttpHeaders, IncomingMessage, type ServerResponse } from 'node:http'
import type { Request, Response } from 'express'
import { createClientResolver } from './client/client-resolver.ts'
import { clientWarnings } from './client/client-warnings.ts'
import { explainClient } from './client/explain-client.ts'
import { trustOfApp } from './client/express-proxy-trust.ts'
import { generatedKeyWithWarning } from './client/generated-key.ts'
import type { Client } from './client/known-client.ts'
import { trustOfAppWithWarning } from './client/proxy-trust-warnings.ts'
import { RateLimiterError } from './errors/rate-limiter-error.ts'
import { ClientBans } from './limiter/client-bans.ts'
import {
  claimName,
  releaseName,
  warnIfHandlingRequest,
  warnIfWorkerCountsAlone,
} from './limiter/creation-warnings.ts'
import { describeSettings } from './limiter/describe-settings.ts'
import { DirectCharges } from './limiter/direct-charges.ts'
import { withForeignMethods } from './limiter/foreign-methods.ts'
import type { RateLimiter } from './limiter/rate-limiter.ts'
import { checkGuard, guardServer, type LimiterFunction } from './limiter/server-guard.ts'
import { Settlements } from './limiter/settlements.ts'
import { noteGuard } from './limits/guarded-server.ts'
import { LIMITER_DESCRIPTION } from './limits/limiter-description.ts'
import { limitsOf } from './limits/policy.ts'
import { chain } from './maybe-promise.ts'
import { chargedPolicies } from './options/plan-policies.ts'
import type { RateLimiterOptions } from './options/rate-limiter-options.ts'
import { parseSettings, type Settings } from './options/settings.ts'
import { askStore } from './request/ask-store.ts'
import { createMiddleware } from './request/middleware.ts'
import { chargeComposer } from './request/policy-charge.ts'
import { followUpAllowed } from './request/record-answer.ts'
import type { ChargeSteps, MiddlewareParts } from './request/request-context.ts'
import { requestProperty } from './request/request-property.ts'
import { exposableNames } from './response/exposed-headers.ts'
import { MemoryStore, type MemoryStoreOptions } from './stores/memory/memory-store.ts'
import type { SeedableStore } from './stores/resilience/fallback-store.ts'
import type { ResilienceSettings } from './stores/resilience/resilience-settings.ts'
import { ResilientStore } from './stores/resilience/resilient-store.ts'
import type { Store } from './stores/store.ts'

/**
 * Creates a rate limiter: middleware that charges every request to its client, and refuses requests above the limit.
 *
 * The functions among the options get the request and the response of Express. For a server of `node:http` without
 * Express: `createRateLimiter<IncomingMessage, ServerResponse>()`.
 *
 * @throws RateLimiterError for an unknown option, for a value that an option does not take, for options that
 *   contradict each other, and for a store that cannot do what the options need
 * @see https://express-tollgate.github.io/express-tollgate/quick-start
 */
export function createRateLimiter<
  Req extends IncomingMessage = Request,
  Res extends ServerResponse = Response,
>(options: RateLimiterOptions<NoInfer<Req>, NoInfer<Res>> = {}): RateLimiter {
  checkNotMiddleware(options)
  return assembleLimiter(parseSettings(options), {
    createStore: (clock) => new MemoryStore(clock),
    trustedConsume: MemoryStore.trustedConsume,
    takeCharge: askStore,
    followUp: followUpAllowed,
  })
}

/** What sets one kind of limiter apart from another. */
export interface LimiterKind<Req extends IncomingMessage, Res extends ServerResponse>
  extends ChargeSteps<Req, Res> {
  /** Creates the store if no option gives one, and the fallback of a store that fails. */
  readonly createStore: (clock: MemoryStoreOptions) => SeedableStore
  /** The `consume` of a store whose decisions need no check. Default: each decision is checked. */
  readonly trustedConsume?: (store: Store) => Store['consume'] | undefined
}

/** Puts the parts of a limiter together. */
export function assembleLimiter<Req extends IncomingMessage, Res extends ServerResponse>(
  settings: Settings<Req, Res>,
  { createStore, trustedConsume, ...steps }: LimiterKind<Req, Res>,
): RateLimiter {
  settings.store?.prepare?.(chargedPolicies(settings).flatMap(limitsOf))
  warnIfHandlingRequest(settings.name)
  const createMemoryStore = (): SeedableStore =>
    createStore(settings.clock === undefined ? {} : { clock: settings.clock })
  const store = settings.store ?? createMemoryStore()
  warnIfWorkerCountsAlone(settings.name, store)
  claimName(store, settings.name)
  const description = describeSettings(settings)
  const resilientStore = new ResilientStore(store, {
    limiter: description,
    ...failureHandlingOf(settings),
    trustedConsume: trustedConsume?.(store),
    ...(settings.onStoreError === 'memory' ? { createFallback: createMemoryStore } : {}),
    onNewBan: (key, refusal) => bans.spread(key, refusal),
  })
  const bans = new ClientBans(settings, resilientStore, description)
  const { checkOpen, close } = openState(settings, store, resilientStore)
  const parts: MiddlewareParts<Req, Res> = {
    id: Symbol(settings.name),
    settings,
    description,
    store: resilientStore,
    ...requestPartsOf(settings),
    ...steps,
    checkOpen,
  }
  const middleware = withForeignMethods(createMiddleware(parts) as LimiterFunction)
  const charges = chargingMethods(parts, bans, store)
  const guard = guardMethod(parts, middleware)
  const { explain, health } = reportersOf(settings, resilientStore)
  const methods = { ...charges, guard, explain, health, close }
  return Object.assign(middleware, methods, { store, [LIMITER_DESCRIPTION]: description })
}

/** How failures of the store are handled, but for what depends on the other parts of the limiter. */
function failureHandlingOf<Req extends IncomingMessage, Res extends ServerResponse>({
  storeDeadlineMs,
  connectDeadlineMs,
  fallbackShare,
  logger,
}: Settings<Req, Res>): Omit<ResilienceSettings, 'limiter'> {
  return { deadlineMs: storeDeadlineMs, connectDeadlineMs, fallbackShare, logger }
}

/** The methods that change what the store keeps. */
function chargingMethods<Req extends IncomingMessage, Res extends ServerResponse>(
  parts: MiddlewareParts<Req, Res>,
  bans: ClientBans,
  store: Store,
): Omit<RateLimiter, 'guard' | 'explain' | 'health' | 'close' | 'store' | typeof LIMITER_DESCRIPTION> {
  const settlements = new Settlements(parts, store)
  const { settle, refund } = settlements
  const direct = new DirectCharges({ ...parts, bans, settlements }, store)
  const { consume, peek, block, unblock, reset, resetAll } = direct
  return { consume, settle, refund, peek, block, unblock, reset, resetAll }
}

function guardMethod<Req extends IncomingMessage, Res extends ServerResponse>(
  { checkOpen, settings, description }: MiddlewareParts<Req, Res>,
  middleware: LimiterFunction,
): RateLimiter['guard'] {
  return (server, app, options = {}) => {
    checkOpen()
    checkGuard(server, app, options, settings)
    const parts = { limiter: middleware, needsAnswers: settings.refund !== undefined }
    const appOfServer = guardServer(server, app, parts)
    noteGuard(server, { limiter: description, app: appOfServer })
  }
}

/** The methods that report and change nothing. */
function reportersOf<Req extends IncomingMessage, Res extends ServerResponse>(
  { client }: Settings<Req, Res>,
  store: ResilientStore,
): Pick<RateLimiter, 'explain' | 'health'> {
  return {
    explain: (req) => explainClient(req, { ...client, trust: client.trust ?? trustOfApp(req) }),
    health: () => store.health,
  }
}

/** The parts of the middleware that need no store. */
function requestPartsOf<Req extends IncomingMessage, Res extends ServerResponse>(
  settings: Settings<Req, Res>,
): Pick<
  MiddlewareParts<Req, Res>,
  'resolveClient' | 'composeCharge' | 'infoProperty' | 'places' | 'exposedNames' | 'now'
> {
  const infoProperty = requestProperty(settings.requestPropertyName)
  return {
    resolveClient: clientResolverOf(settings),
    composeCharge: chargeComposer({ ...settings, keyGenerator: watchedKeyGenerator(settings) }),
    infoProperty,
    places: [...settings.formats.map(({ name }) => name), infoProperty.place],
    exposedNames: settings.exposesHeaders ? exposableNames(settings.formats) : undefined,
    now: () => (settings.clock ?? Date).now(),
  }
}

/** Closes a limiter, and throws for every use after that. */
function openState<Req extends IncomingMessage, Res extends ServerResponse>(
  { name, store: givenStore }: Settings<Req, Res>,
  store: Store,
  resilientStore: ResilientStore,
): { readonly close: () => Promise<void>; readonly checkOpen: () => void } {
  let closed = false
  return {
    checkOpen() {
      if (closed) throw closedError(name)
    },
    async close() {
      if (closed) return
      closed = true
      releaseName(store, name)
      await resilientStore.closeFallback()
      if (givenStore === undefined) await store.close?.()
    },
  }
}

function clientResolverOf<Req extends IncomingMessage, Res extends ServerResponse>({
  name,
  client: { trust, trustsAdapter, header, ipv6Subnet },
}: Settings<Req, Res>): (req: Req, headers: IncomingHttpHeaders) => Client {
  return createClientResolver<Req>({
    header,
    ipv6Subnet,
    trustFor: trust === undefined ? trustOfAppWithWarning(name) : () => trust,
    trustsAdapter,
    warnings: clientWarnings(name, header),
  })
}

/** The `keyGenerator` with a look at its keys. */
function watchedKeyGenerator<Req extends IncomingMessage, Res extends ServerResponse>({
  name,
  keyGenerator,
  client: { ipv6Subnet },
}: Settings<Req, Res>): Settings<Req, Res>['keyGenerator'] {
  if (keyGenerator === undefined) return undefined
  const keyOf = generatedKeyWithWarning(name, ipv6Subnet)
  return (req, res, clientKey) => chain(keyGenerator(req, res, clientKey), (key) => keyOf(key) as string)
}

/** `app.use(createRateLimiter)` makes Express call it with a request. */
function checkNotMiddleware(options: unknown): void {
  if (!(options instanceof IncomingMessage)) return
  throw new RateLimiterError({
    code: 'not_called',
    problem: 'createRateLimiter was called with a request',
    remedy: 'Write app.use(createRateLimiter()), with parentheses.',
  })
}

function closedError(name: string): RateLimiterError {
  return new RateLimiterError({
    code: 'closed',
    problem: `the limiter '${name}' was closed`,
    remedy: 'Close it after the last request.',
  })
}
