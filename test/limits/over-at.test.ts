import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { algorithmOf } from '../../src/limits/algorithms.ts'
import { ALGORITHMS, limitOf } from '../support/charges.ts'

const START_MS = 1_700_000_000_000

describe.each(ALGORITHMS)('the time at which a %s is over', (algorithm) => {
  const { charge, initialState, overAtMs } = algorithmOf(limitOf(1, { algorithm }))

  it('is when all units of the client have come back, and not a millisecond earlier', () => {
    const units = fc.integer({ min: 1, max: 9 })
    const costs = fc.array(fc.tuple(units, fc.nat(2000)), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(units, fc.constantFrom(1, 7, 1000, 3600), costs, (most, windowMs, charges) => {
        const limit = limitOf(most, { algorithm, windowMs })
        const remainingAt = (nowMs: number): number => charge(state, nowMs, limit, 0).remaining
        let state = initialState(7)
        let nowMs = START_MS
        for (const [cost, waitMs] of charges) {
          nowMs += waitMs
          const result = charge(state, nowMs, limit, cost)
          if (result.allowed) state = result.state
        }
        const endMs = overAtMs(state, limit, nowMs)
        if (charges.every(([cost]) => cost > most)) {
          expect(endMs).toBeLessThan(START_MS)
          return
        }
        expect(remainingAt(endMs)).toBe(most)
        if (endMs > nowMs) expect(remainingAt(endMs - 1)).toBeLessThan(most)
      }),
    )
  })
})
