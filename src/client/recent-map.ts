/**
 * Remembers what was made of texts lately: the last so many of them, and up to as many before. A text that comes
 * again is found; one that never does is forgotten. (Two maps, of which the older one goes at once, cost less than
 * one that keeps an order.)
 */
export class RecentMap<Value> {
  readonly #most: number
  #recent = new Map<string, Value>()
  #older = new Map<string, Value>()

  constructor(most: number) {
    this.#most = most
  }

  get(text: string): Value | undefined {
    const recent = this.#recent.get(text)
    if (recent !== undefined) return recent
    const older = this.#older.get(text)
    if (older !== undefined) this.set(text, older)
    return older
  }

  set(text: string, value: Value): void {
    if (this.#recent.size >= this.#most) {
      this.#older = this.#recent
      this.#recent = new Map()
    }
    this.#recent.set(text, value)
  }
}
