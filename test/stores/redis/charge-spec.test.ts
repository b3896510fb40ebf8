import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BanRule } from '../../../src/limits/ban.ts'
import type { Limit } from '../../../src/limits/limit.ts'
import { ChargeSpecs } from '../../../src/stores/redis/charge-spec.ts'
import { banRule, chargeOf, limitOf } from '../../support/charges.ts'

const WINDOW = limitOf(3, { name: 'a', windowMs: 1000, ttlMs: 31_000 })
const BUCKET = limitOf(7, {
  name: 'b',
  windowMs: 60_000,
  burst: 9,
  ttlMs: 107_143,
  algorithm: 'token-bucket',
})

/** The first name that a script is told. */
function toldName(name: string): unknown {
  const { limits } = JSON.parse(new ChargeSpecs().ofLimits([limitOf(3, { name })])) as { limits: unknown[][] }
  return limits[0]?.[0]
}

describe('what a script is told of a charge', () => {
  it('is the limits in their order, and the ban rule where there is one', () => {
    const specs = new ChargeSpecs()
    const limits = [WINDOW, BUCKET]
    const listed = '"limits":[["a","fixed-window",3,1000,3,31000],["b","token-bucket",7,60000,9,107143]]'
    expect(specs.of(chargeOf('key', limits)).text).toBe(`{${listed}}`)
    expect(specs.of(chargeOf('key', limits, 1, banRule(5, 60_000, 900_000))).text).toBe(
      `{${listed},"ban":[5,60000,900000]}`,
    )
    expect(specs.ofLimits(limits)).toBe(`{${listed}}`)
  })

  it('is the name, units, window and time to live besides, where one fixed window is all there is', () => {
    const specs = new ChargeSpecs()
    const told = (limits: readonly Limit[], ban?: BanRule): readonly string[] | undefined =>
      specs.of(chargeOf('key', limits, 1, ban)).oneWindow
    expect(told([WINDOW])).toEqual(['a', '3', '1000', '31000'])
    expect(told([{ ...WINDOW, name: 'per minute', limit: 999_999_999_999_999 }])).toEqual([
      'per%0020minute',
      '999999999999999',
      '1000',
      '31000',
    ])
    expect(told([BUCKET])).toBeUndefined()
    expect(told([{ ...WINDOW, algorithm: 'sliding-window' }])).toBeUndefined()
    expect(told([WINDOW, { ...WINDOW, name: 'b' }])).toBeUndefined()
    expect(told([WINDOW], banRule(5, 60_000, 900_000))).toBeUndefined()
  })

  it('is made once for each list of limits and ban rule, however often it is told', () => {
    const specs = new ChargeSpecs()
    const rule = banRule(5, 60_000, 900_000)
    for (const ban of [undefined, rule]) {
      const limits = [WINDOW]
      const [one, other] = [1, 2].map(() => specs.of(chargeOf('key', limits, 1, ban)))
      expect(one).toBe(other)
      expect(specs.of(chargeOf('key', [WINDOW], 1, ban))).not.toBe(one)
    }
  })

  it('is never that of another rule, or of none, for the same limits', () => {
    const specs = new ChargeSpecs()
    const limits = [WINDOW]
    const rules = [banRule(1, 1000, 2000), undefined, banRule(2, 1000, 2000), banRule(1, 1000, 3000)]
    const told = rules.map((ban) => specs.of(chargeOf('key', limits, 1, ban)))
    expect(told.map(({ text }) => (JSON.parse(text) as { ban?: unknown }).ban)).toEqual([
      [1, 1000, 2000],
      undefined,
      [2, 1000, 2000],
      [1, 1000, 3000],
    ])
    expect(told.map(({ oneWindow }) => oneWindow?.length)).toEqual([undefined, 4, undefined, undefined])
  })

  it('writes numbers of 15 digits as digits', () => {
    const limits = [limitOf(999_999_999_999_999, { windowMs: 2_592_000_000 })]
    expect(new ChargeSpecs().ofLimits(limits)).toBe(
      '{"limits":[["test","fixed-window",999999999999999,2592000000,999999999999999,2592030000]]}',
    )
  })

  it('names limits in printable ASCII, each name apart', () => {
    expect(toldName('per minute')).toBe('per%0020minute')
    expect(toldName('100%"\\\ud800\u00e9\u0000')).toBe('100%0025"\\%d800%00e9%0000')
    const name = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 4 }),
      fc
        .array(fc.constantFrom('%', '%0025', '0025', ' ', '\ud800', '\ufffd'))
        .map((pieces) => pieces.join('')),
    )
    fc.assert(
      fc.property(name, name, (one, other) => {
        expect(toldName(one)).toMatch(/^[!-~]*$/)
        expect(toldName(one) === toldName(other)).toBe(one === other)
      }),
      { numRuns: 400 },
    )
  })
})
