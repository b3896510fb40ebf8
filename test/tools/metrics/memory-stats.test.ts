import { describe, expect, it } from 'vitest'
import { MemoryStore, type Store } from '../../../src/index.ts'
import { memoryStatsOf } from '../../../src/tools/metrics/memory-stats.ts'
import { FaultyStore } from '../../../src/tools/testing/index.ts'
import { admitted, chargeOf } from '../../support/charges.ts'

describe('memoryStatsOf', () => {
  it('is what a memory store says of its keys', () => {
    const store = new MemoryStore({ maxKeys: 2 })
    for (const key of ['a', 'b', 'c']) store.consume(chargeOf(key))
    expect(memoryStatsOf(store)).toEqual({ keys: 2, unexpiredEvictions: 1 })
  })

  it('is undefined for a store that says nothing, or something else', () => {
    expect(memoryStatsOf(new FaultyStore(new MemoryStore()))).toBeUndefined()
    for (const answer of [undefined, { keys: '3', unexpiredEvictions: 0 }, Promise.resolve({ keys: 3 })]) {
      const store: Store & { stats: () => never } = {
        consume: () => admitted(),
        stats: () => answer as never,
      }
      expect(memoryStatsOf(store)).toBeUndefined()
    }
  })
})
