import { type IncomingHttpHeaders, IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type Client, createClientResolver } from './client/client-resolver.ts'
import { trustOfAppWithWarning, warnOfIgnoredHeader } from './client/trust-warnings.ts'
import { RateLimiterError } from './errors/rate-limiter-error.ts'
import { ClientBans } from './limiter/client-bans.ts'
import { claimName, releaseName, warnIfHandlingRequest } from './limiter/creation-warnings.ts'
import { describeSettings } from './limiter/describe-settings.ts'
import { DirectCharges } from './limiter/direct-charges.ts'
import type { RateLimiter } from './limiter/rate-limiter.ts'
import { guardUpgrades } from './limiter/upgrade-guard.ts'
import { LIMITER_DESCRIPTION } from './limits/limiter-description.ts'
import type { RateLimiterOptions } from './options/rate-limiter-options.ts'
import { parseSettings, type Settings } from './options/settings.ts'
import { chargePlanner } from './request/charge-plan.ts'
import { createMiddleware, type MiddlewareParts } from './request/middleware.ts'
import { infoProperty } from './request/response-headers.ts'
import { MemoryStore } from './stores/memory/memory-store.ts'
import { ResilientStore } from './stores/resilience/resilient-store.ts'
import type { StoreHealth } from './stores/resilience/store-health.ts'
import type { Store } from './stores/store.ts'

/**
 * Makes a rate limiter: middleware that charges every request to its client and refuses those above the
 * limit.
 *
 * @throws RateLimiterError for an unknown option, a value an option does not take, options that contradict
 *   each other, or a store that cannot do what they ask
 */
export function createRateLimiter<
  Req extends IncomingMessage = IncomingMessage,
  Res extends ServerResponse = ServerResponse,
>(options: RateLimiterOptions<Req, Res> = {}): RateLimiter<Req, Res> {
  checkNotMiddleware(options)
  const settings = parseSettings(options)
  warnIfHandlingRequest(settings.name)
  const makeMemoryStore = (): MemoryStore =>
    new MemoryStore(settings.clock === undefined ? {} : { clock: settings.clock })
  const store = settings.store ?? makeMemoryStore()
  claimName(store, settings.name)
  const description = describeSettings(settings)
  const guardedStore = new ResilientStore(store, {
    limiter: description,
    deadlineMs: settings.storeDeadlineMs,
    fallbackShare: settings.fallbackShare,
    logger: settings.logger,
    ...(settings.onStoreError === 'memory' ? { createFallback: makeMemoryStore } : {}),
    onNewBan: (key, refusal) => bans.spread(key, refusal),
  })
  const bans = new ClientBans(settings, guardedStore, description)
  const closing = closer(settings, store, guardedStore)
  const parts: MiddlewareParts<Req, Res> = {
    settings,
    description,
    store: guardedStore,
    ...requestPartsOf(settings),
    checkOpen: closing.checkOpen,
  }
  const middleware = createMiddleware(parts)
  const { consume, peek, block, unblock, reset, resetAll } = new DirectCharges({ ...parts, bans }, store)
  const guard = (server: Server): void => guardUpgrades(server, middleware as never)
  const health = (): StoreHealth => guardedStore.health
  const methods = { consume, peek, block, unblock, reset, resetAll, guard, health, close: closing.close }
  return Object.assign(middleware, methods, { store, [LIMITER_DESCRIPTION]: description })
}

/** What looks at a request, and needs no store. */
function requestPartsOf<Req extends IncomingMessage, Res extends ServerResponse>(
  settings: Settings<Req, Res>,
): Pick<MiddlewareParts<Req, Res>, 'resolveClient' | 'assess' | 'infoProperty' | 'now'> {
  return {
    resolveClient: clientResolverOf(settings),
    assess: chargePlanner(settings),
    infoProperty: infoProperty(settings.requestPropertyName),
    now: () => (settings.clock ?? Date).now(),
  }
}

/** What ends a limiter, and what tells that it has ended. */
function closer<Req extends IncomingMessage, Res extends ServerResponse>(
  { name, store: givenStore }: Settings<Req, Res>,
  store: Store,
  guardedStore: ResilientStore,
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
      await guardedStore.closeFallback()
      if (givenStore === undefined) await store.close?.()
    },
  }
}

function clientResolverOf<Req extends IncomingMessage, Res extends ServerResponse>({
  name,
  client: { trust, header, ipv6Subnet },
}: Settings<Req, Res>): (req: Req, headers: IncomingHttpHeaders) => Client {
  return createClientResolver<Req>({
    header,
    ipv6Subnet,
    trustFor: trust === undefined ? trustOfAppWithWarning(name) : () => trust,
    onIgnoredHeader: warnOfIgnoredHeader(name, header),
  })
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
