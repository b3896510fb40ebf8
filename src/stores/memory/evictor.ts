import { type BanState, banEndsInMs } from '../../limits/ban.ts'
import { MapCursor } from './map-cursor.ts'

/** What the evictor needs to know of an entry. */
export interface Evictable {
  readonly expiresAtMs: number
  readonly ban: BanState | undefined
  /** How much of its tightest limit it has used: from 0 to 1, where 1 is refused. */
  readonly fullness: number
}

/** Entries compared for one that is evicted. */
const COMPARED = 16

/** Entries looked at when all of those are refused clients, which shall not go free for a newcomer's sake. */
const LOOKED_AT_MOST = 256

/** Chooses who is forgotten when the store is full: an expired client, else the one furthest from its limit. */
export class Evictor {
  readonly #entries: Map<string, Evictable>
  readonly #cursor: MapCursor<Evictable>

  constructor(entries: Map<string, Evictable>) {
    this.#entries = entries
    this.#cursor = new MapCursor(entries)
  }

  evictOne(nowMs: number): void {
    let victim: string | undefined
    let lowest = Number.POSITIVE_INFINITY
    for (let looked = 0; looked < COMPARED || (lowest >= 1 && looked < LOOKED_AT_MOST); looked++) {
      const [key, entry] = this.#cursor.next() ?? []
      if (key === undefined || entry === undefined) break
      const rank = rankOf(entry, nowMs)
      if (rank >= lowest) continue
      lowest = rank
      victim = key
    }
    if (victim !== undefined) this.#entries.delete(victim)
  }
}

/** Who ranks lowest is forgotten first. Of those who are refused, the banned go last. */
function rankOf({ expiresAtMs, fullness, ban }: Evictable, nowMs: number): number {
  if (expiresAtMs <= nowMs) return -1
  return banEndsInMs(ban, nowMs) > 0 ? 2 : fullness
}
