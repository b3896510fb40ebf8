import type { IncomingMessage, ServerResponse } from 'node:http'
import { createClientResolver } from '../../../client/client-resolver.ts'
import { trustNobody } from '../../../client/trusted-proxies.ts'
import { type AlgorithmState, algorithmOf } from '../../../limits/algorithms.ts'
import { LARGEST_LIMIT, type Limit } from '../../../limits/limit.ts'
import { isDynamic } from '../../../limits/policy.ts'
import { REQUEST_CLASSES, type RequestClass } from '../../../limits/request-class.ts'
import { methodClassifier } from '../../../limits/request-methods.ts'
import { parseSettings, type Settings } from '../../../options/settings.ts'
import { MemoryStore, type MemoryStoreStats } from '../../../stores/memory/memory-store.ts'
import { storeKeysOf } from '../../../stores/store-key.ts'
import type { LogEntry } from '../log/log-entry.ts'
import type { LimiterChoice } from './replay-options.ts'

/** What became of a request of the log. */
export interface OfflineDecision {
  readonly key: string
  readonly requestClass: RequestClass
  readonly allowed: boolean
}

/** How much a client has asked for by one limit, whatever that limit admits. */
export interface Demand {
  /** Most units in use at once, had the limit admitted everything. */
  peak: number
  state: AlgorithmState | undefined
}

/**
 * The limiter without its server: the same client keys, classes, limits and store as the middleware, on a clock that
 * the log turns. Everything is synchronous, since a memory store never answers with a promise.
 */
export class OfflineLimiter {
  readonly #settings: Settings<IncomingMessage, ServerResponse>
  readonly #store: MemoryStore
  readonly #resolve: ReturnType<typeof resolverOf>
  readonly #classOf = methodClassifier('write')
  readonly #storeKeyOf: ReturnType<typeof storeKeysOf>
  readonly #wide: Readonly<Record<RequestClass, Limit | undefined>>
  #nowMs = 0

  /** @throws RateLimiterError for limits that make no sense */
  constructor(choice: LimiterChoice) {
    const clock = { now: () => this.#nowMs }
    this.#settings = parseSettings({ ...choice, clock })
    this.#store = new MemoryStore({ clock })
    this.#resolve = resolverOf(this.#settings)
    this.#storeKeyOf = storeKeysOf(this.#settings.name)
    const [read, write] = REQUEST_CLASSES.map((one) => this.limitOf(one)).map(widened)
    this.#wide = { read, write }
  }

  /** The one limit of a class; undefined where it has none. */
  limitOf(requestClass: RequestClass): Limit | undefined {
    const policy = this.#settings.policies[requestClass]
    return policy === false || isDynamic(policy) ? undefined : policy.limits[0]
  }

  /** @param nowMs when the request came, by the log; never before the last one */
  decide(entry: LogEntry, nowMs: number): OfflineDecision {
    this.#nowMs = nowMs
    const { key } = this.#resolve(entry)
    const requestClass = this.#classOf({ method: entry.method, headers: {} })
    const policy = this.#settings.policies[requestClass]
    if (policy === false || isDynamic(policy)) return { key, requestClass, allowed: true }
    const charge = {
      key: this.#storeKeyOf(requestClass, key),
      limits: policy.limits,
      cost: 1,
      refundable: false,
    }
    return { key, requestClass, allowed: this.#store.consume(charge).allowed }
  }

  /**
   * Notes one more request in a client's demand. The algorithm itself counts it, by a limit that nobody reaches; so a
   * client is refused by a limit exactly when its peak is above that limit: up to the first refusal both count alike.
   */
  note(demand: Demand, requestClass: RequestClass, nowMs: number): void {
    const limit = this.#wide[requestClass]
    if (limit === undefined) return
    const { state, remaining } = algorithmOf(limit).charge(demand.state as AlgorithmState, nowMs, limit, 1)
    demand.state = state
    demand.peak = Math.max(demand.peak, limit.burst - remaining)
  }

  stats(): MemoryStoreStats {
    return this.#store.stats()
  }

  close(): void {
    this.#store.close()
  }
}

/** The same limit with room for everybody; of a bucket the rate stays, and what it holds is as much as is exact. */
function widened(limit: Limit | undefined): Limit | undefined {
  if (limit === undefined) return undefined
  if (limit.algorithm !== 'token-bucket') return { ...limit, limit: LARGEST_LIMIT, burst: LARGEST_LIMIT }
  const burst = Math.floor((Number.MAX_SAFE_INTEGER - limit.limit) / (2 * limit.windowMs))
  return { ...limit, burst }
}

function resolverOf({
  client: { header, ipv6Subnet, trust },
}: Settings<IncomingMessage, ServerResponse>): (entry: LogEntry) => { readonly key: string } {
  const resolve = createClientResolver({
    header,
    ipv6Subnet,
    trustFor: () => trust ?? trustNobody,
    onIgnoredHeader: () => undefined,
  })
  return ({ address, forwarded }) =>
    resolve({
      headers: forwarded === undefined ? {} : { [header]: forwarded },
      socket: { remoteAddress: address },
    })
}
