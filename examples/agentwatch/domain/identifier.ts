import { randomBytes } from 'node:crypto'

/** A new id: a prefix for the kind of thing, and 64 random bits. */
export function newId(prefix: 'ses' | 'evt' | 'ten' | 'key'): string {
  return `${prefix}_${randomBytes(8).toString('hex')}`
}
