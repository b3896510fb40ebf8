import { describe, expect, it } from 'vitest'
import { MemoryStore, type Store } from '../../../src/index.ts'
import { memoryStatsOf } from '../../../src/stores/memory/memory-stats.ts'
import { FaultyStore } from '../../../src/tools/testing/index.ts'
import { allowedDecision, chargeOf } from '../../support/charges.ts'

describe('memoryStatsOf', () => {
  it('returns the figures of a memory store', () => {
    const store = new MemoryStore({ maxKeys: 2 })
    for (const key of ['a', 'b', 'c']) store.consume(chargeOf(key))
    expect(memoryStatsOf(store)).toMatchObject({ keys: 2, maxKeys: 2, unexpiredEvictions: 1, overflowed: 0 })
    expect(memoryStatsOf(store)).toEqual(store.stats())
  })

  it('is undefined for a store without figures or with other figures', () => {
    expect(memoryStatsOf(undefined)).toBeUndefined()
    expect(memoryStatsOf(new FaultyStore(new MemoryStore()))).toBeUndefined()
    const figures = { keys: 3, maxKeys: 10, bytes: 100, unexpiredEvictions: 0, overflowed: 0 }
    for (const answer of [undefined, { ...figures, keys: '3' }, { keys: 3 }, Promise.resolve(figures)]) {
      const store: Store & { stats: () => never } = {
        consume: () => allowedDecision(),
        stats: () => answer as never,
      }
      expect(memoryStatsOf(store)).toBeUndefined()
    }
  })
})
