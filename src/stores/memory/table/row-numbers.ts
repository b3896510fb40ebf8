/*
 * Writes the numbers of a row and reads them. Numbers have one of two forms in a row: narrow (one word
 * each) and wide (two words each). row-format.ts describes both.
 */
import type { NumberSink, NumberSource } from '../../../limits/algorithm.ts'

/** The state of one fixed window or one token bucket has three numbers. */
const FEWEST_WORDS = 3

/** Collects the numbers that are about to be written to a row. */
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

  /** Words that the numbers take in one of the forms. Rounded up, so that a client rarely needs a larger row. */
  wordsFor(isWide: boolean): number {
    // The wide form has one number more, the expiry.
    const words = isWide ? 2 * (this.#length + 1) : this.#length
    let room = FEWEST_WORDS
    while (room < words) room *= 2
    return room
  }

  /**
   * Writes each number in one word, and an instant as the time from it to `baseMs`.
   *
   * @returns false where a number does not fit; the words then hold nothing of use
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

  /** Writes each number unchanged, in two words. */
  writeWide(into: Int32Array, start: number): void {
    for (let index = 0; index < this.#length; index++) {
      writeDouble(into, start + 2 * index, this.#values[index] ?? 0)
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

  /** Starts at the first number of a narrow row, which keeps an instant as the time from it to `baseMs`. */
  openNarrow(words: Int32Array, start: number, baseMs: number): void {
    this.#words = words
    this.#at = start
    this.#isWide = false
    this.#baseMs = baseMs
  }

  /** Starts at a number of a wide row. */
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
      return readDouble(this.#words, at)
    }
    this.#at = at + 1
    return (this.#words[at] ?? 0) >>> 0
  }
}

const double = new Float64Array(1)
const doubleWords = new Int32Array(double.buffer)

/** Writes any number, unchanged, as two words. */
export function writeDouble(into: Int32Array, at: number, value: number): void {
  double[0] = value
  into[at] = doubleWords[0] ?? 0
  into[at + 1] = doubleWords[1] ?? 0
}

/** Reads what {@link writeDouble} wrote. */
export function readDouble(from: Int32Array, at: number): number {
  doubleWords[0] = from[at] ?? 0
  doubleWords[1] = from[at + 1] ?? 0
  return double[0] ?? 0
}
