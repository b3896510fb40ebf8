import { describe, expect, it } from 'vitest'
import type { Decision } from '../../src/limits/decision.ts'
import { MemoryStore } from '../../src/stores/memory/memory-store.ts'
import { storeName } from '../../src/stores/store-name.ts'
import { allowedDecision } from '../support/charges.ts'

describe('storeName', () => {
  const consume = (): Decision => allowedDecision()
  it('is the name of the class, where there is one', () => {
    expect(storeName(new MemoryStore())).toBe('MemoryStore')
    expect(storeName({ consume })).toBe('the store')
    expect(storeName(Object.assign(Object.create(null), { consume }))).toBe('the store')
    expect(
      storeName(
        new (class {
          readonly consume = consume
        })(),
      ),
    ).toBe('the store')
  })
})
