import { RateLimiterError } from '../../errors/rate-limiter-error.ts'
import { LimiterTally, type MeteredLimiter, type OnDuration } from './limiter-tally.ts'
import { subscribeTally, unsubscribeTally } from './tally-subscription.ts'

/** What `metrics()` returns. */
export interface Metering {
  /** Stops the counting and removes the series of the limiter. A second call does nothing. */
  close(): void
}

/**
 * Refers to its tally weakly. A strong reference would let a registry keep every limiter that it ever
 * measured.
 */
interface Member {
  readonly tally: WeakRef<LimiterTally>
  /** The calls of `add` that were not closed yet. */
  holders: number
}

/** The limiters that are measured on one registry or one meter. Keeps none of them alive. */
export class TallyGroup {
  readonly #target: 'registry' | 'meter'
  readonly #members = new Set<Member>()

  /** @param target what error messages name */
  constructor(target: 'registry' | 'meter') {
    this.#target = target
  }

  /** The tallies of the limiters that still exist. */
  tallies(): LimiterTally[] {
    const alive: LimiterTally[] = []
    for (const member of this.#members) {
      const tally = member.tally.deref()
      if (tally === undefined) this.#members.delete(member)
      else alive.push(tally)
    }
    return alive
  }

  /**
   * Starts the counting for a limiter. A limiter that was added twice is counted once, until both are closed.
   * @throws RateLimiterError `impossible_combination` if another limiter of the group has the same name
   */
  add(limiter: MeteredLimiter, onDuration?: OnDuration): Metering {
    const member = this.#memberOf(limiter) ?? this.#join(new LimiterTally(limiter, onDuration))
    member.holders++
    let isClosed = false
    const close = (): void => {
      if (isClosed) return
      isClosed = true
      member.holders--
      if (member.holders > 0) return
      this.#members.delete(member)
      const tally = member.tally.deref()
      if (tally !== undefined) unsubscribeTally(tally)
    }
    return { close }
  }

  #memberOf(limiter: MeteredLimiter): Member | undefined {
    return [...this.#members].find(({ tally }) => tally.deref()?.limiter === limiter)
  }

  #join(tally: LimiterTally): Member {
    const { name } = tally.description
    // Two series with the same labels are a duplicate line, and Prometheus rejects the whole scrape.
    if (this.tallies().some(({ description }) => description.name === name)) {
      throw new RateLimiterError({
        code: 'impossible_combination',
        problem: `another limiter named '${name}' is measured on this ${this.#target}`,
        remedy: `Give each limiter its own name, createRateLimiter({ name: '...' }), or close the metrics of the other.`,
      })
    }
    subscribeTally(tally)
    const member = { tally: new WeakRef(tally), holders: 0 }
    this.#members.add(member)
    return member
  }
}
