import { createHash } from 'node:crypto'
import type { BanEvent, DecisionEvent, Outcome } from '../../events/channels.ts'
import { type Decision, tightestOf } from '../../limits/decision.ts'
import { LIMITER_DESCRIPTION } from '../../limits/limiter-description.ts'
import type { RequestClass } from '../../limits/request-class.ts'
import { BanList } from './ban-list.ts'
import type { WatchedLimiter } from './dashboard-options.ts'
import type { ShowClient } from './masking.ts'
import { RateRing } from './rate-ring.ts'
import { type Ranked, RecentTop } from './recent-top.ts'
import type { LimiterState, RankedClient } from './snapshot.ts'
import { healthState, storeState } from './store-state.ts'

/** Rows of the tables of clients and of bans that are sent. */
const SHOWN_CLIENTS = 10
const SHOWN_BANS = 50

/** Characters of a key that are kept; whoever chooses its key shall not choose how much memory it takes. */
const LONGEST_KEY = 200

/** What became of a request whose client did not get what it asked for. */
const REFUSALS: ReadonlySet<Outcome> = new Set(['limited', 'banned', 'denied', 'unavailable'])

/** The last that was decided of a client. */
interface LastDecision {
  readonly decision: Decision
  readonly requestClass: RequestClass | undefined
  readonly atMs: number
}

/** What one limiter does, in bounded memory: rates, the busiest and the most refused clients, and bans. */
export class LimiterWatch {
  readonly #limiter: WatchedLimiter
  readonly #now: () => number
  readonly #ring = new RateRing()
  readonly #bans = new BanList()
  readonly #busiest: RecentTop<LastDecision | undefined>
  readonly #refused: RecentTop<LastDecision | undefined>

  /** @param now of a clock that never goes back, in milliseconds */
  constructor(limiter: WatchedLimiter, now: () => number) {
    this.#limiter = limiter
    this.#now = now
    this.#busiest = new RecentTop(now())
    this.#refused = new RecentTop(now())
  }

  decided({ outcome, key, class: requestClass, decision }: DecisionEvent): void {
    const atMs = this.#now()
    const isRefused = REFUSALS.has(outcome)
    this.#ring.count(!isRefused, atMs)
    const kept = keptKey(key)
    const last = decision === undefined ? undefined : { decision, requestClass, atMs }
    this.#busiest.add(kept, last, atMs)
    if (isRefused) this.#refused.add(kept, last, atMs)
    // A ban that began in another process, or before anybody watched.
    if (decision?.ban !== undefined) this.#bans.note(kept, decision.ban.endsInMs, atMs)
  }

  banned({ key, endsInMs }: BanEvent): void {
    if (endsInMs > 0) this.#bans.note(keptKey(key), endsInMs, this.#now())
    else this.#bans.end(keptKey(key))
  }

  state(show: ShowClient): LimiterState {
    const nowMs = this.#now()
    const { name, mode } = this.#limiter[LIMITER_DESCRIPTION]
    const bans = this.#bans.bans(nowMs)
    const rows = (top: RecentTop<LastDecision | undefined>): RankedClient[] =>
      top.top(SHOWN_CLIENTS, nowMs).map((ranked) => this.#clientState(ranked, show, nowMs))
    return {
      name,
      mode,
      ...this.#ring.rates(nowMs),
      busiest: rows(this.#busiest),
      mostRefused: rows(this.#refused),
      bans: bans.slice(0, SHOWN_BANS).map(({ key, endsInMs }) => {
        return { client: show(key), endsInSec: Math.ceil(endsInMs / 1000) }
      }),
      banCount: bans.length,
      health: healthState(this.#limiter),
      store: storeState(this.#limiter),
    }
  }

  #clientState(
    { key, least, most, note }: Ranked<LastDecision | undefined>,
    show: ShowClient,
    nowMs: number,
  ): RankedClient {
    const isBanned = this.#bans.isBanned(key, nowMs)
    return { client: show(key), least, most, isBanned, budget: budgetOf(note, nowMs) }
  }
}

/** What was left when last decided; undefined when nothing was counted, or when more may have come back since. */
function budgetOf(last: LastDecision | undefined, nowMs: number): RankedClient['budget'] {
  if (last === undefined || last.decision.limits.length === 0) return undefined
  const { remaining, limit, resetMs } = tightestOf(last.decision.limits)
  if (nowMs >= last.atMs + resetMs) return undefined
  return { remaining, limit, requestClass: last.requestClass ?? 'read' }
}

function keptKey(key: string): string {
  if (key.length <= LONGEST_KEY) return key
  const digest = createHash('sha256').update(key).digest('hex').slice(0, 16)
  return `${key.slice(0, LONGEST_KEY)}...${digest}`
}
