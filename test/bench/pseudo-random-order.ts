/**
 * All numbers below `count`, each once and then again from the start, in an order that no cache foresees: a
 * linear congruential generator of full period below the next power of two (the multiplier and increment of
 * Numerical Recipes, chapter 7.1), whose high bits are folded into the low ones, since the low ones alone repeat
 * soon. The same order every time.
 */
export class PseudoRandomOrder {
  readonly #count: number
  readonly #mask: number
  readonly #shift: number
  #state = 0

  /** @param count from 1 to 2^30 */
  constructor(count: number) {
    const bits = 32 - Math.clz32(count - 1)
    this.#count = count
    this.#mask = 2 ** bits - 1
    this.#shift = Math.max(1, bits >>> 1)
  }

  next(): number {
    for (;;) {
      this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) & this.#mask
      const number = this.#state ^ (this.#state >>> this.#shift)
      if (number < this.#count) return number
    }
  }
}
