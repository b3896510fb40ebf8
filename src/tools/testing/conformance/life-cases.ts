import assert from 'node:assert/strict'
import type { ConformanceCase, ConformanceGroup } from './conformance-case.ts'
import { WINDOW_MS } from './subject.ts'

/** From the first charge to the last. */
export const lifeCases: ConformanceGroup = (store) => [
  remembersUntilTheWindowEnds,
  ...(store.close === undefined ? [] : [closesTwice]),
]

const remembersUntilTheWindowEnds: ConformanceCase = {
  title: 'forgets nobody before the window ends, however busy others are',
  async run(subject) {
    const limits = [subject.limit(1)]
    await subject.consume('client', limits)
    for (let turn = 0; turn < 500; turn++) {
      subject.clock.advance(Math.floor((WINDOW_MS - 1) / 500))
      await subject.consume(`other ${turn}`, limits)
    }
    assert.equal((await subject.consume('client', limits)).allowed, false)
  },
}

const closesTwice: ConformanceCase = {
  title: 'closes, and closes again without an error',
  async run(subject) {
    await subject.consume('client', [subject.limit(1)])
    await subject.store.close?.()
    await subject.store.close?.()
  },
}
