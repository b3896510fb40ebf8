import assert from 'node:assert/strict'
import type { ConformanceCase, ConformanceGroup } from './conformance-case.ts'
import { WINDOW_MS } from './tested-store.ts'

/** How long a store remembers a client, and how it closes. */
export const lifetimeCases: ConformanceGroup = (store) => [
  remembersUntilTheWindowEnds,
  ...(store.close === undefined ? [] : [closesTwice]),
]

const remembersUntilTheWindowEnds: ConformanceCase = {
  title: 'a client is remembered until its window ends, while many other clients come',
  async run(tested) {
    const limits = [tested.limit(1)]
    await tested.consume('client', limits)
    for (let other = 0; other < 500; other++) {
      tested.clock.advance(Math.floor((WINDOW_MS - 1) / 500))
      await tested.consume(`other ${other}`, limits)
    }
    await tested.assertRefused('A client must not be forgotten before its window ends.', 'client', limits)
  },
}

const closesTwice: ConformanceCase = {
  title: 'close() can be called twice',
  async run(tested) {
    await tested.consume('client', [tested.limit(1)])
    await tested.store.close?.()
    await assert.doesNotReject(async () => tested.store.close?.(), 'A second close() must not be an error.')
  },
}
