import { PseudoRandomOrder } from '../bench/pseudo-random-order.ts'
import { collidingStrings } from '../bench/v8-collisions.ts'

/** A set of keys that somebody chose with ill intent. */
export interface AdversarialSet {
  readonly name: string
  /** The keys, all distinct and of one length; a power of two of them. */
  readonly keysOf: (count: number) => readonly string[]
  /** What makes the set adversarial may need an option of the process. */
  readonly nodeOptions?: readonly string[]
}

/** The seed of V8's string hash in the process that is measured with colliding strings. */
const HASH_SEED = 1
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

export const ADVERSARIAL_SETS: readonly AdversarialSet[] = [
  {
    // Up to 2^32 V8 hashes a number in decimals by its value, and before Node 20.20.2 by nothing else: then
    // multiples of 2^18 share a bucket in every map of up to 2^18 of them. There are 2^14 below 2^32.
    name: 'numbers, multiples of 2^18',
    keysOf: (count) => range(count).map((index) => String(2 ** 30 + index * 2 ** 18)),
  },
  {
    name: 'one V8 hash (--hash-seed=1)',
    keysOf: (count) => collidingStrings('default:read:', Math.log2(count), HASH_SEED),
    nodeOptions: [`--hash-seed=${HASH_SEED}`],
  },
  {
    name: 'one character differs, of 64',
    keysOf: (count) => range(count).map(oneCharacterAside),
  },
  {
    name: 'common prefix of 1000',
    keysOf: (count) => range(count).map((index) => 'x'.repeat(1000) + tail(index)),
  },
  {
    name: 'the last byte differs',
    keysOf: (count) => {
      const heads = randomKeys(Math.ceil(count / 64), 31)
      return range(count).map((index) => `${heads[index >>> 6]}${ALPHABET[index & 63]}`)
    },
  },
]

/** Distinct keys of so many random characters, the same every time. */
export function randomKeys(count: number, length: number): readonly string[] {
  const order = new PseudoRandomOrder(2 ** 30)
  const keys = new Set<string>()
  while (keys.size < count) {
    const characters = Array.from({ length }, () => ALPHABET[order.next() & 63])
    keys.add(characters.join(''))
  }
  return [...keys]
}

/** The 64 times 64 strings that differ from a row of dots in one place, and in its letter. */
function oneCharacterAside(index: number): string {
  const place = index & 63
  return `${'.'.repeat(place)}${ALPHABET[(index >>> 6) & 63]}${'.'.repeat(63 - place)}`
}

function tail(index: number): string {
  return index.toString(36).padStart(6, '0')
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}
