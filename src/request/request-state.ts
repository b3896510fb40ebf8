import type { IncomingMessage } from 'node:http'
import { type Decision, type LimitState, tighter, tightestOf } from '../limits/decision.ts'

/** The tightest state that was shown under a label, and what was shown under others before. */
interface ShownState {
  readonly label: string
  state: LimitState
  isEnforced: boolean
  readonly next: ShownState | undefined
}

/** A value that the request carries under a name, and those under others before. */
interface Kept {
  readonly name: string
  value: unknown
  readonly next: Kept | undefined
}

/** What a limiter took of a request, and what it said to it. */
export interface AdmittedCharge {
  readonly decision: Decision
  readonly cost: number
}

/** Most requests pass one limiter: lists that are empty at first take no memory. */
const EMPTY: readonly never[] = []

/**
 * What limiters have done on the way of one request: who charged it, and where their limits stand.
 *
 * A limiter that is mounted twice finds itself here and lets the request pass; a second limiter finds what
 * the first one said, and the tighter of the two is told to the client.
 */
export class RequestState {
  #limiters: readonly object[] = EMPTY
  #charges: readonly AdmittedCharge[] = EMPTY
  #announcedBy: readonly object[] = EMPTY
  #shown: ShownState | undefined
  #dialect: string | undefined
  #kept: Kept | undefined

  /** Whether a limiter has charged the request, or tried to, when it was met before. */
  hasCharged(limiter: object): boolean {
    return this.#limiters.includes(limiter)
  }

  markCharged(limiter: object): void {
    this.#limiters = this.#limiters === EMPTY ? [limiter] : [...this.#limiters, limiter]
  }

  /** Whether a limiter that charges nothing is met for the first time: what it has published once is known. */
  announceOnce(limiter: object): boolean {
    if (this.#announcedBy.includes(limiter)) return false
    this.#announcedBy = [...this.#announcedBy, limiter]
    return true
  }

  /** Notes a charge that stays: the limiter will charge the client's next try the same. */
  addAdmitted(charge: AdmittedCharge): void {
    this.#charges = this.#charges === EMPTY ? [charge] : [...this.#charges, charge]
  }

  /**
   * Whether the fields that the drafts share may be written in this dialect: the first limiter decides, for
   * a list whose members follow different drafts can be read by nobody.
   */
  acceptsDialect(dialect: string | undefined): boolean {
    if (dialect === undefined) return true
    this.#dialect ??= dialect
    return this.#dialect === dialect
  }

  /**
   * The tightest of `states` and of all that were shown before under the same label; one that is enforced
   * before one that is not, so that nobody slows down for a limit that refuses nobody.
   */
  tightest(label: string, states: readonly LimitState[], isEnforced: boolean): LimitState {
    const own = tightestOf(states)
    let shown = this.#shown
    while (shown !== undefined && shown.label !== label) shown = shown.next
    if (shown === undefined) {
      this.#shown = { label, state: own, isEnforced, next: this.#shown }
      return own
    }
    if (shown.isEnforced === isEnforced) shown.state = tighter(shown.state, own)
    else if (isEnforced) {
      shown.state = own
      shown.isEnforced = true
    }
    return shown.state
  }

  /** Keeps what the request is to carry under a name. */
  keep(name: string, value: unknown): void {
    const known = this.#find(name)
    if (known === undefined) this.#kept = { name, value, next: this.#kept }
    else known.value = value
  }

  kept(name: string): unknown {
    return this.#find(name)?.value
  }

  #find(name: string): Kept | undefined {
    let kept = this.#kept
    while (kept !== undefined && kept.name !== name) kept = kept.next
    return kept
  }

  /**
   * Milliseconds until no limiter passed so far refuses the request. Those passed before have admitted it
   * this time, and may have too little left for the next. What comes behind is not known.
   */
  retryAfterMs(ownMs: number): number {
    return this.#charges.reduce((latest, charge) => Math.max(latest, msUntilRepeat(charge)), ownMs)
  }
}

/** Milliseconds until a charge that was taken can be taken once more. */
function msUntilRepeat({ decision: { limits, repeatAfterMs }, cost }: AdmittedCharge): number {
  if (repeatAfterMs !== undefined) return repeatAfterMs
  return Math.max(0, ...limits.filter(({ remaining }) => remaining < cost).map(({ resetMs }) => resetMs))
}

/** Registered by name, so that two copies of this library (ESM beside CommonJS) know of each other. */
const PASSAGES: unique symbol = Symbol.for('express-tollgate.states')

// Beside the requests, and not on them: to add a property to a request of Express takes Node 20 microseconds.
const shared = globalThis as { [PASSAGES]?: WeakMap<IncomingMessage, RequestState> }
shared[PASSAGES] ??= new WeakMap()
const states = shared[PASSAGES]

export function requestStateOf(req: IncomingMessage): RequestState {
  let state = states.get(req)
  if (state === undefined) {
    state = new RequestState()
    states.set(req, state)
  }
  return state
}
