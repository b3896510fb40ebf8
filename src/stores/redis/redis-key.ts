// The name of the key in Redis for the key of a client.

import { plainKeyOf } from '../plain-key.ts'

/** The version of the format of stored values. A new format gets a new version, and so other keys. */
const FORMAT_VERSION = 'v2'

/** Compiles the names of Redis keys: `tollgate:v2:default:read:203.0.113.7`. Two keys never get the same name. */
export function redisKeysOf(prefix: string): (key: string) => string {
  const start = `${prefix}:${FORMAT_VERSION}:`
  return (key) => start + plainKeyOf(key)
}

/** Matches all keys of a prefix, for SCAN. */
export function keyPattern(prefix: string): string {
  return `${prefix.replace(/[\\*?[\]^-]/g, '\\$&')}:${FORMAT_VERSION}:*`
}
