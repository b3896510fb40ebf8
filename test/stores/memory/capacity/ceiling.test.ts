import { describe, expect, it } from 'vitest'
import { banned } from '../../../../src/limits/ban.ts'
import { Ceiling } from '../../../../src/stores/memory/capacity/ceiling.ts'
import { FULL } from '../../../../src/stores/memory/table/row-format.ts'
import { clientsOf, FIRST_PLACE, indicesOf, type KnownClient, remember } from '../known-clients.ts'

const NOW_MS = 1000
const live = (fullness: number): KnownClient => ({ expiresAtMs: NOW_MS + 1, fullness, ban: undefined })
const expired: KnownClient = { ...live(FULL), expiresAtMs: NOW_MS }
const refused = live(FULL)
const blocked: KnownClient = { ...live(0), ban: banned(0, NOW_MS + 1) }
const many = (count: number, client: KnownClient): KnownClient[] =>
  Array.from({ length: count }, () => client)

class Crowd {
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
  it('has room up to the ceiling, and forgets nobody for it', () => {
    const crowd = new Crowd([refused, refused, live(3)], 4)
    expect([crowd.hasRoom(), crowd.makeRoom()]).toEqual([true, true])
    expect(crowd.left).toEqual([0, 1, 2])
    expect(crowd.ceiling.unexpiredEvictions).toBe(0)
  })

  it('makes room for one at the ceiling, and counts who was forgotten before its time', () => {
    const crowd = new Crowd([live(9), live(3), live(6)], 3)
    expect([crowd.hasRoom(), crowd.makeRoom()]).toEqual([true, true])
    expect(crowd.left).toEqual([0, 2])
    expect(crowd.ceiling.unexpiredEvictions).toBe(1)
  })

  it('forgets none but the expired by being asked', () => {
    const crowd = new Crowd([expired, live(3), live(6)], 3)
    for (const _ of [1, 2, 3]) expect(crowd.hasRoom()).toBe(true)
    expect(crowd.left).toEqual([1, 2])
    expect(crowd.ceiling.unexpiredEvictions).toBe(0)
  })

  it('looks at two for each newcomer, with room and without', () => {
    const crowd = new Crowd([...many(5, expired), ...many(4, live(3))], 20)
    const left = [1, 2, 3, 4, 5].map(() => {
      crowd.makeRoom()
      return crowd.left.length
    })
    // From the last on: four live ones first.
    expect(left).toEqual([9, 9, 7, 5, 4])
    expect(crowd.ceiling.unexpiredEvictions).toBe(0)
  })

  it('takes the place of one that has expired, wherever pruning is, and does not count it', () => {
    const crowd = new Crowd([live(3), expired, ...many(8, live(3))], 10)
    expect(crowd.makeRoom()).toBe(true)
    expect(crowd.left).toEqual([0, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(crowd.ceiling.unexpiredEvictions).toBe(0)
  })

  it('needs to evict nobody where pruning has made room', () => {
    const crowd = new Crowd([live(3), live(4), expired], 3)
    expect(crowd.makeRoom()).toBe(true)
    expect(crowd.left).toEqual([0, 1])
    expect(crowd.ceiling.unexpiredEvictions).toBe(0)
  })

  it('has none among the refused and the banned', () => {
    const crowd = new Crowd([refused, blocked, refused], 3)
    expect([crowd.hasRoom(), crowd.makeRoom()]).toEqual([false, false])
    expect(crowd.left).toEqual([0, 1, 2])
    expect(crowd.ceiling.unexpiredEvictions).toBe(0)
  })

  it('makes room at any price, with a banned one last, and counts that', () => {
    const clients = [blocked, live(3), refused, blocked]
    const lefts = [4, 3, 2, 1].map((count) => {
      const crowd = new Crowd(clients.slice(0, count), count)
      crowd.ceiling.makeRoomForBlock(FIRST_PLACE, NOW_MS)
      return [crowd.left, crowd.ceiling.unexpiredEvictions]
    })
    expect(lefts).toEqual([
      [[0, 2, 3], 1],
      [[0, 2], 1],
      [[0], 1],
      [[], 1],
    ])
    const crowd = new Crowd([blocked, refused], 2)
    crowd.ceiling.makeRoomForBlock(FIRST_PLACE, NOW_MS)
    expect(crowd.left).toEqual([0])
  })

  it('forgets nobody at any price where there is room', () => {
    const crowd = new Crowd([blocked, expired], 2)
    crowd.ceiling.makeRoomForBlock(FIRST_PLACE, NOW_MS)
    expect(crowd.left).toEqual([0])
    crowd.ceiling.makeRoomForBlock(FIRST_PLACE, NOW_MS)
    expect(crowd.left).toEqual([0])
    expect(crowd.ceiling.unexpiredEvictions).toBe(0)
  })
})
