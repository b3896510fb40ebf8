import { describe, expect, it } from 'vitest'
import { BROKEN_ALGORITHMS } from './broken-stores/algorithms.ts'
import { BROKEN_BANS } from './broken-stores/bans.ts'
import { BROKEN_BLOCKS } from './broken-stores/blocks.ts'
import type { BrokenStore } from './broken-stores/broken-store.ts'
import { BROKEN_CALENDAR_WINDOWS } from './broken-stores/calendar-windows.ts'
import { BROKEN_CONFIGURATIONS } from './broken-stores/configurations.ts'
import { BROKEN_COUNTING } from './broken-stores/counting.ts'
import { BROKEN_KEYS } from './broken-stores/keys.ts'
import { BROKEN_RECEIPTS_AND_LIMITS } from './broken-stores/receipts-and-limits.ts'
import { failuresOf, nameOf, type RegisteredCase, registeredCases } from './conformance-run.ts'
import { SimpleStore } from './simple-store.ts'

const BROKEN_STORES: readonly BrokenStore[] = [
  ...BROKEN_COUNTING,
  ...BROKEN_CALENDAR_WINDOWS,
  ...BROKEN_KEYS,
  ...BROKEN_RECEIPTS_AND_LIMITS,
  ...BROKEN_ALGORITHMS,
  ...BROKEN_BANS,
  ...BROKEN_BLOCKS,
  ...BROKEN_CONFIGURATIONS,
]

/** The cases that must find a broken store, and all other cases except the slow ones. */
function casesFor({ Store, foundBy }: BrokenStore): readonly RegisteredCase[] {
  return registeredCases((clock) => new Store(clock)).filter(
    ({ title }) => foundBy.includes(title) || !/random trace|in every second/.test(title),
  )
}

describe('the conformance suite finds a store that', () => {
  it.each(BROKEN_STORES)('$mistake', async (broken) => {
    const cases = casesFor(broken)
    const failures = await failuresOf(cases)
    const mustFail = cases.filter(({ title }) => broken.foundBy.includes(title))
    expect(new Set(mustFail.map(({ title }) => title))).toEqual(new Set(broken.foundBy))
    // A mistake is found under every algorithm, unless the case is about one algorithm.
    expect(mustFail.filter((one) => !failures.has(one)).map(nameOf)).toEqual([])
    // Some cases pass: the mistake is found, and not a store that does nothing right.
    expect(failures.size).toBeLessThan(cases.length)
  })
})

describe('the conformance suite', () => {
  it('has a broken store for each of its cases', () => {
    const titles = registeredCases((clock) => new SimpleStore(clock)).map(({ title }) => title)
    const titlesThatFind = new Set(BROKEN_STORES.flatMap(({ foundBy }) => foundBy))
    expect(new Set(titles)).toEqual(titlesThatFind)
  })
})
