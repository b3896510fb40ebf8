import { type Decision, tighter, tightestOf } from '../limits/decision.ts'
import { isSameCounter } from '../limits/limit.ts'
import type { Charge, Store } from '../stores/store.ts'
import type { TakenCharge } from './taken-charge.ts'

/** A limiter that a request meets. */
export interface MetLimiter {
  /** Identifies the limiter on a request. */
  readonly id: symbol
  /** Where it shows its limits: its header formats, and its property on the request. */
  readonly places: readonly string[]
  readonly settings: {
    /** Undefined if the limiter has a store of its own. */
    readonly store: Store | undefined
  }
}

/** What a limiter has done to a request that it has charged, or has tried to charge. */
export interface Visit {
  readonly limiter: MetLimiter
  readonly policyCharge: { readonly charge: Charge }
  /** Undefined where the store failed. */
  readonly decision: Decision | undefined
  readonly isEnforced: boolean
  /** Whether the limiter will charge the client's next try the same. */
  chargesNextTry: boolean
  /** The charge, where it can be settled. */
  taken: TakenCharge | undefined
  /** The visit before. */
  before: Visit | undefined
}

/** A visit in which the store has answered. */
export interface DecidedVisit extends Visit {
  readonly decision: Decision
}

/** Whether the store has answered. */
export function isDecided<Some extends Visit>(visit: Some): visit is Some & DecidedVisit {
  return visit.decision !== undefined
}

/** Whether the limits of a visit are shown instead of those of another. */
export function goesFirst(one: DecidedVisit, other: DecidedVisit): boolean {
  if (one.isEnforced !== other.isEnforced) return one.isEnforced
  const longerMs = waitMs(one) - waitMs(other)
  if (longerMs !== 0) return longerMs > 0
  const own = tightestOf(one.decision.limits)
  return tighter(tightestOf(other.decision.limits), own) === own
}

/** Milliseconds until the client may send another such request. */
export function waitMs({ decision, policyCharge: { charge } }: DecidedVisit): number {
  return decision.allowed ? msUntilRepeat(decision, charge.cost) : decision.retryAfterMs
}

/** Whether a limiter before has charged the same counter through another store. */
export function wasChargedElsewhere({ limiter, policyCharge: { charge }, before }: Visit): boolean {
  const { store } = limiter.settings
  if (store?.countersAt === undefined) return false
  for (let visit = before; visit !== undefined; visit = visit.before) {
    const other = visit.limiter.settings.store
    const isOtherStore = other !== store && other?.countersAt === store.countersAt
    const { charge: chargeBefore } = visit.policyCharge
    if (isOtherStore && chargeBefore.key === charge.key && haveSameCounter(chargeBefore, charge)) return true
  }
  return false
}

/** Whether two charges of one key have a limit whose counter is the same. */
function haveSameCounter({ limits }: Charge, other: Charge): boolean {
  return limits.some((limit) => other.limits.some((otherLimit) => isSameCounter(limit, otherLimit)))
}

/** Milliseconds until a charge that was allowed can be allowed once more. */
export function msUntilRepeat({ limits, repeatAfterMs }: Decision, cost: number): number {
  if (repeatAfterMs !== undefined) return repeatAfterMs
  return Math.max(0, ...limits.filter(({ remaining }) => remaining < cost).map(({ resetMs }) => resetMs))
}
