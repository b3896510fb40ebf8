/** What the pruner needs to know of an entry. */
export interface Prunable {
  readonly expiresAtMs: number
}

/** Entries looked at on the way of one charge: twice what a charge can add, so that pruning gains on it. */
const LOOKED_AT_PER_CHARGE = 2

/** Entries looked at in one go of the timer: about a tenth of a millisecond. */
const LOOKED_AT_PER_TICK = 1000

/** Pause between two goes of the timer: the shortest, while there is something to prune, and the longest. */
const SHORTEST_PAUSE_MS = 10
const LONGEST_PAUSE_MS = 1000

/** While nothing is found expired, one pass over the map is spread over this long. */
const QUIET_PASS_MS = 30_000

/**
 * Forgets expired entries without ever walking the whole map at once: it keeps its place in the map and
 * looks at a few entries at a time. Deleting is housekeeping only; no decision depends on it.
 */
export class Pruner {
  readonly #entries: Map<string, Prunable>
  readonly #now: () => number
  #place: Iterator<[string, Prunable]> | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(entries: Map<string, Prunable>, now: () => number) {
    this.#entries = entries
    this.#now = now
  }

  /** Looks at a few entries; tells how many it deleted. */
  prune(nowMs: number, most: number = LOOKED_AT_PER_CHARGE): number {
    let deleted = 0
    for (let looked = 0; looked < most; looked++) {
      const [key, entry] = this.#next() ?? []
      if (key === undefined || entry === undefined) break
      if (entry.expiresAtMs > nowMs) continue
      this.#entries.delete(key)
      deleted++
    }
    return deleted
  }

  /** Goes on pruning by itself until the map is empty. */
  start(): void {
    if (this.#timer === undefined) this.#schedule(LONGEST_PAUSE_MS)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #schedule(pauseMs: number): void {
    this.#timer = setTimeout(() => {
      const deleted = this.prune(this.#now(), LOOKED_AT_PER_TICK)
      this.#timer = undefined
      if (this.#entries.size > 0) this.#schedule(deleted > 0 ? SHORTEST_PAUSE_MS : this.#quietPauseMs())
    }, pauseMs)
    // A process that has nothing else to do must be able to end.
    this.#timer.unref()
  }

  #quietPauseMs(): number {
    const ticksPerPass = Math.ceil(this.#entries.size / LOOKED_AT_PER_TICK)
    return Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, QUIET_PASS_MS / ticksPerPass))
  }

  /** The next entry, from the top again after the last; undefined at the end. */
  #next(): [string, Prunable] | undefined {
    this.#place ??= this.#entries.entries()
    const next = this.#place.next()
    if (next.done !== true) return next.value
    this.#place = undefined
    return undefined
  }
}
