import { AddressKeys, type Latin1Slicing } from './address-keys.ts'
import { PseudoRandomOrder } from './pseudo-random-order.ts'

/** Keys in an endless, pseudo-random, repeatable order; every `count` of them are all of them. */
export interface KeySource {
  readonly count: number
  next(): string
}

/** A new string for each decision, as each request brings its own. */
export class FreshKeys implements KeySource {
  readonly #keys = new AddressKeys()
  readonly #order: PseudoRandomOrder
  readonly count: number

  constructor(count: number) {
    this.count = count
    this.#order = new PseudoRandomOrder(count)
  }

  next(): string {
    return this.#keys.fresh(this.#order.next())
  }
}

/** The same strings over and over, of which V8 knows the hash, and which it compares by identity. */
export class ReusedKeys implements KeySource {
  readonly #order: PseudoRandomOrder
  readonly #keys: readonly string[]

  constructor(keys: readonly string[]) {
    this.#keys = keys
    this.#order = new PseudoRandomOrder(keys.length)
  }

  get count(): number {
    return this.#keys.length
  }

  next(): string {
    return this.#keys[this.#order.next()] ?? ''
  }
}

/** New strings for each decision out of a table of given texts. */
export class FreshTexts implements KeySource {
  readonly #bytes: Buffer & Latin1Slicing
  readonly #ends: Uint32Array
  readonly #order: PseudoRandomOrder
  readonly count: number

  constructor(texts: readonly string[]) {
    this.count = texts.length
    this.#bytes = Buffer.from(texts.join(''), 'latin1') as Buffer & Latin1Slicing
    this.#ends = new Uint32Array(texts.length + 1)
    let end = 0
    for (const [index, text] of texts.entries()) {
      end += text.length
      this.#ends[index + 1] = end
    }
    this.#order = new PseudoRandomOrder(texts.length)
  }

  next(): string {
    const index = this.#order.next()
    return this.#bytes.latin1Slice(this.#ends[index] ?? 0, this.#ends[index + 1] ?? 0)
  }
}
