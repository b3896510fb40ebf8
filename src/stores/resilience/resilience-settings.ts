import type { Decision } from '../../limits/decision.ts'
import type { LimiterDescription } from '../../limits/limiter-description.ts'
import type { Store } from '../store.ts'
import type { SeedableStore } from './fallback-store.ts'
import type { Logger } from './store-health.ts'

/** How a limiter handles failures of its store. */
export interface ResilienceSettings {
  /** The limiter, for messages and events. */
  readonly limiter: LimiterDescription
  /** How long a promise of the store may take, in milliseconds. */
  readonly deadlineMs: number
  /**
   * How long a promise may take until the store has answered for the first time, in milliseconds from the first
   * call. Default: `deadlineMs`.
   */
  readonly connectDeadlineMs?: number
  /** Creates the store that decides while the store fails. Absent if none does. */
  readonly createFallback?: () => SeedableStore
  /** The part of each limit that the fallback may grant, above 0. Default: 1. */
  readonly fallbackShare?: number
  /**
   * A `consume` of ours, whose decisions are valid while it is that of the store. Default: each decision is checked.
   */
  readonly trustedConsume?: Store['consume'] | undefined
  /** Default: process warnings. */
  readonly logger?: Logger | undefined
  /** Called for each refusal that started a ban, also for one that came after the deadline. */
  readonly onNewBan?: (key: string, refusal: Decision) => void
}
