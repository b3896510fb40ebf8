import type { RequestClass } from '../../limits/request-class.ts'
import type { ShownClient } from './masking.ts'
import type { Rates } from './rate-ring.ts'
import type { HealthState, StoreState } from './store-state.ts'

/** A client in a table of the page. */
export interface RankedClient {
  readonly client: ShownClient
  /** Requests in the last 5 to 10 minutes: so many at least, */
  readonly least: number
  /** and so many at most. The two differ where there are more clients than counters. */
  readonly most: number
  readonly isBanned: boolean
  /** What its last request left, in units; absent where that is over. */
  readonly budget:
    | { readonly remaining: number; readonly limit: number; readonly requestClass: RequestClass }
    | undefined
}

/** All that the page shows of one limiter. */
export interface LimiterState extends Rates {
  readonly name: string
  readonly mode: 'enforce' | 'shadow'
  readonly busiest: readonly RankedClient[]
  readonly mostRefused: readonly RankedClient[]
  readonly bans: readonly { readonly client: ShownClient; readonly endsInSec: number }[]
  /** Of which `bans` has the newest. */
  readonly banCount: number
  readonly health: HealthState
  /** Undefined where the store tells nothing of itself. */
  readonly store: StoreState | undefined
}

/** What the server sends once a second. */
export interface Snapshot {
  readonly limiters: readonly LimiterState[]
}
