import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { newId } from './identifier.ts'

/** A key as it is stored: enough to recognise the key, not enough to use it. */
export interface ApiKey {
  readonly id: string
  readonly label: string
  readonly createdMs: number
  /** SHA-256 of the secret. Keys are 256 random bits, so nothing slower is needed. */
  readonly hash: Buffer
  /** The last four characters, so that the owner can recognise the key. */
  readonly ending: string
}

/** A new key, and its text. The text is shown once and never stored. */
export interface IssuedKey {
  readonly key: ApiKey
  readonly secret: string
}

/** Makes a key. Its text holds its id, so that a text is compared with one key and not with all keys. */
export function issueApiKey(label: string, nowMs: number): IssuedKey {
  const id = newId('key')
  const secret = `aw_${id}_${randomBytes(32).toString('base64url')}`
  return { key: { id, label, createdMs: nowMs, hash: sha256(secret), ending: secret.slice(-4) }, secret }
}

/** The id in the text of a key, or undefined if there is none. The secret is not checked yet. */
export function keyIdIn(secret: string): string | undefined {
  return /^aw_(key_[0-9a-f]{16})_[\w-]{43}$/.exec(secret)?.[1]
}

/** Whether a text is the text of this key. Takes the same time wherever the two differ. */
export function isKey(secret: string, { hash }: Pick<ApiKey, 'hash'>): boolean {
  return timingSafeEqual(sha256(secret), hash)
}

/** The hash with which texts are compared. */
export function sha256(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest()
}
