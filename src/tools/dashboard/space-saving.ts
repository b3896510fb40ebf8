/** A key that is counted at present. */
export interface Counter<Note> {
  readonly key: string
  /** At least as often as the key was seen. */
  readonly count: number
  /** By how much `count` may be too high; it is never too low. */
  readonly error: number
  /** What the caller remembers with the key; gone with it. */
  note: Note | undefined
}

interface HeapCounter<Note> extends Counter<Note> {
  count: number
  /** Where it stands in the heap. */
  place: number
}

/**
 * The most frequent keys of a stream, in the memory of a few counters: Space-Saving of Metwally, Agrawal and
 * El Abbadi, "Efficient Computation of Frequent and Top-k Elements in Data Streams" (ICDT 2005).
 *
 * A key without a counter takes over the lowest one, with what it has counted as its error. So a count is never too
 * low, it is too high by at most `error`, `error` is at most `least`, and `least` is at most the number of keys seen
 * divided by the number of counters: every key that was seen more often than that has a counter (lemmas 3.3 and 3.4,
 * theorem 3.5).
 */
export class SpaceSaving<Note> {
  readonly #most: number
  readonly #byKey = new Map<string, HeapCounter<Note>>()
  /** A binary heap with the lowest counter on top. */
  readonly #heap: HeapCounter<Note>[] = []

  /** @param most counters, a whole number of at least 1 */
  constructor(most: number) {
    this.#most = most
  }

  /** What a key without a counter may have been seen at most; 0 as long as all keys have one. */
  get least(): number {
    return this.#heap.length < this.#most ? 0 : (this.#heap[0]?.count ?? 0)
  }

  get(key: string): Counter<Note> | undefined {
    return this.#byKey.get(key)
  }

  /** In no order. */
  counters(): readonly Counter<Note>[] {
    return this.#heap
  }

  /** Counts a key once more. */
  add(key: string): Counter<Note> {
    const known = this.#byKey.get(key)
    if (known === undefined) return this.#admit(key)
    known.count++
    this.#sink(known)
    return known
  }

  #admit(key: string): Counter<Note> {
    const lowest = this.#heap[0]
    if (lowest === undefined || this.#heap.length < this.#most) {
      const fresh = { key, count: 1, error: 0, note: undefined, place: this.#heap.length }
      this.#byKey.set(key, fresh)
      this.#heap.push(fresh)
      this.#rise(fresh)
      return fresh
    }
    this.#byKey.delete(lowest.key)
    const heir = { key, count: lowest.count + 1, error: lowest.count, note: undefined, place: 0 }
    this.#byKey.set(key, heir)
    this.#heap[0] = heir
    this.#sink(heir)
    return heir
  }

  #rise(counter: HeapCounter<Note>): void {
    while (counter.place > 0) {
      const above = this.#heap[(counter.place - 1) >> 1]
      if (above === undefined || above.count <= counter.count) return
      this.#swap(above, counter)
    }
  }

  #sink(counter: HeapCounter<Note>): void {
    for (;;) {
      const left = this.#heap[2 * counter.place + 1]
      const right = this.#heap[2 * counter.place + 2]
      const lower = right !== undefined && left !== undefined && right.count < left.count ? right : left
      if (lower === undefined || lower.count >= counter.count) return
      this.#swap(counter, lower)
    }
  }

  #swap(above: HeapCounter<Note>, below: HeapCounter<Note>): void {
    const { place } = above
    above.place = below.place
    below.place = place
    this.#heap[above.place] = above
    this.#heap[below.place] = below
  }
}
