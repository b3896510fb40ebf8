import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BanState } from '../../../../src/limits/ban.ts'
import {
  EXPIRY_LOWER,
  expiryOf,
  FULL,
  fitsHead,
  fullnessOf,
  HAS_REFUSALS,
  IS_BANNED,
  IS_WIDE,
  MARKS,
  marksOf,
  NUMBERS,
  ORIGIN_BEFORE_MS,
  schemaIdOf,
  withExpiry,
  withFullness,
} from '../../../../src/stores/memory/table/row-format.ts'
import { RowSchemas } from '../../../../src/stores/memory/table/row-schemas.ts'
import { FINGERPRINT_WORDS } from '../../../../src/stores/memory/table/row-store.ts'
import { limitOf } from '../../../support/charges.ts'

const BAN: BanState = { sinceMs: 1000, untilMs: 2000 }
const REFUSALS: BanState = { refusals: { slices: [], lastId: 1 } }
const LATEST_EXPIRY = 2 ** 40 - 1

const SOME_ID = fc.oneof(fc.constantFrom(0, 1, 2 ** 15 - 1, 2 ** 15, 2 ** 16 - 1), fc.nat(2 ** 16 - 1))
const SOME_FULLNESS = fc.nat(FULL)
const SOME_BAN = fc.constantFrom(undefined, BAN, REFUSALS)
const SOME_EXPIRY = fc.oneof(
  fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 39, LATEST_EXPIRY),
  fc.maxSafeNat().map((value) => value % (LATEST_EXPIRY + 1)),
)

/** The marks of a client whose schema has this id. */
function marks(id: number, fullness: number, ban?: BanState): number {
  const schema = { ...new RowSchemas().of([limitOf(1)]), id }
  return marksOf({ schema, fullness, ban, expiresAtMs: 0 })
}

describe('the words of a row', () => {
  it('are the fingerprint, the marks, the lower part of the expiry, and the numbers', () => {
    expect([FINGERPRINT_WORDS, MARKS, EXPIRY_LOWER, NUMBERS]).toEqual([3, 3, 4, 5])
  })
})

describe('the marks of a client', () => {
  it('hold any schema id, any fullness and any kind of ban, without mixing them', () => {
    fc.assert(
      fc.property(SOME_ID, SOME_FULLNESS, SOME_BAN, (id, fullness, ban) => {
        const own = marks(id, fullness, ban)
        assert.equal(own, own | 0)
        assert.equal(schemaIdOf(own), id)
        assert.equal(fullnessOf(own), fullness)
        assert.equal((own & IS_BANNED) !== 0, ban === BAN)
        assert.equal((own & HAS_REFUSALS) !== 0, ban === REFUSALS)
        assert.equal(own & IS_WIDE, 0)
      }),
    )
  })

  it('can get another fullness, and nothing else changes', () => {
    fc.assert(
      fc.property(
        SOME_ID,
        SOME_FULLNESS,
        SOME_FULLNESS,
        SOME_BAN,
        SOME_EXPIRY,
        (id, before, after, ban, expiry) => {
          const one = withExpiry(marks(id, before, ban), expiry) | IS_WIDE
          const other = withExpiry(marks(id, after, ban), expiry) | IS_WIDE
          assert.equal(withFullness(one, after), other)
        },
      ),
    )
  })

  it('can get the upper part of another expiry, and nothing else changes', () => {
    fc.assert(
      fc.property(
        SOME_ID,
        SOME_FULLNESS,
        SOME_BAN,
        SOME_EXPIRY,
        SOME_EXPIRY,
        (id, fullness, ban, before, after) => {
          const own = marks(id, fullness, ban)
          const dated = withExpiry(withExpiry(own, before), after)
          assert.equal(dated, withExpiry(own, after))
          assert.equal(withExpiry(dated, 0), own)
          // The lower part as a word of a row holds it.
          const [lower = 0] = Int32Array.of(after)
          assert.equal(expiryOf(dated, lower), after)
        },
      ),
    )
  })
})

describe('an expiry', () => {
  it.each<[number, boolean]>([
    [0, true],
    [LATEST_EXPIRY, true],
    [-1, false],
    [LATEST_EXPIRY + 1, false],
    [Number.NEGATIVE_INFINITY, false],
    [Number.POSITIVE_INFINITY, false],
    [Number.NaN, false],
  ])('of %d ms since the origin fits the head of a row: %s', (expiry, fits) => {
    expect(fitsHead(expiry)).toBe(fits)
  })

  it('can be up to 17 years before or after the creation of the store', () => {
    const yearMs = 365.25 * 86_400_000
    expect(ORIGIN_BEFORE_MS / yearMs).toBeGreaterThan(17)
    expect((LATEST_EXPIRY - ORIGIN_BEFORE_MS) / yearMs).toBeGreaterThan(17)
  })
})
