import { describe, expect, it } from 'vitest'
import { invalidityOf } from '../../../src/stores/resilience/decision-check.ts'
import { allowedDecision, chargeOf, limitOf } from '../../support/charges.ts'
import { INVALID_DECISIONS } from '../invalid-decisions.ts'

describe('invalidityOf', () => {
  const charge = chargeOf('client')

  it('is undefined for a valid decision', () => {
    expect(invalidityOf(allowedDecision(), charge)).toBeUndefined()
    expect(invalidityOf({ ...allowedDecision(0), allowed: false, retryAfterMs: 0.5 }, charge)).toBeUndefined()
    expect(invalidityOf({ ...allowedDecision(), receipt: {} }, charge)).toBeUndefined()
    for (const repeatAfterMs of [undefined, 0, 0.5, Number.MAX_SAFE_INTEGER]) {
      expect(invalidityOf({ ...allowedDecision(0), repeatAfterMs }, charge)).toBeUndefined()
    }
    const refused = { ...allowedDecision(0), allowed: false, retryAfterMs: 5000 }
    for (const isNew of [true, false]) {
      expect(invalidityOf({ ...refused, ban: { endsInMs: 5000, isNew } }, charge)).toBeUndefined()
    }
    expect(invalidityOf({ ...refused, ban: undefined }, charge)).toBeUndefined()
  })

  it.each(INVALID_DECISIONS)('names the problem of %o', (answer, problem) => {
    expect(invalidityOf(answer, charge)).toBe(problem)
  })

  it('requires a state for each limit, in their order', () => {
    const [one, two] = [limitOf(3, { name: 'one' }), limitOf(3, { name: 'two' })]
    const states = ['one', 'two'].map((name) => ({ name, limit: 3, remaining: 2, resetMs: 1 }))
    const answer = { allowed: true, retryAfterMs: 0, limits: states }
    expect(invalidityOf(answer, chargeOf('client', [one, two]))).toBeUndefined()
    expect(invalidityOf(answer, chargeOf('client', [two, one]))).toBe(
      'answered {"name":"one","limit":3,"remaining":2,"resetMs":1} for the limit \'two\'',
    )
    expect(invalidityOf({ ...answer, limits: states.slice(1) }, chargeOf('client', [one, two]))).toBe(
      'answered [{"name":"two","limit":3,"remaining":2,"resetMs":1}] for 2 limit(s)',
    )
  })
})
