import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChargeRecord } from '../../../src/limits/algorithm.ts'
import type { BanRule } from '../../../src/limits/ban.ts'
import type { Limit } from '../../../src/limits/limit.ts'
import { OperationForms } from '../../../src/stores/redis/operation-form.ts'
import { banRule, chargeOf, limitOf } from '../../support/charges.ts'

const WINDOW = limitOf(3, { name: 'a', windowMs: 1000, ttlMs: 31_000 })
const BUCKET = limitOf(7, {
  name: 'b',
  windowMs: 60_000,
  burst: 9,
  ttlMs: 107_143,
  algorithm: 'token-bucket',
})

const parsed = ({ text }: { text: string }): Record<string, unknown> => JSON.parse(text) as never

/** The name of a limit as a script receives it. */
function encodedName(name: string): unknown {
  const { limits } = parsed(new OperationForms(Date.now).peek(chargeOf('key', [limitOf(3, { name })])))
  return (limits as unknown[][])[0]?.[0]
}

describe('the form of an operation', () => {
  const LISTED = [
    ['a', 'fixed-window', 3, 1000, 3, 31_000, 3],
    ['b', 'token-bucket', 7, 60_000, 9, 107_143, 9],
  ]

  it('has the limits of a charge in their order, its cost, and the ban rule if there is one', () => {
    const forms = new OperationForms(Date.now)
    const limits = [WINDOW, BUCKET]
    const charge = chargeOf('key', limits, 2)
    expect(parsed(forms.consume(charge))).toStrictEqual({ run: 'consume', cost: 2, limits: LISTED })
    expect(parsed(forms.peek(charge))).toStrictEqual({ run: 'peek', cost: 2, limits: LISTED })
    expect(parsed(forms.consume(chargeOf('key', limits, 1, banRule(5, 60_000, 900_000))))).toStrictEqual({
      ...{ run: 'consume', cost: 1, limits: LISTED },
      ban: [5, 60_000, 900_000],
    })
  })

  it('has what other operations need', () => {
    const forms = new OperationForms(Date.now)
    const records: ChargeRecord[] = [
      [2, 1],
      [2, 3, 4, 5],
    ]
    expect(parsed(forms.settle([WINDOW, BUCKET], records, 7))).toStrictEqual({
      ...{ run: 'settle', cost: 7, limits: LISTED, records },
    })
    expect(parsed(forms.block(1_234_567_890_123_456))).toStrictEqual({
      run: 'block',
      ms: 1_234_567_890_123_456,
    })
    expect(parsed(forms.unblock())).toStrictEqual({ run: 'unblock' })
  })

  it('is a short list if the charge has one fixed window and no ban rule', () => {
    const forms = new OperationForms(Date.now)
    const formOf = (limits: readonly Limit[], ban?: BanRule): unknown =>
      parsed(forms.consume(chargeOf('key', limits, 2, ban)))
    expect(formOf([WINDOW])).toEqual([2, 3, 1000, '31000', 'a'])
    expect(formOf([{ ...WINDOW, name: '"' }])).toEqual([2, 3, 1000, '31000', '"'])
    expect(formOf([{ ...WINDOW, ttlMs: 2 ** 46 }])).toEqual([2, 3, 1000, '70368744177664', 'a'])
    const long = expect.objectContaining({ run: 'consume' })
    // The value of such a window has no room for a longer time.
    expect(formOf([{ ...WINDOW, ttlMs: 2 ** 46 + 1 }])).toEqual(long)
    expect(formOf([BUCKET])).toEqual(long)
    expect(formOf([{ ...WINDOW, algorithm: 'sliding-window' }])).toEqual(long)
    expect(formOf([WINDOW, { ...WINDOW, name: 'b' }])).toEqual(long)
    expect(formOf([WINDOW], banRule(5, 60_000, 900_000))).toEqual(long)
    expect(parsed(forms.peek(chargeOf('key', [WINDOW])))).toMatchObject({ run: 'peek' })
  })

  it('is made once for each list of limits, ban rule and cost', () => {
    const forms = new OperationForms(Date.now)
    const rule = banRule(5, 60_000, 900_000)
    for (const ban of [undefined, rule]) {
      const limits = [WINDOW]
      const [one, other] = [1, 2].map(() => forms.consume(chargeOf('key', limits, 1, ban)))
      expect(one).toBe(other)
      expect(forms.consume(chargeOf('key', [WINDOW], 1, ban))).not.toBe(one)
    }
  })

  it('has the ban rule and the cost of the charge, also if another charge on the same limits has others', () => {
    const forms = new OperationForms(Date.now)
    const limits = [WINDOW, BUCKET]
    const rules = [banRule(1, 1000, 2000), undefined, banRule(2, 1000, 2000), banRule(1, 1000, 3000)]
    const made = rules.map((ban, index) =>
      parsed(forms.consume(chargeOf('key', limits, 1 + (index % 2), ban))),
    )
    expect(made.map(({ ban, cost }) => [ban, cost])).toEqual([
      [[1, 1000, 2000], 1],
      [undefined, 2],
      [[2, 1000, 2000], 1],
      [[1, 1000, 3000], 2],
    ])
  })

  it('has numbers of 15 digits without an exponent', () => {
    const limits = [limitOf(999_999_999_999_999, { windowMs: 2_592_000_000 })]
    expect(new OperationForms(Date.now).peek(chargeOf('key', limits)).text).toContain(
      '[["test","fixed-window",999999999999999,2592000000,999999999999999,2592030000,999999999999999]]',
    )
  })

  it('has the names of limits in printable ASCII, and different names stay different', () => {
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
