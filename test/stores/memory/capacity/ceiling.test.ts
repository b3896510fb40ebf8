import { describe, expect, it } from 'vitest'
import { banned } from '../../../../src/limits/ban.ts'
import { Ceiling } from '../../../../src/stores/memory/capacity/ceiling.ts'
import { clientsOf, FIRST_PLACE, indicesOf, type KnownClient, NOW_MS, remember } from '../known-clients.ts'

/** All units of a client. */
const ALL = 31
const live = (used: number): KnownClient => ({ expiresAtMs: NOW_MS + 1, used, ban: undefined })
const expired: KnownClient = { ...live(ALL), expiresAtMs: NOW_MS }
const limited = live(ALL)
const blocked: KnownClient = { ...live(0), ban: banned(0, NOW_MS + 1) }
const many = (count: number, client: KnownClient): KnownClient[] =>
  Array.from({ length: count }, () => client)

class FilledTable {
  readonly #clients = clientsOf()
  readonly ceiling: Ceiling

  constructor(known: readonly KnownClient[], mostClients: number) {
    remember(this.#clients, known)
    this.ceiling = new Ceiling(this.#clients, mostClients, this)
  }

  get left(): number[] {
    return indicesOf(this.#clients, 1000)
  }

  makeRoom(): boolean {
    return this.ceiling.makeRoom(FIRST_PLACE, NOW_MS)
  }

  hasRoom(): boolean {
    return this.ceiling.hasRoom(FIRST_PLACE, NOW_MS)
  }
}

describe('Ceiling', () => {
  it('has room below the ceiling, and forgets no client', () => {
    const table = new FilledTable([limited, limited, live(3)], 4)
    expect([table.hasRoom(), table.makeRoom()]).toEqual([true, true])
    expect(table.left).toEqual([0, 1, 2])
    expect(table.ceiling.unexpiredEvictions).toBe(0)
  })

  it('makes room for one client at the ceiling, and counts the client that was forgotten before it expired', () => {
    const table = new FilledTable([live(9), live(3), live(6)], 3)
    expect([table.hasRoom(), table.makeRoom()]).toEqual([true, true])
    expect(table.left).toEqual([0, 2])
    expect(table.ceiling.unexpiredEvictions).toBe(1)
  })

  it('forgets only expired clients when it is asked whether there is room', () => {
    const table = new FilledTable([expired, live(3), live(6)], 3)
    for (const _ of [1, 2, 3]) expect(table.hasRoom()).toBe(true)
    expect(table.left).toEqual([1, 2])
    expect(table.ceiling.unexpiredEvictions).toBe(0)
  })

  it('checks two clients for each new client, with room and without', () => {
    const table = new FilledTable([...many(5, expired), ...many(4, live(3))], 20)
    const left = [1, 2, 3, 4, 5].map(() => {
      table.makeRoom()
      return table.left.length
    })
    // From the last client on: first the four that have not expired.
    expect(left).toEqual([9, 9, 7, 5, 4])
    expect(table.ceiling.unexpiredEvictions).toBe(0)
  })

  it('replaces an expired client that pruning has not reached yet, and does not count it', () => {
    const table = new FilledTable([live(3), expired, ...many(8, live(3))], 10)
    expect(table.makeRoom()).toBe(true)
    expect(table.left).toEqual([0, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(table.ceiling.unexpiredEvictions).toBe(0)
  })

  it('evicts no client where pruning has made room', () => {
    const table = new FilledTable([live(3), live(4), expired], 3)
    expect(table.makeRoom()).toBe(true)
    expect(table.left).toEqual([0, 1])
    expect(table.ceiling.unexpiredEvictions).toBe(0)
  })

  it('has no room where all clients are limited or banned', () => {
    const table = new FilledTable([limited, blocked, limited], 3)
    expect([table.hasRoom(), table.makeRoom()]).toEqual([false, false])
    expect(table.left).toEqual([0, 1, 2])
    expect(table.ceiling.unexpiredEvictions).toBe(0)
  })

  it('makes room for a block in any case, by a banned client last, and counts the eviction', () => {
    const clients = [blocked, live(3), limited, blocked]
    const lefts = [4, 3, 2, 1].map((count) => {
      const table = new FilledTable(clients.slice(0, count), count)
      table.ceiling.makeRoomForBlock(FIRST_PLACE, NOW_MS)
      return [table.left, table.ceiling.unexpiredEvictions]
    })
    expect(lefts).toEqual([
      [[0, 2, 3], 1],
      [[0, 2], 1],
      [[0], 1],
      [[], 1],
    ])
    const table = new FilledTable([blocked, limited], 2)
    table.ceiling.makeRoomForBlock(FIRST_PLACE, NOW_MS)
    expect(table.left).toEqual([0])
  })

  it('forgets no client for a block where there is room', () => {
    const table = new FilledTable([blocked, expired], 2)
    table.ceiling.makeRoomForBlock(FIRST_PLACE, NOW_MS)
    expect(table.left).toEqual([0])
    table.ceiling.makeRoomForBlock(FIRST_PLACE, NOW_MS)
    expect(table.left).toEqual([0])
    expect(table.ceiling.unexpiredEvictions).toBe(0)
  })
})
