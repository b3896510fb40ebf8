import { createHash } from 'node:crypto'

/** What a key of a client may show as it is: printable ASCII without what means something to us or to Redis. */
const ORDINARY = /^[!-"$&-z|~]*$/
const STRANGE = /[^!-"$&-z|~]/g

/** Longer ones are kept as a digest, so that no client decides how much memory its key takes. */
const LONGEST = 200

/** Of what is written under a key; another format gets another number, and never meets this one. */
const FORMAT = 'v1'

/**
 * Compiles the names of Redis keys: `tollgate:v1:default:read:203.0.113.7`.
 *
 * Injective, whatever bytes a client brings: a character that is not ordinary becomes `%` and its UTF-16 code unit in
 * four digits, lone surrogates included. Braces are not ordinary, and so no client can choose a slot of a cluster.
 */
export function redisKeysOf(prefix: string): (key: string) => string {
  const head = `${prefix}:${FORMAT}:`
  return (key) => {
    const text = ORDINARY.test(key) ? key : key.replace(STRANGE, escaped)
    return (
      head + (text.length <= LONGEST ? text : `#${createHash('sha256').update(text).digest('base64url')}`)
    )
  }
}

/** Matches all keys of a prefix, for SCAN. */
export function keyPattern(prefix: string): string {
  return `${prefix.replace(/[\\*?[\]^-]/g, '\\$&')}:${FORMAT}:*`
}

/** A character in ASCII, whatever it is: a lone surrogate too. */
export function escaped(character: string): string {
  return `%${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
