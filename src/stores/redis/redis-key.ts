// The name of the key in Redis for the key of a client.

import { createHash } from 'node:crypto'

/**
 * Printable ASCII without the characters that have a meaning here or in Redis. A key shows these as they are.
 */
const PLAIN_TEXT = /^[!-"$&-z|~]*$/
const OTHER_CHARACTERS = /[^!-"$&-z|~]/g

/** Longer keys are replaced by a digest, so that no client decides how much memory its key takes. */
const LONGEST_PLAIN_KEY = 200

/** The version of the format of stored values. A new format gets a new version, and so other keys. */
const FORMAT_VERSION = 'v2'

/**
 * Compiles the names of Redis keys: `tollgate:v2:default:read:203.0.113.7`.
 *
 * Two keys never get the same name, whatever characters a client sends: every other character becomes `%` and
 * its UTF-16 code unit in four hexadecimal digits, lone surrogates included. Braces are escaped too, so that
 * no client can choose the slot of its key in a cluster.
 */
export function redisKeysOf(prefix: string): (key: string) => string {
  const start = `${prefix}:${FORMAT_VERSION}:`
  return (key) => {
    const text = PLAIN_TEXT.test(key) ? key : key.replace(OTHER_CHARACTERS, escapeCharacter)
    return start + (text.length <= LONGEST_PLAIN_KEY ? text : digestOf(text))
  }
}

/** No escaped key starts with `#`, so that a digest equals no key. */
function digestOf(text: string): string {
  return `#${createHash('sha256').update(text).digest('base64url')}`
}

/** Matches all keys of a prefix, for SCAN. */
export function keyPattern(prefix: string): string {
  return `${prefix.replace(/[\\*?[\]^-]/g, '\\$&')}:${FORMAT_VERSION}:*`
}

/** Any character in ASCII, a lone surrogate included. */
export function escapeCharacter(character: string): string {
  return `%${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
