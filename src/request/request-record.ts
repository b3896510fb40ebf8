import type { TakenCharge } from './taken-charge.ts'
import { type DecidedVisit, goesFirst, isDecided, type Visit, waitMs } from './visit.ts'

/** What handlers read on the request, under the name of its property. */
interface NamedValue {
  readonly name: string
  read: () => unknown
  readonly next: NamedValue | undefined
}

/** Most requests are announced by nobody. A list that is empty at first takes no memory. */
const NOBODY: readonly never[] = []

/**
 * Everything that this library keeps for one request: what limiters have done to it, and what handlers read.
 *
 * A limiter that meets the request a second time finds its own visit here and lets the request pass. A second
 * limiter finds what the first one showed, so that the client sees the tighter of the two.
 */
export class RequestRecord {
  #latest: Visit | undefined
  #announcedBy: readonly symbol[] = NOBODY
  #dialect: string | undefined
  /** The values of the properties that limiters set. */
  #values: NamedValue | undefined

  /** Whether this limiter has charged the request, or has tried to. */
  hasCharged(limiterId: symbol): boolean {
    return this.#visitOf(limiterId) !== undefined
  }

  /** Notes that a limiter has charged the request, or has tried to. */
  addVisit(visit: Visit): void {
    visit.before = this.#latest
    this.#latest = visit
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

  /** The charge of a limiter that can be settled; undefined if there is none. */
  takenBy(limiterId: symbol): TakenCharge | undefined {
    return this.#visitOf(limiterId)?.taken
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
   * The visit whose limits are shown in a place: the latest, or that of a limiter before. A limiter that is enforced goes
   * before one that is not, so that no client slows down for a limit that refuses nobody. Of two others the one goes first
   * that makes the client wait longer for another such request, and so the one that refuses. Of equal ones the first.
   *
   * @param place a header format, or the property on the request
   */
  visitShownIn(place: string, latest: DecidedVisit): DecidedVisit {
    let shown = latest
    for (let visit = latest.before; visit !== undefined; visit = visit.before) {
      if (isDecided(visit) && visit.limiter.places.includes(place) && !goesFirst(shown, visit)) shown = visit
    }
    return shown
  }

  /**
   * Milliseconds until no limiter met so far refuses the request. The limiters met before have allowed it this
   * time, and may have too little left for the next try. Limiters further on are not known yet.
   */
  retryAfterMs(ownMs: number): number {
    let longestMs = ownMs
    for (let visit = this.#latest; visit !== undefined; visit = visit.before) {
      if (visit.chargesNextTry && isDecided(visit)) longestMs = Math.max(longestMs, waitMs(visit))
    }
    return longestMs
  }

  /** @param read returns the value, each time the same one. Most values are never read, so none is made before */
  setValue(name: string, read: () => unknown): void {
    const known = this.#find(name)
    if (known === undefined) this.#values = { name, read, next: this.#values }
    else known.read = read
  }

  readValue(name: string): unknown {
    return this.#find(name)?.read()
  }

  #visitOf(limiterId: symbol): Visit | undefined {
    let visit = this.#latest
    while (visit !== undefined && visit.limiter.id !== limiterId) visit = visit.before
    return visit
  }

  #find(name: string): NamedValue | undefined {
    let found = this.#values
    while (found !== undefined && found.name !== name) found = found.next
    return found
  }
}
