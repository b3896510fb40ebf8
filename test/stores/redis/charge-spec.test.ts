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

/** The name of a limit as a script receives it. */
function encodedName(name: string): unknown {
  const { limits } = JSON.parse(new ChargeSpecs().ofLimits([limitOf(3, { name })])) as { limits: unknown[][] }
  return limits[0]?.[0]
}

describe('the arguments of a script', () => {
  it('have the limits in their order, and the ban rule if there is one', () => {
    const specs = new ChargeSpecs()
    const limits = [WINDOW, BUCKET]
    const listed = '"limits":[["a","fixed-window",3,1000,3,31000,3],["b","token-bucket",7,60000,9,107143,9]]'
    expect(specs.of(chargeOf('key', limits)).json).toBe(`{${listed}}`)
    expect(specs.of(chargeOf('key', limits, 1, banRule(5, 60_000, 900_000))).json).toBe(
      `{${listed},"ban":[5,60000,900000]}`,
    )
    expect(specs.ofLimits(limits)).toBe(`{${listed}}`)
  })

  it('have a short form if the charge has one fixed window and no ban rule', () => {
    const specs = new ChargeSpecs()
    const shortFormOf = (limits: readonly Limit[], ban?: BanRule): readonly string[] | undefined =>
      specs.of(chargeOf('key', limits, 1, ban)).shortForm
    expect(shortFormOf([WINDOW])).toEqual(['a', '3', '1000', '31000'])
    expect(shortFormOf([{ ...WINDOW, name: 'per minute', limit: 999_999_999_999_999 }])).toEqual([
      'per%0020minute',
      '999999999999999',
      '1000',
      '31000',
    ])
    expect(shortFormOf([{ ...WINDOW, ttlMs: 2 ** 46 }])).toHaveLength(4)
    // The value of a short form has no room for a longer time.
    expect(shortFormOf([{ ...WINDOW, ttlMs: 2 ** 46 + 1 }])).toBeUndefined()
    expect(shortFormOf([BUCKET])).toBeUndefined()
    expect(shortFormOf([{ ...WINDOW, algorithm: 'sliding-window' }])).toBeUndefined()
    expect(shortFormOf([WINDOW, { ...WINDOW, name: 'b' }])).toBeUndefined()
    expect(shortFormOf([WINDOW], banRule(5, 60_000, 900_000))).toBeUndefined()
  })

  it('are made once for each list of limits and ban rule', () => {
    const specs = new ChargeSpecs()
    const rule = banRule(5, 60_000, 900_000)
    for (const ban of [undefined, rule]) {
      const limits = [WINDOW]
      const [one, other] = [1, 2].map(() => specs.of(chargeOf('key', limits, 1, ban)))
      expect(one).toBe(other)
      expect(specs.of(chargeOf('key', [WINDOW], 1, ban))).not.toBe(one)
    }
  })

  it('have the ban rule of the charge, also if another charge on the same limits has another rule or none', () => {
    const specs = new ChargeSpecs()
    const limits = [WINDOW]
    const rules = [banRule(1, 1000, 2000), undefined, banRule(2, 1000, 2000), banRule(1, 1000, 3000)]
    const made = rules.map((ban) => specs.of(chargeOf('key', limits, 1, ban)))
    expect(made.map(({ json: text }) => (JSON.parse(text) as { ban?: unknown }).ban)).toEqual([
      [1, 1000, 2000],
      undefined,
      [2, 1000, 2000],
      [1, 1000, 3000],
    ])
    expect(made.map(({ shortForm: oneWindow }) => oneWindow?.length)).toEqual([
      undefined,
      4,
      undefined,
      undefined,
    ])
  })

  it('have numbers of 15 digits without an exponent', () => {
    const limits = [limitOf(999_999_999_999_999, { windowMs: 2_592_000_000 })]
    expect(new ChargeSpecs().ofLimits(limits)).toBe(
      '{"limits":[["test","fixed-window",999999999999999,2592000000,999999999999999,2592030000,999999999999999]]}',
    )
  })

  it('have the names of limits in printable ASCII, and different names stay different', () => {
    expect(encodedName('per minute')).toBe('per%0020minute')
    expect(encodedName('100%"\\\ud800\u00e9\u0000')).toBe('100%0025"\\%d800%00e9%0000')
    const name = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 4 }),
      fc
        .array(fc.constantFrom('%', '%0025', '0025', ' ', '\ud800', '\ufffd'))
        .map((pieces) => pieces.join('')),
    )
    fc.assert(
      fc.property(name, name, (one, other) => {
        expect(encodedName(one)).toMatch(/^[!-~]*$/)
        expect(encodedName(one) === encodedName(other)).toBe(one === other)
      }),
      { numRuns: 400 },
    )
  })
})
