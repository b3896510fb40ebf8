import { describe, expect, it } from 'vitest'
import { type Evictable, Evictor } from '../../../src/stores/memory/evictor.ts'

const NOW_MS = 1000
const live = (fullness: number): Evictable => ({ expiresAtMs: NOW_MS + 1, fullness, ban: undefined })
const expired = (fullness: number): Evictable => ({ ...live(fullness), expiresAtMs: NOW_MS })
const bannedUntil = (untilMs: number): Evictable => ({ ...live(0), ban: { sinceMs: 0, untilMs } })

/** The key under which each entry stood that was evicted, in the order of eviction. */
function evicted(given: readonly Evictable[], times = 1): number[] {
  const entries = new Map(given.map((entry, index) => [String(index), entry]))
  const evictor = new Evictor(entries)
  return Array.from({ length: times }, () => {
    const before = [...entries.keys()]
    evictor.evictOne(NOW_MS)
    const gone = before.filter((key) => !entries.has(key))
    expect(gone.length).toBeLessThanOrEqual(1)
    return Number(gone[0])
  })
}

const many = (count: number, entry: Evictable): Evictable[] => Array.from({ length: count }, () => entry)

describe('Evictor', () => {
  it('evicts the least full', () => {
    expect(evicted([live(0.5), live(0.1), live(1), live(0.2)], 4)).toEqual([1, 3, 0, 2])
  })

  it('evicts an expired one before any other, much as it has used', () => {
    expect(evicted([live(0.1), expired(1), live(0)])).toEqual([1])
  })

  it('compares sixteen, and goes on behind them', () => {
    const entries = [...many(15, live(0.5)), live(0.4), live(0.1), ...many(15, live(0.6))]
    expect(evicted(entries, 2)).toEqual([15, 16])
  })

  it('looks on for one that is not refused, among 256 at most', () => {
    expect(evicted([...many(255, live(1)), live(0.9), live(0)])).toEqual([255])
    expect(evicted([...many(256, live(1)), live(0)])).toEqual([0])
  })

  it('stops at the first that is not refused, beyond sixteen', () => {
    expect(evicted([...many(20, live(1)), live(0.9), live(0.1)])).toEqual([20])
  })

  it('evicts a banned one last of all, unless it has expired', () => {
    const banned = bannedUntil(NOW_MS + 1)
    expect(evicted([banned, live(1), banned, live(1)], 2)).toEqual([1, 3])
    expect(evicted([...many(255, banned), live(1), live(0)])).toEqual([255])
    expect(evicted([live(1), { ...banned, expiresAtMs: NOW_MS }])).toEqual([1])
  })

  it('ranks one whose ban is over by what it has used', () => {
    expect(evicted([live(0.5), bannedUntil(NOW_MS)])).toEqual([1])
  })

  it('evicts a refused one where there is nobody else, and nobody where there is none', () => {
    expect(evicted([live(1), live(1)], 3)).toEqual([0, 1, Number.NaN])
  })
})
