import { describe, expect, it } from 'vitest'
import { flawOf } from '../../../src/stores/resilience/decision-check.ts'
import { admitted, chargeOf, limitOf } from '../../support/charges.ts'
import { NONSENSE } from '../nonsense.ts'

describe('flawOf', () => {
  const charge = chargeOf('client')

  it('finds no flaw in decisions', () => {
    expect(flawOf(admitted(), charge)).toBeUndefined()
    expect(flawOf({ ...admitted(0), allowed: false, retryAfterMs: 0.5 }, charge)).toBeUndefined()
    expect(flawOf({ ...admitted(), receipt: {} }, charge)).toBeUndefined()
    for (const repeatAfterMs of [undefined, 0, 0.5, Number.MAX_SAFE_INTEGER]) {
      expect(flawOf({ ...admitted(0), repeatAfterMs }, charge)).toBeUndefined()
    }
    const refused = { ...admitted(0), allowed: false, retryAfterMs: 5000 }
    for (const isNew of [true, false]) {
      expect(flawOf({ ...refused, ban: { endsInMs: 5000, isNew } }, charge)).toBeUndefined()
    }
    expect(flawOf({ ...refused, ban: undefined }, charge)).toBeUndefined()
  })

  it.each(NONSENSE)('finds the flaw in %o', (answer, flaw) => {
    expect(flawOf(answer, charge)).toBe(flaw)
  })

  it('wants a state for each limit, in their order', () => {
    const [one, two] = [limitOf(3, { name: 'one' }), limitOf(3, { name: 'two' })]
    const states = ['one', 'two'].map((name) => ({ name, limit: 3, remaining: 2, resetMs: 1 }))
    const answer = { allowed: true, retryAfterMs: 0, limits: states }
    expect(flawOf(answer, chargeOf('client', [one, two]))).toBeUndefined()
    expect(flawOf(answer, chargeOf('client', [two, one]))).toBe(
      'answered {"name":"one","limit":3,"remaining":2,"resetMs":1} for the limit \'two\'',
    )
    expect(flawOf({ ...answer, limits: states.slice(1) }, chargeOf('client', [one, two]))).toBe(
      'answered [{"name":"two","limit":3,"remaining":2,"resetMs":1}] for 2 limit(s)',
    )
  })
})
