/** The most bans that the list of one limiter keeps. */
const MOST_BANS = 1000

/** A change of a ban's end below this, in milliseconds, is a rounding difference and is not recorded. */
const ROUNDING_MS = 1000

/** A client's ban. */
export interface ListedBan {
  readonly key: string
  readonly endsInMs: number
}

/**
 * The active bans of a limiter that began or refused a request since the page exists: the newest 1000 at
 * most.
 */
export class BanList {
  readonly #endsAtMs = new Map<string, number>()

  /** @param nowMs of a clock that never goes back, in milliseconds */
  record(key: string, endsInMs: number, nowMs: number): void {
    const endsAtMs = nowMs + endsInMs
    const knownMs = this.#endsAtMs.get(key)
    if (knownMs !== undefined && Math.abs(knownMs - endsAtMs) < ROUNDING_MS) return
    this.#endsAtMs.set(key, endsAtMs)
    if (this.#endsAtMs.size <= MOST_BANS) return
    // A map keeps its keys in the order of their insertion. Bans that are over are removed when the list is
    // read.
    const [oldest] = this.#endsAtMs.keys()
    if (oldest !== undefined) this.#endsAtMs.delete(oldest)
  }

  remove(key: string): void {
    this.#endsAtMs.delete(key)
  }

  isBanned(key: string, nowMs: number): boolean {
    return (this.#endsAtMs.get(key) ?? 0) > nowMs
  }

  /** The newest first. */
  bans(nowMs: number): readonly ListedBan[] {
    this.#removeEnded(nowMs)
    return [...this.#endsAtMs].map(([key, endsAtMs]) => ({ key, endsInMs: endsAtMs - nowMs })).reverse()
  }

  #removeEnded(nowMs: number): void {
    for (const [key, endsAtMs] of this.#endsAtMs) {
      if (endsAtMs <= nowMs) this.#endsAtMs.delete(key)
    }
  }
}
