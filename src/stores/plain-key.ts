import { createHash } from 'node:crypto'

/**
 * Printable ASCII without the characters that have a meaning here or in Redis. A plain key shows these as they are.
 */
const PLAIN_TEXT = /^[!-"$&-z|~]*$/
const OTHER_CHARACTERS = /[^!-"$&-z|~]/g

/** Longer keys are replaced by a digest, so that no client decides how much memory its key takes. */
const LONGEST_PLAIN_KEY = 200

/**
 * The key of a client as a text that every database takes: at most 200 characters of ASCII, without spaces.
 *
 * Two keys never get the same text, whatever characters a client sends: every other character becomes `%` and
 * its UTF-16 code unit in four hexadecimal digits, lone surrogates included. Braces are escaped too, so that
 * no client can choose the slot of its key in a Redis cluster.
 */
export function plainKeyOf(key: string): string {
  const text = PLAIN_TEXT.test(key) ? key : key.replace(OTHER_CHARACTERS, escapeCharacter)
  return text.length <= LONGEST_PLAIN_KEY ? text : digestOf(text)
}

/** No escaped key starts with `#`, so that a digest equals no key. */
function digestOf(text: string): string {
  return `#${createHash('sha256').update(text).digest('base64url')}`
}

/** Any character in ASCII, a lone surrogate included. */
export function escapeCharacter(character: string): string {
  return `%${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
