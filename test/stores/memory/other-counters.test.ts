import { describe, expect, it } from 'vitest'
import { algorithmOf } from '../../../src/limits/algorithms.ts'
import type { Limit } from '../../../src/limits/limit.ts'
import type { ClientEntry } from '../../../src/stores/memory/client-entry.ts'
import { otherCounters } from '../../../src/stores/memory/other-counters.ts'
import { limitOf } from '../../support/charges.ts'

const NOW_MS = 1_700_000_000_000

/** A client that has used `used` units of each limit since now. */
function entryOf(limits: readonly Limit[], used = 3): ClientEntry {
  const states = limits.map((limit) => algorithmOf(limit).charge(undefined, NOW_MS, limit, used).state)
  return { limits, states, ban: undefined, expiresAtMs: NOW_MS + 90_000, refusedCost: 0 }
}

const CHARGED = [limitOf(10)]
const SLIDING = limitOf(10, { algorithm: 'sliding-window' })
const LONGER = limitOf(4, { windowMs: 120_000 })

describe('the counters of other limits', () => {
  it('are none for a client with the limits of the charge, whatever their amounts and their order', () => {
    const two = [...CHARGED, SLIDING]
    expect(otherCounters(entryOf(two), two, NOW_MS)).toBeUndefined()
    expect(otherCounters(entryOf(two), [SLIDING, limitOf(99)], NOW_MS)).toBeUndefined()
    expect(otherCounters(entryOf([]), CHARGED, NOW_MS)).toBeUndefined()
  })

  it('come after the limits of the charge', () => {
    const entry = entryOf([SLIDING, ...CHARGED, LONGER])
    expect(otherCounters(entry, CHARGED, NOW_MS)).toEqual({
      allLimits: [...CHARGED, SLIDING, LONGER],
      states: [entry.states[0], entry.states[2]],
      dropped: 0,
    })
  })

  it('keep the list of the client if it is the same, so that it needs no new schema', () => {
    const entry = entryOf([...CHARGED, SLIDING])
    expect(otherCounters(entry, CHARGED, NOW_MS)?.allLimits).toBe(entry.limits)
  })

  it('are kept until they are over', () => {
    const entry = entryOf([SLIDING, LONGER])
    expect(otherCounters(entry, CHARGED, NOW_MS + 59_999)?.states).toHaveLength(2)
    expect(otherCounters(entry, CHARGED, NOW_MS + 60_000)?.states).toHaveLength(1)
    expect(otherCounters(entry, CHARGED, NOW_MS + 120_000)).toBeUndefined()
  })

  it('are at most as many as the client may have besides those of the charge', () => {
    const windows = [7, 3, 9, 3, 5].map((seconds) =>
      limitOf(9, { name: `${seconds}`, windowMs: seconds * 1000 }),
    )
    const many = Array.from({ length: 13 }, (_, index) =>
      limitOf(9, { name: `day ${index}`, windowMs: 86_400_000 }),
    )
    const others = otherCounters(entryOf([...windows, ...many]), CHARGED, NOW_MS)
    expect(others?.dropped).toBe(3)
    expect(others?.allLimits).toEqual([...CHARGED, windows[0], windows[2], ...many])
    const all = otherCounters(entryOf(windows), many.concat(CHARGED, SLIDING, LONGER), NOW_MS)
    expect(all).toMatchObject({ states: [], dropped: 5 })
  })
})
