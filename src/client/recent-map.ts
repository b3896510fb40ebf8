/**
 * Remembers the values of recent texts: of the last `size` texts, and of up to as many before them. A text
 * that is looked up again is kept; others are forgotten.
 *
 * It has two maps, and the older one is dropped as a whole. That costs less than one map in order of use.
 */
export class RecentMap<Value> {
  readonly #size: number
  #recent = new Map<string, Value>()
  #older = new Map<string, Value>()

  constructor(size: number) {
    this.#size = size
  }

  get(text: string): Value | undefined {
    const recent = this.#recent.get(text)
    if (recent !== undefined) return recent
    const older = this.#older.get(text)
    if (older !== undefined) this.set(text, older)
    return older
  }

  set(text: string, value: Value): void {
    if (this.#recent.size >= this.#size) {
      this.#older = this.#recent
      this.#recent = new Map()
    }
    this.#recent.set(text, value)
  }
}
