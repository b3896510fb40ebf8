import { SpaceSaving } from './space-saving.ts'

/** The length of a counting period, in milliseconds. */
export const PERIOD_MS = 300_000

/** Counters of one period. The page shows a tenth of them, so that the error of the shown counts is small. */
const COUNTERS = 100

/** A key and how often it was added in the last 5 to 10 minutes: `minCount` to `maxCount` times. */
export interface RankedKey<Value> {
  readonly key: string
  readonly minCount: number
  readonly maxCount: number
  /** The value that was added last. */
  readonly value: Value | undefined
}

/**
 * The most frequent keys of the current period and the one before it. When a period is over, its counters
 * become those of the previous period, and the counters before them are dropped as a whole. So no single
 * count needs a time.
 */
export class RecentTop<Value> {
  #current = new SpaceSaving<Value>(COUNTERS)
  #previous = new SpaceSaving<Value>(COUNTERS)
  #periodStartMs: number

  /** @param nowMs of a clock that never goes back, in milliseconds */
  constructor(nowMs: number) {
    this.#periodStartMs = nowMs
  }

  add(key: string, value: Value, nowMs: number): void {
    this.#advanceTo(nowMs)
    this.#current.add(key).value = value
  }

  /** At most `length` keys with the highest counts, the highest first. */
  top(length: number, nowMs: number): readonly RankedKey<Value>[] {
    this.#advanceTo(nowMs)
    const keys = new Set([...this.#current.counters(), ...this.#previous.counters()].map(({ key }) => key))
    return [...keys]
      .map((key) => this.#ranked(key))
      .sort((one, other) => other.maxCount - one.maxCount || other.minCount - one.minCount)
      .slice(0, length)
  }

  #ranked(key: string): RankedKey<Value> {
    const current = this.#current.get(key)
    const previous = this.#previous.get(key)
    return {
      key,
      minCount:
        (current?.count ?? 0) - (current?.error ?? 0) + (previous?.count ?? 0) - (previous?.error ?? 0),
      // A key without a counter in a period may still have been added in that period.
      maxCount:
        (current?.count ?? this.#current.maxUncounted) + (previous?.count ?? this.#previous.maxUncounted),
      value: current?.value ?? previous?.value,
    }
  }

  #advanceTo(nowMs: number): void {
    const periods = Math.floor((nowMs - this.#periodStartMs) / PERIOD_MS)
    if (periods < 1) return
    this.#previous = periods === 1 ? this.#current : new SpaceSaving(COUNTERS)
    this.#current = new SpaceSaving(COUNTERS)
    this.#periodStartMs += periods * PERIOD_MS
  }
}
