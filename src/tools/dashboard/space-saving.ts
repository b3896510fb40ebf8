/** The counter of a key. */
export interface Counter<Value> {
  readonly key: string
  /** At least as often as the key was added. */
  readonly count: number
  /** By how much `count` may be too high; it is never too low. */
  readonly error: number
  /** A value of the caller's; it is lost when another key takes over the counter. */
  value: Value | undefined
}

interface HeapCounter<Value> extends Counter<Value> {
  count: number
  /** Its index in the heap. */
  position: number
}

/**
 * The most frequent keys of a stream, in the memory of a few counters: Space-Saving of Metwally, Agrawal and
 * El Abbadi, "Efficient Computation of Frequent and Top-k Elements in Data Streams" (ICDT 2005).
 *
 * A key without a counter takes over the counter with the lowest count, and that count becomes its error. So
 * a count is never too low and is too high by at most `error`; `error` is at most `maxUncounted`; and
 * `maxUncounted` is at most the number of added keys divided by the number of counters. Every key that was
 * added more often than that has a counter (lemmas 3.3 and 3.4, theorem 3.5).
 */
export class SpaceSaving<Value> {
  readonly #capacity: number
  readonly #byKey = new Map<string, HeapCounter<Value>>()
  /** A binary heap with the lowest counter at the top. */
  readonly #heap: HeapCounter<Value>[] = []

  /** @param capacity the number of counters, a whole number of at least 1 */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /**
   * The most often that a key without a counter can have been added; 0 as long as all keys have a counter.
   */
  get maxUncounted(): number {
    return this.#heap.length < this.#capacity ? 0 : (this.#heap[0]?.count ?? 0)
  }

  get(key: string): Counter<Value> | undefined {
    return this.#byKey.get(key)
  }

  /** In no order. */
  counters(): readonly Counter<Value>[] {
    return this.#heap
  }

  /** Counts a key once more. */
  add(key: string): Counter<Value> {
    const known = this.#byKey.get(key)
    if (known === undefined) return this.#addNew(key)
    known.count++
    this.#siftDown(known)
    return known
  }

  #addNew(key: string): Counter<Value> {
    const lowest = this.#heap[0]
    if (lowest === undefined || this.#heap.length < this.#capacity) {
      const added = { key, count: 1, error: 0, value: undefined, position: this.#heap.length }
      this.#byKey.set(key, added)
      this.#heap.push(added)
      this.#siftUp(added)
      return added
    }
    this.#byKey.delete(lowest.key)
    const replacement = { key, count: lowest.count + 1, error: lowest.count, value: undefined, position: 0 }
    this.#byKey.set(key, replacement)
    this.#heap[0] = replacement
    this.#siftDown(replacement)
    return replacement
  }

  #siftUp(counter: HeapCounter<Value>): void {
    while (counter.position > 0) {
      const parent = this.#heap[(counter.position - 1) >> 1]
      if (parent === undefined || parent.count <= counter.count) return
      this.#swap(parent, counter)
    }
  }

  #siftDown(counter: HeapCounter<Value>): void {
    for (;;) {
      const left = this.#heap[2 * counter.position + 1]
      const right = this.#heap[2 * counter.position + 2]
      const lower = right !== undefined && left !== undefined && right.count < left.count ? right : left
      if (lower === undefined || lower.count >= counter.count) return
      this.#swap(counter, lower)
    }
  }

  #swap(parent: HeapCounter<Value>, child: HeapCounter<Value>): void {
    const { position } = parent
    parent.position = child.position
    child.position = position
    this.#heap[parent.position] = parent
    this.#heap[child.position] = child
  }
}
