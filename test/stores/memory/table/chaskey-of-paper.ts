/*
 * Chaskey as its paper describes it (https://eprint.iacr.org/2014/386, figures 1 to 3, with the 8 rounds of the
 * authors' reference code). A block of 128 bits is one number; nothing is done for speed.
 */
const WORD = 32n
const BLOCK = 128n
const LARGEST = (1n << BLOCK) - 1n
const BLOCK_BYTES = 16
const ROUNDS = 8

/** The tag of a message, as four unsigned words. */
export function chaskeyOfPaper(key: readonly number[], message: readonly number[]): number[] {
  const whole = numberOf(key, WORD)
  const isFull = message.length > 0 && message.length % BLOCK_BYTES === 0
  const lastKey = isFull ? timesTwo(whole) : timesTwo(timesTwo(whole))
  const padded = isFull ? message : [...message, 1]
  let state = whole
  for (let at = 0; at < padded.length; at += BLOCK_BYTES) {
    state ^= numberOf(padded.slice(at, at + BLOCK_BYTES), 8n)
    if (at + BLOCK_BYTES >= padded.length) state ^= lastKey
    state = permuted(state)
  }
  return wordsOf(state ^ lastKey)
}

/** Little-endian: the first part is the lowest. */
function numberOf(parts: readonly number[], bits: bigint): bigint {
  return parts.reduceRight(
    (number, part) => (number << bits) | BigInt.asUintN(Number(bits), BigInt(part)),
    0n,
  )
}

function wordsOf(block: bigint): number[] {
  return [0n, 1n, 2n, 3n].map((index) => Number(BigInt.asUintN(32, block >> (index * WORD))))
}

function timesTwo(block: bigint): bigint {
  return ((block << 1n) & LARGEST) ^ (block >> (BLOCK - 1n) === 1n ? 0x87n : 0n)
}

function permuted(block: bigint): bigint {
  let [a = 0, b = 0, c = 0, d = 0] = wordsOf(block)
  for (let round = 0; round < ROUNDS; round++) {
    a = sum(a, b)
    c = sum(c, d)
    b = rotated(b, 5) ^ a
    d = rotated(d, 8) ^ c
    a = rotated(a, 16)
    a = sum(a, d)
    c = sum(c, b)
    b = rotated(b, 7) ^ c
    d = rotated(d, 13) ^ a
    c = rotated(c, 16)
  }
  return numberOf([a, b, c, d], WORD)
}

function sum(one: number, other: number): number {
  return (one + other) >>> 0
}

function rotated(word: number, by: number): number {
  return ((word << by) | (word >>> (32 - by))) >>> 0
}
