import type { IncomingMessage } from 'node:http'
import { type Decision, type LimitState, tighter } from '../limits/decision.ts'

interface ShownState {
  readonly state: LimitState
  readonly isEnforced: boolean
}

/** What a limiter took of a request, and what it said to it. */
export interface StandingCharge {
  readonly decision: Decision
  readonly cost: number
}

/**
 * What limiters have done on the way of one request: who charged it, and where their limits stand.
 *
 * A limiter that is mounted twice finds itself here and lets the request pass; a second limiter finds what
 * the first one said, and the tighter of the two is told to the client.
 */
export class Passage {
  readonly #limiters: object[] = []
  readonly #charges: StandingCharge[] = []
  #dialect: string | undefined
  readonly #tightest = new Map<string, ShownState>()

  /** Whether a limiter has charged the request, or tried to, when it was met before. */
  hasCharged(limiter: object): boolean {
    return this.#limiters.includes(limiter)
  }

  charge(limiter: object): void {
    this.#limiters.push(limiter)
  }

  /** Notes a charge that stays: the limiter will charge the client's next try the same. */
  add(charge: StandingCharge): void {
    this.#charges.push(charge)
  }

  /**
   * Whether the fields that the drafts share may be written in this dialect: the first limiter decides, for
   * a list whose members follow different drafts can be read by nobody.
   */
  speaks(dialect: string | undefined): boolean {
    if (dialect === undefined) return true
    this.#dialect ??= dialect
    return this.#dialect === dialect
  }

  /**
   * The tightest of `states` and of all that were shown before under the same label; one that is enforced
   * before one that is not, so that nobody slows down for a limit that refuses nobody.
   */
  tightest(label: string, states: readonly LimitState[], isEnforced: boolean): LimitState {
    const own = { state: states.reduce(tighter), isEnforced }
    const before = this.#tightest.get(label) ?? own
    const same = { state: tighter(before.state, own.state), isEnforced }
    const shown = before.isEnforced === isEnforced ? same : isEnforced ? own : before
    this.#tightest.set(label, shown)
    return shown.state
  }

  /**
   * Milliseconds until no limiter passed so far refuses the request. Those passed before have admitted it
   * this time, and may have too little left for the next. What comes behind is not known.
   */
  retryAfterMs(ownMs: number): number {
    const waits = this.#charges.map(msUntilRepeat)
    return Math.max(ownMs, ...waits)
  }
}

/** Milliseconds until a charge that was taken can be taken once more. */
function msUntilRepeat({ decision: { limits, repeatAfterMs }, cost }: StandingCharge): number {
  if (repeatAfterMs !== undefined) return repeatAfterMs
  return Math.max(0, ...limits.filter(({ remaining }) => remaining < cost).map(({ resetMs }) => resetMs))
}

/** Registered by name, so that two copies of this library (ESM beside CommonJS) know of each other. */
const PASSAGE: unique symbol = Symbol.for('express-tollgate.passage')

export function passageOf(req: IncomingMessage): Passage {
  const carrier = req as { [PASSAGE]?: Passage }
  carrier[PASSAGE] ??= new Passage()
  return carrier[PASSAGE]
}
