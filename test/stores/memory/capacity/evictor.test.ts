import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { banned } from '../../../../src/limits/ban.ts'
import { Evictor } from '../../../../src/stores/memory/capacity/evictor.ts'
import { ClientCursor } from '../../../../src/stores/memory/client-cursor.ts'
import type { Fingerprint } from '../../../../src/stores/memory/table/key-hash.ts'
import { NO_ROW } from '../../../../src/stores/memory/table/row-index.ts'
import {
  clientsOf,
  FIRST_PLACE,
  fingerprintAt,
  indexAt,
  type KnownClient,
  NOW_MS,
  remember,
} from '../known-clients.ts'

/** All units of a client. */
const ALL = 31
const live = (used: number, expiresAtMs = NOW_MS + 1): KnownClient => ({
  expiresAtMs,
  used,
  ban: undefined,
})
const expired = (used: number, expiresAtMs = NOW_MS): KnownClient => live(used, expiresAtMs)
const bannedUntil = (untilMs: number, used = 0): KnownClient => ({
  ...live(used),
  ban: banned(0, untilMs),
})
const limited = live(ALL)
const many = (count: number, client: KnownClient): KnownClient[] =>
  Array.from({ length: count }, () => client)

type Choice = 'victimFor' | 'victimForBlock'

/** The indices of the clients that are evicted, one after another, for a new client before all of them; -1 for none. */
function evicted(given: readonly KnownClient[], times = 1, choice: Choice = 'victimFor'): number[] {
  const clients = clientsOf()
  remember(clients, given)
  const evictor = new Evictor(clients)
  const cursor = new ClientCursor(clients)
  return Array.from({ length: times }, () => {
    const row = evictor[choice](FIRST_PLACE, NOW_MS)
    if (row === NO_ROW) return -1
    const index = indexAt(clients, row)
    cursor.goTo(row)
    cursor.remove()
    return index
  })
}

describe('Evictor', () => {
  it('evicts the client that has used the smallest part of its limit', () => {
    expect(evicted([live(15), live(3), live(30), live(6)], 4)).toEqual([1, 3, 0, 2])
  })

  it('evicts, among equals, the client that expires first, and among those the first one', () => {
    expect(evicted([live(3, 2000), live(3, 1500), live(3, 1500), live(4, 1001)], 4)).toEqual([1, 2, 0, 3])
  })

  it('evicts expired clients before all others, whatever they have used, and the longest expired first', () => {
    expect(evicted([live(0), expired(ALL, 999), live(1), expired(0), expired(9, 5)], 4)).toEqual([4, 1, 3, 0])
  })

  it('compares sixteen clients', () => {
    const clients = [...many(15, live(15)), live(12), live(3), expired(0), ...many(15, live(20))]
    expect(evicted(clients, 3)).toEqual([15, 16, 17])
  })

  it('begins at the slot of the new client, and continues at the first slot after the last one', () => {
    const clients = clientsOf()
    // So far apart that each of the 32 clients has a slot of its own.
    const fingerprintOf = (index: number): Fingerprint => ({ ...fingerprintAt(index), first: index << 27 })
    remember(clients, [live(3), ...many(15, live(5)), ...many(15, live(9)), live(4)], fingerprintOf)
    const evictor = new Evictor(clients)
    const victimOf = (index: number): number => {
      return indexAt(clients, evictor.victimFor(fingerprintOf(index), NOW_MS))
    }
    expect([0, 1, 14, 16, 17, 31].map(victimOf)).toEqual([0, 1, 14, 31, 0, 0])
  })

  it('compares up to 256 clients to find one that is not limited', () => {
    expect(evicted([...many(255, limited), live(30), live(0)])).toEqual([255])
    expect(evicted([...many(256, limited), live(0)])).toEqual([-1])
  })

  it('stops after sixteen at the first client that is not limited', () => {
    expect(evicted([...many(20, limited), live(29), live(3)])).toEqual([20])
    expect(evicted([...many(20, limited), expired(ALL), live(3)])).toEqual([20])
  })

  it('never evicts a limited or banned client for a new client', () => {
    const bans = bannedUntil(NOW_MS + 1)
    expect(evicted([limited, bans, limited, bans], 2)).toEqual([-1, -1])
    expect(evicted([limited, bans, live(30), bans], 2)).toEqual([2, -1])
  })

  it('evicts limited and banned clients that have expired', () => {
    const bans = { ...bannedUntil(NOW_MS + 1), expiresAtMs: NOW_MS }
    expect(evicted([live(3), bans, expired(ALL, 900)], 2)).toEqual([2, 1])
  })

  it('ranks a client whose ban is over, or whose refusals led to no ban, by what it has used', () => {
    const state = { slices: [{ id: 1, lastMs: 999, units: 1 }], lastId: 1 }
    const refusedOnce: KnownClient = { ...live(8), ban: { refusals: state } }
    expect(evicted([live(15), bannedUntil(NOW_MS, 7), refusedOnce], 2)).toEqual([1, 2])
  })

  it('finds no client in an empty table', () => {
    expect(evicted([])).toEqual([-1])
    expect(evicted([], 1, 'victimForBlock')).toEqual([-1])
  })

  it('evicts for a block the client that has used the least, then a limited one, and a banned one last', () => {
    const bans = bannedUntil(NOW_MS + 1)
    expect(evicted([bans, limited, live(30), bans], 4, 'victimForBlock')).toEqual([2, 1, 0, 3])
    expect(evicted([...many(255, bans), limited, live(0)], 1, 'victimForBlock')).toEqual([255])
    expect(evicted([...many(256, bans), limited, live(0)], 1, 'victimForBlock')).toEqual([0])
  })

  it('chooses from any sixteen clients in the order of a sorted list', () => {
    const client = fc.record({
      expiresAtMs: fc.integer({ min: 990, max: 1020 }),
      used: fc.nat({ max: ALL }),
      ban: fc.constantFrom(undefined, undefined, banned(0, 900), banned(0, NOW_MS + 500)),
    })
    const rankOf = ({ expiresAtMs, used, ban }: KnownClient): number => {
      if (expiresAtMs <= NOW_MS) return -1
      return (ban?.untilMs ?? 0) > NOW_MS ? ALL + 1 : used
    }
    fc.assert(
      fc.property(fc.array(client, { minLength: 1, maxLength: 16 }), (given) => {
        const sorted = [...given.entries()].sort(
          ([index, one], [otherIndex, other]) =>
            rankOf(one) - rankOf(other) || one.expiresAtMs - other.expiresAtMs || index - otherIndex,
        )
        const indices = sorted.map(([index]) => index)
        const evictable = sorted.filter(([, client]) => rankOf(client) < ALL)
        expect(evicted(given, given.length, 'victimForBlock')).toEqual(indices)
        expect(evicted(given, evictable.length + 1)).toEqual([...indices.slice(0, evictable.length), -1])
      }),
      { numRuns: 300 },
    )
  })
})
