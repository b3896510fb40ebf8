import { SpaceSaving } from './space-saving.ts'

/** How long one generation counts, in milliseconds. */
export const GENERATION_MS = 300_000

/** Counters of a generation; the page shows a tenth of them, so that the error of those is small. */
const COUNTERS = 100

/** A key and how often it was seen in the last 5 to 10 minutes. */
export interface Ranked<Note> {
  readonly key: string
  /** It was seen so often at least. */
  readonly least: number
  /** It was seen so often at most. */
  readonly most: number
  /** The newest note. */
  readonly note: Note | undefined
}

/**
 * The most frequent keys of late. One generation of counters fills while the one before it is still read, and is
 * forgotten as a whole: no single count needs a time.
 */
export class RecentTop<Note> {
  #current = new SpaceSaving<Note>(COUNTERS)
  #former = new SpaceSaving<Note>(COUNTERS)
  #sinceMs: number

  /** @param nowMs of a clock that never goes back, in milliseconds */
  constructor(nowMs: number) {
    this.#sinceMs = nowMs
  }

  add(key: string, note: Note, nowMs: number): void {
    this.#turnTo(nowMs)
    this.#current.add(key).note = note
  }

  /** The `most` keys with the highest counts, the highest first. */
  top(most: number, nowMs: number): readonly Ranked<Note>[] {
    this.#turnTo(nowMs)
    const keys = new Set([...this.#current.counters(), ...this.#former.counters()].map(({ key }) => key))
    return [...keys]
      .map((key) => this.#ranked(key))
      .sort((one, other) => other.most - one.most || other.least - one.least)
      .slice(0, most)
  }

  #ranked(key: string): Ranked<Note> {
    const now = this.#current.get(key)
    const then = this.#former.get(key)
    return {
      key,
      least: (now?.count ?? 0) - (now?.error ?? 0) + (then?.count ?? 0) - (then?.error ?? 0),
      // One that a generation has no counter for may still have been seen by it.
      most: (now?.count ?? this.#current.least) + (then?.count ?? this.#former.least),
      note: now?.note ?? then?.note,
    }
  }

  #turnTo(nowMs: number): void {
    const generations = Math.floor((nowMs - this.#sinceMs) / GENERATION_MS)
    if (generations < 1) return
    this.#former = generations === 1 ? this.#current : new SpaceSaving(COUNTERS)
    this.#current = new SpaceSaving(COUNTERS)
    this.#sinceMs += generations * GENERATION_MS
  }
}
