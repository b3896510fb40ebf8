import { createHash } from 'node:crypto'
import type { BanEvent, DecisionEvent } from '../../events/channels.ts'
import type { Outcome } from '../../events/outcome.ts'
import { type Decision, tightestOf } from '../../limits/decision.ts'
import { LIMITER_DESCRIPTION } from '../../limits/limiter-description.ts'
import type { RequestClass } from '../../limits/request-class.ts'
import { memoryStatsOf } from '../../stores/memory/memory-stats.ts'
import { BanList } from './ban-list.ts'
import type { ClientFormatter } from './client-formatter.ts'
import type { WatchedLimiter } from './dashboard-options.ts'
import { RateRing } from './rate-ring.ts'
import { type RankedKey, RecentTop } from './recent-top.ts'
import type { ClientBudget, HealthSnapshot, LimiterState, RankedClient } from './snapshot.ts'

/** The most rows that are sent of a table of clients and of the table of bans. */
const SHOWN_CLIENTS = 10
const SHOWN_BANS = 50

/**
 * The characters that are kept of a key. A client that chooses its key must not choose how much memory it
 * takes.
 */
const LONGEST_KEY = 200

/** The outcomes of requests that were refused. */
const REFUSALS: ReadonlySet<Outcome> = new Set(['limited', 'banned', 'denied', 'unavailable'])

/** The last decision on a client. */
interface LastDecision {
  readonly decision: Decision
  readonly requestClass: RequestClass | undefined
  readonly plan: string | undefined
  readonly atMs: number
}

type ClientRanking = RecentTop<LastDecision | undefined>

/** What one limiter does, in bounded memory: rates, the busiest and the most refused clients, and bans. */
export class LimiterWatch {
  readonly #limiter: WatchedLimiter
  readonly #now: () => number
  readonly #rates = new RateRing()
  readonly #bans = new BanList()
  readonly #busiest: ClientRanking
  readonly #mostRefused: ClientRanking

  /** @param now of a clock that never goes back, in milliseconds */
  constructor(limiter: WatchedLimiter, now: () => number) {
    this.#limiter = limiter
    this.#now = now
    this.#busiest = new RecentTop(now())
    this.#mostRefused = new RecentTop(now())
  }

  recordDecision({ outcome, key, class: requestClass, plan, decision }: DecisionEvent): void {
    const atMs = this.#now()
    const isRefused = REFUSALS.has(outcome)
    this.#rates.count(isRefused ? 'refused' : 'allowed', atMs)
    const keptKey = shortened(key)
    const last = decision === undefined ? undefined : { decision, requestClass, plan, atMs }
    this.#busiest.add(keptKey, last, atMs)
    if (isRefused) this.#mostRefused.add(keptKey, last, atMs)
    // No ban event shows a ban that began in another process, or before the page existed.
    if (decision?.ban !== undefined) this.#bans.record(keptKey, decision.ban.endsInMs, atMs)
  }

  recordBan({ key, endsInMs }: BanEvent): void {
    if (endsInMs > 0) this.#bans.record(shortened(key), endsInMs, this.#now())
    else this.#bans.remove(shortened(key))
  }

  /** @param nowMs of the same clock */
  state(format: ClientFormatter, nowMs: number): LimiterState {
    const { name, mode, settles } = this.#limiter[LIMITER_DESCRIPTION]
    const bans = this.#bans.bans(nowMs)
    const rows = (ranking: ClientRanking): RankedClient[] =>
      ranking.top(SHOWN_CLIENTS, nowMs).map((ranked) => this.#clientRow(ranked, format, nowMs))
    return {
      name,
      mode,
      unit: this.#unitOf('any'),
      settles,
      inFlight: inFlightOf(this.#limiter),
      ...this.#rates.rates(nowMs),
      busiest: rows(this.#busiest),
      mostRefused: rows(this.#mostRefused),
      bans: bans.slice(0, SHOWN_BANS).map(({ key, endsInMs }) => {
        return { client: format(key), endsInSec: Math.ceil(endsInMs / 1000) }
      }),
      banCount: bans.length,
      health: healthOf(this.#limiter),
      store: memoryStatsOf((this.#limiter as { readonly store?: unknown }).store),
    }
  }

  #clientRow(
    { key, minCount, maxCount, value }: RankedKey<LastDecision | undefined>,
    format: ClientFormatter,
    nowMs: number,
  ): RankedClient {
    const isBanned = this.#bans.isBanned(key, nowMs)
    return { client: format(key), minCount, maxCount, isBanned, budget: this.#budgetOf(value, nowMs) }
  }

  /**
   * What the last decision left; undefined if it charged nothing, or if more units may have come back since.
   */
  #budgetOf(last: LastDecision | undefined, nowMs: number): ClientBudget | undefined {
    if (last === undefined || last.decision.limits.length === 0) return undefined
    const { remaining, limit, resetMs } = tightestOf(last.decision.limits)
    if (nowMs >= last.atMs + resetMs) return undefined
    const { requestClass = 'any', plan } = last
    return { remaining, limit, unit: this.#unitOf(requestClass), requestClass, plan }
  }

  #unitOf(requestClass: RequestClass): string | undefined {
    if (this.#limiter.inFlight !== undefined) return 'places'
    return requestClass === 'preflight' ? undefined : this.#limiter[LIMITER_DESCRIPTION].unit
  }
}

function inFlightOf({ inFlight, waiting = 0 }: WatchedLimiter): LimiterState['inFlight'] {
  return inFlight === undefined ? undefined : { running: inFlight, waiting }
}

function healthOf({ health }: Pick<WatchedLimiter, 'health'>): HealthSnapshot {
  const { state, since, lastError, lateReplies } = health()
  return { state, sinceMs: since.getTime(), lastError: lastError?.code, lateReplies }
}

/** A digest keeps long keys with the same beginning apart. */
function shortened(key: string): string {
  if (key.length <= LONGEST_KEY) return key
  const digest = createHash('sha256').update(key).digest('hex').slice(0, 16)
  return `${key.slice(0, LONGEST_KEY)}...${digest}`
}
