import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BanState } from '../../../../src/limits/ban.ts'
import {
  BANNED_MASK,
  EXPIRY_LOWER_AT,
  expiryOf,
  fitsHead,
  keptCost,
  MARKS_AT,
  marksOf,
  NUMBERS_AT,
  ORIGIN_BEFORE_MS,
  REFUSALS_MASK,
  REFUSED_COST_MASK,
  refusedCostOf,
  schemaIdOf,
  WIDE_MASK,
  withExpiry,
  withRefusedCost,
} from '../../../../src/stores/memory/table/row-format.ts'
import { RowSchemas } from '../../../../src/stores/memory/table/row-schemas.ts'
import { FINGERPRINT_WORDS } from '../../../../src/stores/memory/table/row-store.ts'
import { limitOf } from '../../../support/charges.ts'

const BAN: BanState = { sinceMs: 1000, untilMs: 2000 }
const REFUSALS: BanState = { refusals: { slices: [], lastId: 1 } }
const LATEST_EXPIRY = 2 ** 40 - 1

const SOME_ID = fc.oneof(fc.constantFrom(0, 1, 2 ** 15 - 1, 2 ** 15, 2 ** 16 - 1), fc.nat(2 ** 16 - 1))
const SOME_COST = fc.oneof(fc.nat(40), fc.maxSafeNat())
const SOME_BAN = fc.constantFrom(undefined, BAN, REFUSALS)
const SOME_EXPIRY = fc.oneof(
  fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 39, LATEST_EXPIRY),
  fc.maxSafeNat().map((value) => value % (LATEST_EXPIRY + 1)),
)

/** The marks of a client whose schema has this id. */
function marks(id: number, refusedCost: number, ban?: BanState): number {
  const schema = { ...new RowSchemas().use([limitOf(1)]), id }
  return marksOf({ schema, refusedCost, ban, expiresAtMs: 0 })
}

describe('the words of a row', () => {
  it('are the fingerprint, the marks, the lower part of the expiry, and the numbers', () => {
    expect([FINGERPRINT_WORDS, MARKS_AT, EXPIRY_LOWER_AT, NUMBERS_AT]).toEqual([3, 3, 4, 5])
  })
})

describe('the marks of a client', () => {
  it('hold any schema id, any refused cost and any kind of ban, without mixing them', () => {
    fc.assert(
      fc.property(SOME_ID, SOME_COST, SOME_BAN, (id, cost, ban) => {
        const own = marks(id, cost, ban)
        assert.equal(own, own | 0)
        assert.equal(schemaIdOf(own), id)
        assert.equal(refusedCostOf(own), keptCost(cost))
        assert.equal((own & REFUSED_COST_MASK) !== 0, cost > 0)
        assert.equal((own & BANNED_MASK) !== 0, ban === BAN)
        assert.equal((own & REFUSALS_MASK) !== 0, ban === REFUSALS)
        assert.equal(own & WIDE_MASK, 0)
      }),
    )
  })

  it('can get another refused cost, and nothing else changes', () => {
    fc.assert(
      fc.property(SOME_ID, SOME_COST, SOME_COST, SOME_BAN, SOME_EXPIRY, (id, before, after, ban, expiry) => {
        const one = withExpiry(marks(id, before, ban), expiry) | WIDE_MASK
        const other = withExpiry(marks(id, after, ban), expiry) | WIDE_MASK
        assert.equal(withRefusedCost(one, after), other)
      }),
    )
  })

  it('can get the upper part of another expiry, and nothing else changes', () => {
    fc.assert(
      fc.property(SOME_ID, SOME_COST, SOME_BAN, SOME_EXPIRY, SOME_EXPIRY, (id, cost, ban, before, after) => {
        const own = marks(id, cost, ban)
        const dated = withExpiry(withExpiry(own, before), after)
        assert.equal(dated, withExpiry(own, after))
        assert.equal(withExpiry(dated, 0), own)
        // The lower part as a word of a row holds it.
        const [lower = 0] = Int32Array.of(after)
        assert.equal(expiryOf(dated, lower), after)
      }),
    )
  })
})

describe('a refused cost', () => {
  it.each<[number, number]>([
    [0, 0],
    [1, 1],
    [15, 15],
    [16, 16],
    [17, 16],
    [31, 16],
    [32, 32],
    [1000, 512],
    [524_287, 262_144],
    [524_288, 524_288],
    [Number.MAX_SAFE_INTEGER, 524_288],
  ])('of %d is kept as %d', (cost, kept) => {
    expect(keptCost(cost)).toBe(kept)
  })

  it('is kept as itself when it was rounded before', () => {
    fc.assert(fc.property(SOME_COST, (cost) => keptCost(keptCost(cost)) === keptCost(cost)))
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
