import type { NumberSink, NumberSource } from '../../../limits/algorithm.ts'
import { floatAt, putFloat } from './float-words.ts'

/** So many words hold the numbers of one window or bucket. */
const FEWEST_WORDS = 3

/** Numbers that are about to be written on a row. */
export class NumberWriter implements NumberSink {
  #values = new Float64Array(32)
  #isInstant = new Uint8Array(32)
  #length = 0

  clear(): void {
    this.#length = 0
  }

  instant(ms: number): void {
    this.#put(ms, 1)
  }

  amount(value: number): void {
    this.#put(value, 0)
  }

  /** Words that the numbers take in either form, rounded up so that a client seldom grows out of its row. */
  wordsFor(isWide: boolean): number {
    // In the wide form the expiry is a number more.
    const words = isWide ? 2 * (this.#length + 1) : this.#length
    let room = FEWEST_WORDS
    while (room < words) room *= 2
    return room
  }

  /**
   * Writes each number in a word, an instant as the time from it to `baseMs`. Answers false, with the words
   * worthless, where one does not fit.
   */
  writeNarrow(into: Int32Array, start: number, baseMs: number): boolean {
    for (let index = 0; index < this.#length; index++) {
      const value = this.#values[index] ?? 0
      const word = this.#isInstant[index] === 1 ? baseMs - value : value
      if (word >>> 0 !== word) return false
      into[start + index] = word
    }
    return true
  }

  /** Writes each number in two words, as it is. */
  writeWide(into: Int32Array, start: number): void {
    for (let index = 0; index < this.#length; index++) {
      putFloat(into, start + 2 * index, this.#values[index] ?? 0)
    }
  }

  #put(value: number, isInstant: 0 | 1): void {
    if (this.#length === this.#values.length) this.#grow()
    this.#values[this.#length] = value
    this.#isInstant[this.#length] = isInstant
    this.#length++
  }

  #grow(): void {
    const [values, isInstant] = [this.#values, this.#isInstant]
    this.#values = new Float64Array(2 * values.length)
    this.#isInstant = new Uint8Array(2 * values.length)
    this.#values.set(values)
    this.#isInstant.set(isInstant)
  }
}

/** Reads the numbers of a row, one after another. */
export class NumberReader implements NumberSource {
  #words: Int32Array = new Int32Array(0)
  #at = 0
  #isWide = false
  #baseMs = 0

  /** Of a narrow row, whose instants are kept as the time from them to `baseMs`. */
  openNarrow(words: Int32Array, start: number, baseMs: number): void {
    this.#words = words
    this.#at = start
    this.#isWide = false
    this.#baseMs = baseMs
  }

  openWide(words: Int32Array, start: number): void {
    this.#words = words
    this.#at = start
    this.#isWide = true
  }

  instant(): number {
    const value = this.amount()
    return this.#isWide ? value : this.#baseMs - value
  }

  amount(): number {
    const at = this.#at
    if (this.#isWide) {
      this.#at = at + 2
      return floatAt(this.#words, at)
    }
    this.#at = at + 1
    return (this.#words[at] ?? 0) >>> 0
  }
}
