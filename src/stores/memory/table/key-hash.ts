import { randomFillSync } from 'node:crypto'
import { Chaskey } from './chaskey.ts'

/** 96 bits that stand for a key, as three signed words. */
export interface Fingerprint {
  readonly first: number
  readonly second: number
  readonly third: number
}

/**
 * Takes the fingerprints of keys with a secret of its own, so that nobody can choose keys that collide. Of ten
 * million keys two have the same one, and would share their counters, with a chance below 10^-15.
 */
export class KeyHash {
  readonly #bytes: Chaskey
  /** For keys of wider characters. A secret of its own, since two of their bytes may spell another key. */
  readonly #wide: Chaskey
  readonly #last = { first: 0, second: 0, third: 0, fourth: 0 }

  /** @param secret eight words; fresh and random unless a test gives them */
  constructor(secret: Int32Array = randomFillSync(new Int32Array(8))) {
    this.#bytes = new Chaskey(secret.subarray(0, 4))
    this.#wide = new Chaskey(secret.subarray(4))
  }

  /** The fingerprint of a key, in an object that holds it until the next call. */
  of(key: string): Fingerprint {
    const isBytes = this.#bytes.digest(key, this.#last)
    if (!isBytes) this.#wide.digest(Buffer.from(key, 'utf16le').toString('latin1'), this.#last)
    return this.#last
  }
}
