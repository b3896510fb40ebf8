import { randomBytes } from 'node:crypto'

/** A new id: what it names, and 64 random bits. */
export function newId(prefix: 'ses' | 'evt' | 'ten' | 'key'): string {
  return `${prefix}_${randomBytes(8).toString('hex')}`
}
