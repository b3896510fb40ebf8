import type { LimiterDescription } from '../../limits/limiter-description.ts'
import type { RequestClass } from '../../limits/request-class.ts'
import type { MemoryStoreStats } from '../../stores/memory/memory-stats.ts'
import type { StoreHealth } from '../../stores/resilience/store-health.ts'
import type { RouteState } from '../audit/route-report.ts'

/** A client as the page shows it. */
export interface ShownClient {
  readonly text: string
  /** Keeps clients apart whose texts are the same; empty if the text is enough. */
  readonly tag: string
}

/** What the last request of a client left, in units. */
export interface ClientBudget {
  /** What the units are: `tokens`, or `places` of requests in flight. Undefined if the limit counts requests. */
  readonly unit: string | undefined
  readonly remaining: number
  readonly limit: number
  readonly requestClass: RequestClass
  /** Undefined for a client without a plan. */
  readonly plan: string | undefined
}

/** A client in a table of the page. */
export interface RankedClient {
  readonly client: ShownClient
  /**
   * Requests in the last 5 to 10 minutes: at least `minCount` and at most `maxCount`. The two differ if there
   * are more clients than counters.
   */
  readonly minCount: number
  readonly maxCount: number
  readonly isBanned: boolean
  /** Undefined if the last request charged nothing, or if more units may have come back since. */
  readonly budget: ClientBudget | undefined
}

/** Requests in each of the last 300 whole seconds, the oldest first. */
export interface Rates {
  readonly allowed: readonly number[]
  readonly refused: readonly number[]
}

/** The health of a limiter's store. */
export interface HealthSnapshot {
  readonly state: StoreHealth['state']
  /** When that state began: milliseconds since the epoch. */
  readonly sinceMs: number
  /**
   * The code of the last failure. Its message is left out: it may quote a key of the store, and so a client.
   */
  readonly lastError: string | undefined
  readonly lateReplies: number
}

/** Everything that the page shows of one limiter. */
export interface LimiterState extends Rates {
  readonly name: string
  readonly mode: LimiterDescription['mode']
  /** What its limits count; undefined if they count requests. */
  readonly unit: string | undefined
  /** Whether charges of requests can be settled. */
  readonly settles: boolean
  /** Requests that run and wait in this process; undefined unless it limits requests in flight. */
  readonly inFlight: { readonly running: number; readonly waiting: number } | undefined
  readonly busiest: readonly RankedClient[]
  readonly mostRefused: readonly RankedClient[]
  /** The newest bans. */
  readonly bans: readonly { readonly client: ShownClient; readonly endsInSec: number }[]
  /** The number of all bans. */
  readonly banCount: number
  readonly health: HealthSnapshot
  /** Undefined for a store that is not a memory store. */
  readonly store: MemoryStoreStats | undefined
}

/** What the server sends once a second. */
export interface Snapshot {
  /** The number of the second that is not over yet. The rates end with the second before it. */
  readonly second: number
  readonly limiters: readonly LimiterState[]
}

/** A row of the table of routes, with the texts that are shown. */
export interface RouteRow {
  readonly method: string
  readonly path: string
  readonly limits: string
  readonly limiters: string
  readonly state: RouteState
  readonly why: string
}

/** The routes of an app, or why they cannot be read. */
export type RouteTable =
  | { readonly routes: readonly RouteRow[]; readonly problem?: undefined }
  | { readonly problem: string; readonly routes?: undefined }
