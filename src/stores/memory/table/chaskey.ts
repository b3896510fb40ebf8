/*
 * Chaskey, a pseudorandom function with a key of 128 bits, made for 32-bit words (Mouha, Mennink, Van Herrewege,
 * Watanabe, Preneel and Verbauwhede: "Chaskey: An Efficient MAC Algorithm for 32-bit Microcontrollers", 2014,
 * https://eprint.iacr.org/2014/386).
 */

/** A digest of 128 bits: four signed words. */
export interface Digest {
  first: number
  second: number
  third: number
  fourth: number
}

/** Rounds of the permutation for each block, as in the paper. */
const ROUNDS = 8

const BLOCK_BYTES = 16

const LARGEST_BYTE = 0xff

export class Chaskey {
  readonly #key: Int32Array
  /** The last block gets one of these masks: the first when it is full, the second when it is padded. */
  readonly #fullMask: Int32Array
  readonly #paddedMask: Int32Array
  #isBytes = true

  /** @param key four words */
  constructor(key: Int32Array) {
    this.#key = key
    this.#fullMask = timesTwo(key)
    this.#paddedMask = timesTwo(this.#fullMask)
  }

  /**
   * Hashes a text in which each character is one byte (code point 255 at most).
   *
   * @returns false when a character is wider than a byte; `into` then holds nothing of use
   */
  digest(text: string, into: Digest): boolean {
    const { length } = text
    this.#isBytes = true
    let [v0 = 0, v1 = 0, v2 = 0, v3 = 0] = this.#key
    for (let at = 0; ; at += BLOCK_BYTES) {
      v0 ^= this.#wordAt(text, at)
      v1 ^= this.#wordAt(text, at + 4)
      v2 ^= this.#wordAt(text, at + 8)
      v3 ^= this.#wordAt(text, at + 12)
      const left = length - at
      const mask = left > BLOCK_BYTES ? NO_MASK : left === BLOCK_BYTES ? this.#fullMask : this.#paddedMask
      const [m0 = 0, m1 = 0, m2 = 0, m3 = 0] = mask
      v0 ^= m0
      v1 ^= m1
      v2 ^= m2
      v3 ^= m3
      for (let round = 0; round < ROUNDS; round++) {
        v0 = (v0 + v1) | 0
        v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
        v0 = (v0 << 16) | (v0 >>> 16)
        v2 = (v2 + v3) | 0
        v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
        v0 = (v0 + v3) | 0
        v3 = ((v3 << 13) | (v3 >>> 19)) ^ v0
        v2 = (v2 + v1) | 0
        v1 = ((v1 << 7) | (v1 >>> 25)) ^ v2
        v2 = (v2 << 16) | (v2 >>> 16)
      }
      if (left <= BLOCK_BYTES) {
        into.first = v0 ^ m0
        into.second = v1 ^ m1
        into.third = v2 ^ m2
        into.fourth = v3 ^ m3
        return this.#isBytes
      }
    }
  }

  /** Four bytes of a text as a little-endian word. After the end comes the paper's padding: a one, then zeros. */
  #wordAt(text: string, at: number): number {
    const left = text.length - at
    if (left >= 4) {
      const b0 = text.charCodeAt(at)
      const b1 = text.charCodeAt(at + 1)
      const b2 = text.charCodeAt(at + 2)
      const b3 = text.charCodeAt(at + 3)
      if ((b0 | b1 | b2 | b3) > LARGEST_BYTE) this.#isBytes = false
      return b0 | (b1 << 8) | (b2 << 16) | (b3 << 24)
    }
    if (left < 0) return 0
    let word = 1 << (left * 8)
    for (let index = 0; index < left; index++) {
      const byte = text.charCodeAt(at + index)
      if (byte > LARGEST_BYTE) this.#isBytes = false
      word |= byte << (index * 8)
    }
    return word
  }
}

const NO_MASK = new Int32Array(4)

/** Doubles a word of 128 bits in the field of 2^128 elements with the polynomial x^128 + x^7 + x^2 + x + 1. */
function timesTwo([w0 = 0, w1 = 0, w2 = 0, w3 = 0]: Int32Array): Int32Array {
  return Int32Array.of(
    (w0 << 1) ^ (w3 < 0 ? 0x87 : 0),
    (w1 << 1) | (w0 >>> 31),
    (w2 << 1) | (w1 >>> 31),
    (w3 << 1) | (w2 >>> 31),
  )
}
