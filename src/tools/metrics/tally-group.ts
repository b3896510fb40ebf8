import { RateLimiterError } from '../../errors/rate-limiter-error.ts'
import { LimiterTally, type MeteredLimiter, type OnDuration } from './limiter-tally.ts'
import { listen, stopListening } from './listening.ts'

/** What `metrics()` returns. */
export interface Metering {
  /** Stops counting, and takes the limiter's series away. Harmless when called again. */
  close(): void
}

/** Knows its tally weakly: strongly, a registry that lives on would keep every limiter it has ever measured. */
interface Member {
  readonly tally: WeakRef<LimiterTally>
  /** How many have asked for it and not closed it. */
  holders: number
}

/** The limiters measured in one place, a registry or a meter. Keeps none of them alive. */
export class TallyGroup {
  readonly #place: string
  readonly #members = new Set<Member>()

  /** @param place what messages call it: `registry` or `meter` */
  constructor(place: string) {
    this.#place = place
  }

  /** The tallies of limiters that are still there. */
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
   * Counts for a limiter; one that is here already is counted once, until all who asked for it have closed.
   * @throws RateLimiterError `impossible_combination` when another limiter has the same name here
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
      if (tally !== undefined) stopListening(tally)
    }
    return { close }
  }

  #memberOf(limiter: MeteredLimiter): Member | undefined {
    return [...this.#members].find(({ tally }) => tally.deref()?.limiter === limiter)
  }

  #join(tally: LimiterTally): Member {
    const { name } = tally.description
    // Two series with the same labels are one line twice, and a scrape with that is refused as a whole.
    if (this.tallies().some(({ description }) => description.name === name)) {
      throw new RateLimiterError({
        code: 'impossible_combination',
        problem: `another limiter named '${name}' is measured on this ${this.#place}`,
        remedy: `Give each a name of its own, createRateLimiter({ name: '...' }), or close the metrics of the other.`,
      })
    }
    listen(tally)
    const member = { tally: new WeakRef(tally), holders: 0 }
    this.#members.add(member)
    return member
  }
}
