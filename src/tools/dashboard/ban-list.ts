/** Bans remembered of one limiter. */
const MOST_BANS = 1000

/** How far a ban's end may move, in milliseconds, before it is noted anew. */
const ROUNDING_MS = 1000

/** A client's ban. */
export interface ListedBan {
  readonly key: string
  readonly endsInMs: number
}

/** The bans that were seen to begin or to refuse, as far as they go on: at most 1000, the newest of more. */
export class BanList {
  readonly #untilMs = new Map<string, number>()

  /** @param nowMs of a clock that never goes back, in milliseconds */
  note(key: string, endsInMs: number, nowMs: number): void {
    const untilMs = nowMs + endsInMs
    const known = this.#untilMs.get(key)
    if (known !== undefined && Math.abs(known - untilMs) < ROUNDING_MS) return
    this.#untilMs.set(key, untilMs)
    if (this.#untilMs.size <= MOST_BANS) return
    // A map keeps the order in which keys came. To look for bans that are over is for whoever reads the list.
    const [oldest] = this.#untilMs.keys()
    if (oldest !== undefined) this.#untilMs.delete(oldest)
  }

  end(key: string): void {
    this.#untilMs.delete(key)
  }

  isBanned(key: string, nowMs: number): boolean {
    return (this.#untilMs.get(key) ?? 0) > nowMs
  }

  /** The newest first. */
  bans(nowMs: number): readonly ListedBan[] {
    this.#forgetEnded(nowMs)
    return [...this.#untilMs].map(([key, untilMs]) => ({ key, endsInMs: untilMs - nowMs })).reverse()
  }

  #forgetEnded(nowMs: number): void {
    for (const [key, untilMs] of this.#untilMs) {
      if (untilMs <= nowMs) this.#untilMs.delete(key)
    }
  }
}
