/** The part of Buffer that the types leave out: bytes from `start` to `end` as a string, one byte a character. */
export interface Latin1Slicing {
  latin1Slice(start: number, end: number): string
}

/** The start of a key as the middleware makes it, with its default name, for a read. */
export const KEY_PREFIX = 'default:read:'

/** Addresses that {@link AddressKeys} knows. */
export const ADDRESS_COUNT: number = 2 ** 24

/**
 * Makes keys out of the addresses of 10.0.0.0/8: each time a new string, flat, one byte a character, neither
 * interned nor hashed before, as an address is that Node read from a socket.
 */
export class AddressKeys {
  readonly #buffer: Buffer & Latin1Slicing
  readonly #start: number

  constructor(prefix: string = KEY_PREFIX) {
    const head = `${prefix}10.`
    this.#buffer = Buffer.alloc(head.length + 12) as Buffer & Latin1Slicing
    this.#start = this.#buffer.write(head, 'latin1')
  }

  /** The key of the address with this number, below {@link ADDRESS_COUNT}. */
  fresh(index: number): string {
    let end = this.#writeOctet(this.#start, index >>> 16)
    this.#buffer[end++] = DOT
    end = this.#writeOctet(end, (index >>> 8) & 0xff)
    this.#buffer[end++] = DOT
    end = this.#writeOctet(end, index & 0xff)
    return this.#buffer.latin1Slice(0, end)
  }

  #writeOctet(start: number, octet: number): number {
    const buffer = this.#buffer
    let end = start
    if (octet >= 100) buffer[end++] = ZERO + ((octet / 100) | 0)
    if (octet >= 10) buffer[end++] = ZERO + (((octet / 10) | 0) % 10)
    buffer[end++] = ZERO + (octet % 10)
    return end
  }
}

const DOT = 46
const ZERO = 48

/** A new string of the same text: flat, and not known to V8 before. */
export function freshCopy(text: string): string {
  const buffer = Buffer.from(text, 'latin1') as Buffer & Latin1Slicing
  return buffer.latin1Slice(0, buffer.length)
}
