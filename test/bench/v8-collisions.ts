/**
 * Strings that V8 hashes alike, for a process that was started with `--hash-seed`.
 *
 * V8 hashes strings with Jenkins's one-at-a-time function, begun with a seed that is random in every process.
 * Its state is 32 bits, so from any state two short blocks that lead to the same next state are found among
 * some 2^16 (birthdays). A row of n such pairs makes 2^n strings of one hash (Joux, "Multicollisions in
 * Iterated Hash Functions", 2004). An attacker would have to learn the seed first; with it fixed, what is
 * measured is what a store does once its hash is known.
 */

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz012345'
const BLOCK_LENGTH = 6

/** 2^pairs strings of equal length that begin with `prefix` and have one hash where the seed is `seed`. */
export function collidingStrings(prefix: string, pairs: number, seed: number): string[] {
  let state = stateAfter(seed, prefix)
  let strings = [prefix]
  for (let pair = 0; pair < pairs; pair++) {
    const [one, other] = collidingBlocks(state)
    state = stateAfter(state, one)
    strings = [...strings.map((text) => text + one), ...strings.map((text) => text + other)]
  }
  return strings
}

/** The state of V8's string hash when it has read a text, from the state it had before. */
export function stateAfter(state: number, text: string): number {
  let next = state
  for (let index = 0; index < text.length; index++) {
    next = (next + text.charCodeAt(index)) | 0
    next = (next + (next << 10)) | 0
    next ^= next >>> 6
  }
  return next
}

function collidingBlocks(state: number): readonly [string, string] {
  const seen = new Map<number, string>()
  for (let number = 0; ; number++) {
    const block = blockOf(number)
    const next = stateAfter(state, block)
    const other = seen.get(next)
    if (other !== undefined) return [other, block]
    seen.set(next, block)
  }
}

function blockOf(number: number): string {
  return Array.from({ length: BLOCK_LENGTH }, (_, place) => ALPHABET[(number >>> (5 * place)) & 31]).join('')
}
