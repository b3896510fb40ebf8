import { describe, expect, it } from 'vitest'
import type { Store } from '../../src/index.ts'
import { checkUnitCost } from '../../src/stores/unit-cost.ts'
import { thrownBy } from '../support/thrown-by.ts'

class UnitStore implements Store {
  readonly capabilities = {
    algorithms: ['fixed-window'] as const,
    severalLimits: false,
    shared: true,
    unitCostOnly: true,
  }
  readonly consume: Store['consume'] = () => ({ allowed: true, retryAfterMs: 0, limits: [] })
}

describe('a store that counts charges of one unit only', () => {
  it('takes 0 and 1', () => {
    for (const cost of [0, 1]) expect(() => checkUnitCost(new UnitStore(), cost)).not.toThrow()
  })

  it('rejects more', () => {
    const error = thrownBy(() => checkUnitCost(new UnitStore(), 2))
    expect(error).toMatchObject({ code: 'unsupported_by_store', option: 'cost', value: 2 })
    expect(error.message).toBe(
      'cost: UnitStore counts charges of one unit only, got 2. Leave it out, or use another store.',
    )
  })

  it('is one that says so', () => {
    const { consume } = new UnitStore()
    expect(() => checkUnitCost({ consume }, 2)).not.toThrow()
  })
})
