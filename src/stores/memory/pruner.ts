import { MapCursor } from './map-cursor.ts'

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
  readonly #cursor: MapCursor<Prunable>
  #timer: NodeJS.Timeout | undefined

  /** Begins to prune by itself, so that no charge ever has to set a timer. */
  constructor(entries: Map<string, Prunable>, now: () => number) {
    this.#entries = entries
    this.#cursor = new MapCursor(entries)
    this.#now = now
    this.#schedule(LONGEST_PAUSE_MS)
  }

  /** Looks at a few entries; tells how many it deleted. */
  prune(nowMs: number, most: number = LOOKED_AT_PER_CHARGE): number {
    let deleted = 0
    for (let looked = 0; looked < most; looked++) {
      const [key, entry] = this.#cursor.next() ?? []
      if (key === undefined || entry === undefined) break
      if (entry.expiresAtMs > nowMs) continue
      this.#entries.delete(key)
      deleted++
    }
    return deleted
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #tick(): void {
    const deleted = this.prune(this.#now(), LOOKED_AT_PER_TICK)
    this.#schedule(deleted > 0 ? SHORTEST_PAUSE_MS : this.#quietPauseMs())
  }

  #schedule(pauseMs: number): void {
    // Held weakly: a store that its owner has dropped without closing it must not live on for its timer.
    const self = new WeakRef(this)
    this.#timer = setTimeout(() => {
      const pruner = self.deref()
      if (pruner !== undefined) pruner.#tick()
    }, pauseMs)
    // A process that has nothing else to do must be able to end.
    this.#timer.unref()
  }

  #quietPauseMs(): number {
    const ticksPerPass = Math.max(1, Math.ceil(this.#entries.size / LOOKED_AT_PER_TICK))
    return Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, QUIET_PASS_MS / ticksPerPass))
  }
}
