import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { ClientExplanation } from '../client/explain-client.ts'
import type { Decision } from '../limits/decision.ts'
import type { LIMITER_DESCRIPTION, LimiterDescription } from '../limits/limiter-description.ts'
import type { ReadOrWrite } from '../limits/request-class.ts'
import type { Next } from '../response/next.ts'
import type { StoreHealth } from '../stores/resilience/store-health.ts'
import type { Store } from '../stores/store.ts'
import type { GuardedApp } from './express-app.ts'
import type { GuardOptions } from './server-guard.ts'

/** What a charge without a request needs to know. */
export interface ChargeOptions {
  /** Needed where reads and writes both have limits of their own. Default: the only class that is limited. */
  readonly class?: ReadOrWrite | 'any' | undefined
  /** The name of the plan; needed where the limiter has the option `plans`, an error elsewhere. */
  readonly plan?: string | undefined
  /** Units, a whole number of at least 1. Default: 1. */
  readonly cost?: number | undefined
  /** Units in all; needed where the class's limit is a function of the request, an error elsewhere. */
  readonly limit?: number | undefined
}

/** Middleware for Express and for plain `node:http`, with methods for everything that has no request. */
export interface RateLimiter {
  // Not the types of Express: they would replace what a route infers for `req.params`.
  (req: IncomingMessage, res: ServerResponse, next: Next): void
  /**
   * Charges a client without a request: a message on a socket, a job from a queue.
   * @param key what `keyGenerator` returns, or an address in any spelling: it stands for the client key of the address
   * @throws RateLimiterError `invalid_option`, `unknown_option`, `cost_above_capacity`, `closed`; with
   *   `onStoreError: 'deny'` also `store_failed` and `store_timeout`
   */
  consume(key: string, options?: ChargeOptions): Promise<Decision>
  /**
   * What `consume` would answer, with nothing charged.
   * @throws RateLimiterError as `consume` does, and `unsupported_by_store`
   */
  peek(key: string, options?: ChargeOptions): Promise<Decision>
  /**
   * Bans a client for so many seconds from now, in all classes, whatever ban it had. A class without a limit
   * stays open.
   * @param key as in `consume`. Where the limiter has a `keyGenerator`, the text is banned as it is too
   * @param seconds a number from 0.001
   * @throws RateLimiterError `invalid_option`, `unsupported_by_store`, `store_failed`, `store_timeout`, `closed`
   */
  block(key: string, seconds: number): Promise<void>
  /** Ends a client's ban, under the same keys as `block`, one by the `ban` option included; what it has used stays used. Throws as `block`. */
  unblock(key: string): Promise<void>
  /**
   * Forgets what a client has used, in all classes, and its ban.
   * @param key as in `block`
   * @throws RateLimiterError `invalid_option`, `unsupported_by_store`, `store_failed`, `store_timeout`, `closed`
   */
  reset(key: string): Promise<void>
  /** Empties the store, other limiters' counters in it included. Throws as `reset` does. */
  resetAll(): Promise<void>
  /**
   * Charges everything that a server answers, before any listener of the server gets it: requests that never reach
   * Express (Socket.IO's polling), WebSocket upgrades, CONNECT, and the requests of the app. A request that goes on to
   * the app, where the same limiter is mounted, is charged once. Refused upgrades get a full response on their socket.
   * If the limiter fails, the error handlers of the app answer a request, and 500 an upgrade.
   *
   * Call it once, before or after other libraries attach to the server.
   *
   * @param server a server of node:http or node:https
   * @param app the Express app of the server: its `trust proxy` holds here too. Default: the app that is a request
   *   listener of the server when `guard` is called. Pass it where another library has attached to the server before.
   * @throws RateLimiterError `invalid_option` for a server of node:http2, or an app that is none; `unknown_option`;
   *   `impossible_combination` where the limiter has `plan`, `keyGenerator`, `cost`, `skip` or a limit that is a function, since
   *   no middleware has run yet, unless `beforeMiddleware` is true; `closed`
   */
  guard(server: Server, app?: GuardedApp, options?: GuardOptions): void
  /**
   * Explains how the limiter finds the client of a request: the peer of the socket, each hop in the header and whether
   * it is trusted, the key of the client's address, and what to change if all clients of a proxy share that key. It
   * charges nothing, and calls no `keyGenerator`. Do not show the result to clients.
   *
   * @example
   * app.get('/debug/client', requireAdmin, (req, res) => res.json(limiter.explain(req)))
   */
  explain(req: IncomingMessage): ClientExplanation
  /** Where it counts: the store given, or the `MemoryStore` that it made. */
  readonly store: Store
  /** How the store is: whether it is asked, since when, and how it failed last. Asks nobody. */
  health(): StoreHealth
  /** Lets go of the store, if the limiter made it; a store passed in stays its owner's to close. */
  close(): Promise<void>
  readonly [LIMITER_DESCRIPTION]: LimiterDescription
}
