import type {
  BanEvent,
  DecisionEvent,
  SettlementEvent,
  StoreCallEvent,
  StoreFailureEvent,
  StoreFailureKind,
} from '../../events/channels.ts'
import type { Outcome } from '../../events/outcome.ts'
import type { InFlightCounts } from '../../limiter/in-flight-counts.ts'
import type { RateLimiter } from '../../limiter/rate-limiter.ts'
import { LIMITER_DESCRIPTION, type LimiterDescription } from '../../limits/limiter-description.ts'
import type { RequestClass } from '../../limits/request-class.ts'
import { DurationBuckets } from './duration-buckets.ts'

/** The part of a limiter that metrics read: of `createRateLimiter` or of `createConcurrencyLimiter`. */
export type MeteredLimiter = Pick<RateLimiter, 'store' | 'health' | typeof LIMITER_DESCRIPTION> &
  Partial<InFlightCounts>

/** The class of a request; `none` for a request that was denied or skipped before it was classified. */
export type ClassName = RequestClass | 'none'

/** Called with the duration of each call of the store, in seconds. */
export type OnDuration = (durationSec: number) => void

const noOutcomes = (): Record<Outcome, number> => ({
  allowed: 0,
  near: 0,
  limited: 0,
  banned: 0,
  shadowed: 0,
  denied: 0,
  skipped: 0,
  uncounted: 0,
  unavailable: 0,
})

/** Decisions by class and outcome. */
export type DecisionCounts = Readonly<Record<ClassName, Record<Outcome, number>>>

const noDecisions = (): DecisionCounts => ({
  read: noOutcomes(),
  write: noOutcomes(),
  any: noOutcomes(),
  preflight: noOutcomes(),
  none: noOutcomes(),
})

/**
 * The counts of a limiter since `metrics()` was called for it. No client key is kept. All counts exist from
 * the start, so that a request increments a number and allocates nothing.
 */
export class LimiterTally {
  readonly limiter: MeteredLimiter
  /** The decisions by no plan. */
  readonly decisions: DecisionCounts = noDecisions()
  readonly decisionsByPlan: ReadonlyMap<string, DecisionCounts>
  readonly failures: Record<StoreFailureKind, number> = { timeout: 0, invalid_decision: 0, error: 0 }
  readonly bans: Record<BanEvent['cause'], number> = { refusals: 0, block: 0, unblock: 0, reset: 0 }
  /** Units by which settlements have changed charges. */
  readonly settledUnits: Record<'taken' | 'given_back', number> = { taken: 0, given_back: 0 }
  readonly durations: DurationBuckets = new DurationBuckets()
  readonly #onDuration: OnDuration | undefined

  constructor(limiter: MeteredLimiter, onDuration?: OnDuration) {
    this.limiter = limiter
    this.decisionsByPlan = new Map(limiter[LIMITER_DESCRIPTION].plans.map((plan) => [plan, noDecisions()]))
    this.#onDuration = onDuration
  }

  get description(): LimiterDescription {
    return this.limiter[LIMITER_DESCRIPTION]
  }

  onDecision(event: DecisionEvent): void {
    const ofPlan = event.plan === undefined ? undefined : this.decisionsByPlan.get(event.plan)
    const counts = ofPlan ?? this.decisions
    counts[event.class ?? 'none'][event.outcome]++
  }

  onStoreCall(event: StoreCallEvent): void {
    const durationSec = event.durationMs / 1000
    this.durations.observe(durationSec)
    this.#onDuration?.(durationSec)
  }

  onStoreFailure(event: StoreFailureEvent): void {
    this.failures[event.kind]++
  }

  onBan(event: BanEvent): void {
    this.bans[event.cause]++
  }

  onSettlement({ recordedBefore, recorded }: SettlementEvent): void {
    this.settledUnits.taken += Math.max(0, recorded - recordedBefore)
    this.settledUnits.given_back += Math.max(0, recordedBefore - recorded)
  }
}
