import type { BanState } from '../../../limits/ban.ts'
import { FINGERPRINT_WORDS } from '../table/row-store.ts'
import type { RowSchema } from './row-schemas.ts'

/*
 * A row is a fingerprint, two words of marks and expiry, and numbers:
 *
 *     schema id 16 bits | fullness 5 | is banned 1 | has refusals 1 | is wide 1 | expiry, upper 8
 *     expiry, lower 32
 *
 * The numbers are those of its limits in the order of the schema, then those of its ban or refusals. In a narrow
 * row each of them takes one word, and instants are kept as the time from them to the expiry. Where something
 * does not fit, the row is wide: two words each, and the first number is the expiry.
 */
export const MARKS: number = FINGERPRINT_WORDS
export const EXPIRY_LOWER: number = FINGERPRINT_WORDS + 1
export const NUMBERS: number = FINGERPRINT_WORDS + 2

const SCHEMA_SHIFT = 16
const FULLNESS_SHIFT = 11
export const IS_BANNED: number = 1 << 10
export const HAS_REFUSALS: number = 1 << 9
export const IS_WIDE: number = 1 << 8
const EXPIRY_UPPER = 0xff
const UPPER_UNIT = 2 ** 32

/** The fullness of a client that is at its limit; below, how many of so many parts it has used. */
export const FULL = 31

/** What is subtracted from expiries: 17 years before the store was made, so that a clock can be set back. */
export const ORIGIN_BEFORE_MS: number = 2 ** 39
const LATEST_EXPIRY = 2 ** 40 - 1

/** What is kept of a client beside the numbers of its limits. */
export interface RowHead {
  readonly schema: RowSchema
  readonly fullness: number
  readonly ban: BanState | undefined
  readonly expiresAtMs: number
}

/** The marks of a client, without what depends on how its numbers are written. */
export function marksOf({ schema, fullness, ban }: RowHead): number {
  const banMark = ban === undefined ? 0 : ban.refusals === undefined ? IS_BANNED : HAS_REFUSALS
  return (schema.id << SCHEMA_SHIFT) | (fullness << FULLNESS_SHIFT) | banMark
}

export function schemaIdOf(marks: number): number {
  return marks >>> SCHEMA_SHIFT
}

export function fullnessOf(marks: number): number {
  return (marks >>> FULLNESS_SHIFT) & FULL
}

export function withFullness(marks: number, fullness: number): number {
  return (marks & ~(FULL << FULLNESS_SHIFT)) | (fullness << FULLNESS_SHIFT)
}

/** Whether an expiry, in milliseconds since the origin, can stand in the head of a row. */
export function fitsHead(expiry: number): boolean {
  return expiry >= 0 && expiry <= LATEST_EXPIRY
}

/** The marks with the upper part of an expiry that fits; the lower one is a word of its own. */
export function withExpiry(marks: number, expiry: number): number {
  return (marks & ~EXPIRY_UPPER) | Math.floor(expiry / UPPER_UNIT)
}

/** An expiry in milliseconds since the origin. */
export function expiryOf(marks: number, lower: number): number {
  return (marks & EXPIRY_UPPER) * UPPER_UNIT + (lower >>> 0)
}
