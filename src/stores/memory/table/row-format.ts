/*
 * The meaning of the words of a row, and of their bits.
 *
 * A row is the fingerprint of a client (3 words), its head (2 words), and its numbers:
 *
 *     marks   schema id 16 bits | refused cost 5 | is banned 1 | has refusals 1 | is wide 1 | expiry, upper 8
 *     expiry, lower 32
 *
 * The numbers are the states of the client's limits, in the order of its schema, then the state of its ban. A
 * narrow row gives each number one word. It keeps an instant as the time from that instant to the expiry. A row
 * where some number does not fit is wide: each number takes two words, and the first number is the expiry.
 */
import type { BanState } from '../../../limits/ban.ts'
import type { RowSchema } from './row-schemas.ts'
import { FINGERPRINT_WORDS } from './row-store.ts'

/*
 * In this file `_AT` is the place of a word in a row, `_SHIFT` the lowest bit of a field of the marks, and `_MASK` the
 * bits of the field.
 */
export const MARKS_AT: number = FINGERPRINT_WORDS
export const EXPIRY_LOWER_AT: number = FINGERPRINT_WORDS + 1
export const NUMBERS_AT: number = FINGERPRINT_WORDS + 2

const SCHEMA_ID_SHIFT = 16
const REFUSED_COST_SHIFT = 11
const LARGEST_COST_BITS = 0b11111
export const BANNED_MASK: number = 1 << 10
export const REFUSALS_MASK: number = 1 << 9
export const WIDE_MASK: number = 1 << 8
const EXPIRY_UPPER_MASK = 0xff
const UPPER_UNIT = 2 ** 32

/** The bits of the refused cost. They are 0 where the latest charge was allowed. */
export const REFUSED_COST_MASK: number = LARGEST_COST_BITS << REFUSED_COST_SHIFT

/** Up to this number, the bits of the refused cost are the cost. Above it, each next number is twice the cost. */
const LARGEST_EXACT_COST = 16

/** The largest number that one word of a narrow row holds. */
export const LARGEST_WORD: number = 2 ** 32 - 1

/** Expiries count from 17 years before the store was created, so that its clock can be set back. */
export const ORIGIN_BEFORE_MS: number = 2 ** 39
const LATEST_EXPIRY = 2 ** 40 - 1

/** What is kept of a client besides the states of its limits. */
export interface RowHead {
  readonly schema: RowSchema
  /** The cost of the latest charge where it was refused, and 0 where it was allowed. See {@link keptCost}. */
  readonly refusedCost: number
  readonly ban: BanState | undefined
  readonly expiresAtMs: number
}

/** The marks of a client, without the bits that depend on how its numbers are written. */
export function marksOf({ schema, refusedCost, ban }: RowHead): number {
  const banMark = ban === undefined ? 0 : ban.refusals === undefined ? BANNED_MASK : REFUSALS_MASK
  return withRefusedCost((schema.id << SCHEMA_ID_SHIFT) | banMark, refusedCost)
}

export function schemaIdOf(marks: number): number {
  return marks >>> SCHEMA_ID_SHIFT
}

export function withSchemaId(marks: number, id: number): number {
  return (marks & ((1 << SCHEMA_ID_SHIFT) - 1)) | (id << SCHEMA_ID_SHIFT)
}

/** The refused cost, as {@link keptCost} has rounded it. */
export function refusedCostOf(marks: number): number {
  const bits = (marks >>> REFUSED_COST_SHIFT) & LARGEST_COST_BITS
  return bits <= LARGEST_EXACT_COST ? bits : LARGEST_EXACT_COST * 2 ** (bits - LARGEST_EXACT_COST)
}

export function withRefusedCost(marks: number, cost: number): number {
  const bits =
    cost <= LARGEST_EXACT_COST
      ? cost
      : Math.min(LARGEST_COST_BITS, LARGEST_EXACT_COST + Math.floor(Math.log2(cost / LARGEST_EXACT_COST)))
  return (marks & ~REFUSED_COST_MASK) | (bits << REFUSED_COST_SHIFT)
}

/** A refused cost as a row keeps it: exact up to 16, and a power of two up to 524,288, rounded down. */
export function keptCost(cost: number): number {
  return refusedCostOf(withRefusedCost(0, cost))
}

/** Whether the head of a row can hold an expiry, given in milliseconds since the origin. */
export function fitsHead(expiry: number): boolean {
  return expiry >= 0 && expiry <= LATEST_EXPIRY
}

/** The marks with the upper part of an expiry that fits. The lower part has a word of its own. */
export function withExpiry(marks: number, expiry: number): number {
  return (marks & ~EXPIRY_UPPER_MASK) | Math.floor(expiry / UPPER_UNIT)
}

/** An expiry in milliseconds since the origin. */
export function expiryOf(marks: number, lower: number): number {
  return (marks & EXPIRY_UPPER_MASK) * UPPER_UNIT + (lower >>> 0)
}
