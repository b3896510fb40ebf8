/*
 * Decides on the requests of an access log, without a server.
 *
 * Twin: src/request/policy-charge.ts
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createClientResolver, NO_CLIENT_WARNINGS } from '../../../client/client-resolver.ts'
import { trustNobody } from '../../../client/proxy-trust.ts'
import { type AlgorithmState, algorithmOf } from '../../../limits/algorithms.ts'
import { LARGEST_LIMIT, type Limit } from '../../../limits/limit.ts'
import { isDynamic, type Policy } from '../../../limits/policy.ts'
import { READ_AND_WRITE, type RequestClass } from '../../../limits/request-class.ts'
import { classesOfMethod } from '../../../limits/request-methods.ts'
import { parseSettings, type Settings } from '../../../options/settings.ts'
import type { MemoryStoreStats } from '../../../stores/memory/memory-stats.ts'
import { MemoryStore } from '../../../stores/memory/memory-store.ts'
import { storeKeysOf } from '../../../stores/store-key.ts'
import type { LogEntry } from '../log/log-entry.ts'
import type { ReplayLimiterOptions } from './replay-options.ts'

/** The decision about a request of the log. */
export interface OfflineDecision {
  readonly clientKey: string
  readonly requestClass: RequestClass
  readonly allowed: boolean
}

/** The usage of one client in one class, counted as if no request were refused. */
export interface UnlimitedUsage {
  /** The most units that were in use at the same time. */
  highestUnits: number
  state: AlgorithmState | undefined
}

/**
 * The limiter without a server: it has the client keys, classes, limits and store of the middleware, and
 * takes the time from the log. All calls are synchronous, because a memory store never returns a promise.
 */
export class OfflineLimiter {
  readonly #settings: Settings<IncomingMessage, ServerResponse>
  readonly #store: MemoryStore
  readonly #clientKeyOf: (entry: LogEntry) => string
  readonly #storeKeyOf: ReturnType<typeof storeKeysOf>
  readonly #unreachableLimits: ReadonlyMap<RequestClass, Limit | undefined>
  /** The classes that it counts: one where one limit serves all methods. */
  readonly classes: readonly RequestClass[]
  #nowMs = 0

  /** @throws RateLimiterError for options that are wrong */
  constructor(options: ReplayLimiterOptions) {
    const clock = { now: () => this.#nowMs }
    this.#settings = parseSettings({ ...options, clock })
    this.#store = new MemoryStore({ clock })
    this.#clientKeyOf = clientKeyResolver(this.#settings)
    this.#storeKeyOf = storeKeysOf(this.#settings.name)
    this.classes = options.limit === undefined ? READ_AND_WRITE : ['any']
    this.#unreachableLimits = new Map(this.classes.map((one) => [one, unreachableLimit(this.limitOf(one))]))
  }

  /** The limit of a class; undefined where it has none. */
  limitOf(requestClass: RequestClass): Limit | undefined {
    return this.#policyOf(requestClass)?.limits[0]
  }

  /** @param nowMs the time of the request; never earlier than in the last call */
  decide(entry: LogEntry, nowMs: number): OfflineDecision {
    const clientKey = this.#clientKeyOf(entry)
    const [readOrWrite = 'read'] = classesOfMethod({ method: entry.method, headers: {} })
    const [requestClass = readOrWrite] = this.classes.length === 1 ? this.classes : []
    return { clientKey, requestClass, allowed: this.admits(clientKey, requestClass, nowMs) }
  }

  /**
   * Charges a request of a client, and says whether it is allowed.
   *
   * @param nowMs the time of the request; never earlier than in the last call
   */
  admits(clientKey: string, requestClass: RequestClass, nowMs: number): boolean {
    this.#nowMs = nowMs
    const policy = this.#policyOf(requestClass)
    if (policy === undefined) return true
    const charge = {
      key: this.#storeKeyOf(requestClass, clientKey),
      limits: policy.limits,
      cost: 1,
      refundable: false,
    }
    return this.#store.consume(charge).allowed
  }

  /**
   * Counts one more request in the usage of a client. The algorithm of the limit counts it, by a limit that
   * nobody reaches. Up to the first refusal this count and that of the real limit are the same. So a limit
   * refuses a client exactly when the client's highest usage is above the limit.
   */
  countUsage(usage: UnlimitedUsage, requestClass: RequestClass, nowMs: number): void {
    const limit = this.#unreachableLimits.get(requestClass)
    if (limit === undefined) return
    const { state, remaining } = algorithmOf(limit).charge(usage.state as AlgorithmState, nowMs, limit, 1)
    usage.state = state
    usage.highestUnits = Math.max(usage.highestUnits, limit.burst - remaining)
  }

  #policyOf(requestClass: RequestClass): Policy | undefined {
    const [plan] = this.#settings.plans
    const policy = plan?.policies[requestClass === 'write' ? 'write' : 'read']
    return policy === undefined || policy === false || isDynamic(policy) ? undefined : policy
  }

  stats(): MemoryStoreStats {
    return this.#store.stats()
  }

  close(): void {
    this.#store.close()
  }
}

/**
 * The same limit, so large that nobody reaches it. A token bucket keeps its rate, and holds as much as is
 * exact.
 */
function unreachableLimit(limit: Limit | undefined): Limit | undefined {
  if (limit === undefined) return undefined
  if (limit.algorithm !== 'token-bucket') return { ...limit, limit: LARGEST_LIMIT, burst: LARGEST_LIMIT }
  const burst = Math.floor((Number.MAX_SAFE_INTEGER - limit.limit) / (2 * limit.windowMs))
  return { ...limit, burst }
}

function clientKeyResolver({
  client: { header, ipv6Subnet, trust },
}: Settings<IncomingMessage, ServerResponse>): (entry: LogEntry) => string {
  const resolveClient = createClientResolver({
    header,
    ipv6Subnet,
    trustFor: () => trust ?? trustNobody,
    trustsAdapter: false,
    warnings: NO_CLIENT_WARNINGS,
  })
  return ({ address, forwarded }) =>
    resolveClient({
      headers: forwarded === undefined ? {} : { [header]: forwarded },
      socket: { remoteAddress: address },
    }).key
}
