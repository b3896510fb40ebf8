/*
 * Turns a key into a fingerprint of 96 bits, which stands for the key in the table. The hash function (chaskey.ts)
 * takes a secret.
 */
import { randomFillSync } from 'node:crypto'
import { Chaskey } from './chaskey.ts'

/** 96 bits as three signed words. */
export interface Fingerprint {
  readonly first: number
  readonly second: number
  readonly third: number
}

/**
 * Hashes with a secret of its own, so that nobody can choose keys that collide. Two keys with the same fingerprint
 * would share their counters. Among ten million keys, the probability of that is below 10^-15.
 */
export class KeyHash {
  #secret: Int32Array
  #bytes: Chaskey
  /** For keys with wider characters. It has a secret of its own, because their bytes may spell another key. */
  #wide: Chaskey
  readonly #last = { first: 0, second: 0, third: 0, fourth: 0 }

  /** @param secret eight words; fresh and random unless a file or a test gives them */
  constructor(secret: Int32Array = randomFillSync(new Int32Array(8))) {
    this.#bytes = new Chaskey(secret.subarray(0, 4))
    this.#wide = new Chaskey(secret.subarray(4))
    this.#secret = secret
  }

  get secret(): Int32Array {
    return this.#secret
  }

  /** To be set while there is no fingerprint: all fingerprints depend on it. */
  set secret(secret: Int32Array) {
    this.#secret = secret
    this.#bytes = new Chaskey(secret.subarray(0, 4))
    this.#wide = new Chaskey(secret.subarray(4))
  }

  /** The fingerprint of a key. The next call overwrites the object that this call returns. */
  of(key: string): Fingerprint {
    const isBytes = this.#bytes.digest(key, this.#last)
    if (!isBytes) this.#wide.digest(Buffer.from(key, 'utf16le').toString('latin1'), this.#last)
    return this.#last
  }
}
