import { type Decision, type LimitState, tighter, tightestOf } from '../limits/decision.ts'
import { isSameCounter } from '../limits/limit.ts'
import type { Charge, Store } from '../stores/store.ts'
import type { TakenCharge } from './taken-charge.ts'

/** The tightest limit state that was shown in one place, and the states shown in other places before. */
interface ShownState {
  readonly place: string
  state: LimitState
  /** The limiter whose state it is. */
  by: DecisionView
  readonly next: ShownState | undefined
}

/** What a limiter shows of its decision. */
export interface DecisionView {
  readonly decision: Decision
  readonly policyCharge: { readonly charge: Pick<Charge, 'cost'> }
  readonly isEnforced: boolean
}

/** A limiter that has charged the request, with the charge. */
interface ChargedBy {
  readonly limiterId: symbol
  readonly charge: Charge
  readonly store: Store | undefined
  readonly next: ChargedBy | undefined
}

/** A charge that one limiter took for the request, and that can be settled. */
interface TakenBy {
  readonly limiterId: symbol
  readonly taken: TakenCharge
}

/** A charge that one limiter allowed on this request. */
export interface AllowedCharge {
  readonly decision: Decision
  readonly cost: number
}

/** Most requests meet one limiter. Lists that are empty at first take no memory. */
const EMPTY: readonly never[] = []

/**
 * What limiters have done to one request: which limiters charged it, and where their limits stand.
 *
 * A limiter that meets the request a second time finds its own id here and lets the request pass. A second
 * limiter finds what the first one showed, so that the client sees the tighter of the two.
 */
export class RequestState {
  #chargedBy: ChargedBy | undefined
  #announcedBy: readonly symbol[] = EMPTY
  #allowedCharges: readonly AllowedCharge[] = EMPTY
  #takenBy: readonly TakenBy[] = EMPTY
  #shown: ShownState | undefined
  #dialect: string | undefined

  /** Whether this limiter has charged the request, or has tried to. */
  hasCharged(limiterId: symbol): boolean {
    let charged = this.#chargedBy
    while (charged !== undefined && charged.limiterId !== limiterId) charged = charged.next
    return charged !== undefined
  }

  /**
   * Notes that a limiter has charged the request, or has tried to. Returns whether another limiter has charged the same
   * counter through another store.
   *
   * @param store undefined if the limiter has a store of its own
   */
  markCharged(limiterId: symbol, charge: Charge, store: Store | undefined): boolean {
    const chargedBefore = this.#chargedBy
    this.#chargedBy = { limiterId, charge, store, next: chargedBefore }
    // Most requests meet one limiter.
    return chargedBefore !== undefined && wasChargedElsewhere(chargedBefore, charge, store)
  }

  /**
   * Whether a limiter that charges nothing meets the request for the first time. It notes the meeting, so that
   * the limiter publishes one event for a request that it meets twice.
   */
  announceOnce(limiterId: symbol): boolean {
    if (this.#announcedBy.includes(limiterId)) return false
    this.#announcedBy = [...this.#announcedBy, limiterId]
    return true
  }

  /** Notes a charge that stays: the limiter will charge the client's next try the same. */
  addAllowed(charge: AllowedCharge): void {
    this.#allowedCharges = this.#allowedCharges === EMPTY ? [charge] : [...this.#allowedCharges, charge]
  }

  /** Notes a charge that can be settled. */
  addTaken(limiterId: symbol, taken: TakenCharge): void {
    this.#takenBy = [...this.#takenBy, { limiterId, taken }]
  }

  /** The charge of a limiter that can be settled; undefined if there is none. */
  takenBy(limiterId: symbol): TakenCharge | undefined {
    return this.#takenBy.find((one) => one.limiterId === limiterId)?.taken
  }

  /**
   * Whether the fields that several drafts share may be written in this dialect. The first limiter decides:
   * nobody can read a list whose members follow different drafts.
   */
  acceptsDialect(dialect: string | undefined): boolean {
    if (dialect === undefined) return true
    this.#dialect ??= dialect
    return this.#dialect === dialect
  }

  /**
   * The tightest of the limits of a decision and of all that were shown in the same place before. A limiter that is
   * enforced goes before one that is not, so that no client slows down for a limit that refuses nobody. Of two others the
   * one goes first that makes the client wait longer for another such request, and so the one that refuses.
   *
   * @param place a header format, or the property on the request
   */
  tightest(place: string, view: DecisionView): LimitState {
    const own = tightestOf(view.decision.limits)
    let shown = this.#shown
    while (shown !== undefined && shown.place !== place) shown = shown.next
    if (shown === undefined) {
      this.#shown = { place, state: own, by: view, next: this.#shown }
    } else if (goesFirst(view, own, shown)) {
      shown.state = own
      shown.by = view
    }
    return shown?.state ?? own
  }

  /**
   * Milliseconds until no limiter met so far refuses the request. The limiters met before have allowed it this
   * time, and may have too little left for the next try. Limiters further on are not known yet.
   */
  retryAfterMs(ownMs: number): number {
    return this.#allowedCharges.reduce(
      (latest, { decision, cost }) => Math.max(latest, msUntilRepeat(decision, cost)),
      ownMs,
    )
  }
}

/** Whether the state of a limiter is shown instead of that of a limiter before. */
function goesFirst(view: DecisionView, own: LimitState, { by, state }: ShownState): boolean {
  if (view.isEnforced !== by.isEnforced) return view.isEnforced
  const longerMs = waitMs(view) - waitMs(by)
  return longerMs === 0 ? tighter(state, own) === own : longerMs > 0
}

/** Milliseconds until the client may send another such request. */
function waitMs({ decision, policyCharge: { charge } }: DecisionView): number {
  return decision.allowed ? msUntilRepeat(decision, charge.cost) : decision.retryAfterMs
}

function wasChargedElsewhere(first: ChargedBy, charge: Charge, store: Store | undefined): boolean {
  if (store?.countersAt === undefined) return false
  for (let charged: ChargedBy | undefined = first; charged !== undefined; charged = charged.next) {
    const isOtherStore = charged.store !== store && charged.store?.countersAt === store.countersAt
    if (isOtherStore && charged.charge.key === charge.key && haveSameCounter(charged.charge, charge))
      return true
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
