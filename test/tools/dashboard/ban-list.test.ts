import { describe, expect, it } from 'vitest'
import { BanList } from '../../../src/tools/dashboard/ban-list.ts'

describe('the list of bans', () => {
  it('holds bans until they end, the newest first', () => {
    const list = new BanList()
    list.record('a', 10_000, 0)
    list.record('b', 5000, 1000)
    expect(list.bans(2000)).toEqual([
      { key: 'b', endsInMs: 4000 },
      { key: 'a', endsInMs: 8000 },
    ])
    expect([list.isBanned('b', 5999), list.isBanned('b', 6000), list.isBanned('c', 0)]).toEqual([
      true,
      false,
      false,
    ])
    expect(list.bans(6000)).toEqual([{ key: 'a', endsInMs: 4000 }])
    list.remove('a')
    expect(list.bans(6000)).toEqual([])
  })

  it('moves the end of a ban that becomes longer or shorter', () => {
    const list = new BanList()
    list.record('a', 10_000, 0)
    list.record('a', 60_000, 1000)
    expect(list.bans(1000)).toEqual([{ key: 'a', endsInMs: 60_000 }])
    list.record('a', 2000, 1000)
    expect(list.bans(1000)).toEqual([{ key: 'a', endsInMs: 2000 }])
  })

  it('keeps the newest 1000 bans', () => {
    const list = new BanList()
    for (let count = 0; count < 5000; count++) list.record(`client-${count}`, 60_000, count)
    const bans = list.bans(5000)
    expect([bans.length, bans[0]?.key, bans.at(-1)?.key]).toEqual([1000, 'client-4999', 'client-4000'])
  })
})
