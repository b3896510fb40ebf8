import { describe, expect, it } from 'vitest'
import { MapCursor } from '../../../src/stores/memory/map-cursor.ts'

const mapOf = (...keys: readonly string[]): Map<string, number> =>
  new Map(keys.map((key, index) => [key, index]))

const keysOf = (cursor: MapCursor<number>, times: number): unknown[] =>
  Array.from({ length: times }, () => cursor.next()?.[0])

describe('MapCursor', () => {
  it('moves on with each look, and begins again at the end', () => {
    expect(keysOf(new MapCursor(mapOf('a', 'b', 'c')), 7)).toEqual(['a', 'b', 'c', 'a', 'b', 'c', 'a'])
  })

  it('gives keys with their values', () => {
    expect(new MapCursor(mapOf('a')).next()).toEqual(['a', 0])
  })

  it('finds nothing in an empty map, and what comes there later', () => {
    const map = mapOf()
    const cursor = new MapCursor(map)
    expect(keysOf(cursor, 2)).toEqual([undefined, undefined])
    map.set('late', 1)
    expect(keysOf(cursor, 2)).toEqual(['late', 'late'])
    map.clear()
    expect(keysOf(cursor, 2)).toEqual([undefined, undefined])
  })

  it('keeps its place while entries come and go', () => {
    const map = mapOf('a', 'b', 'c', 'd')
    const cursor = new MapCursor(map)
    expect(keysOf(cursor, 2)).toEqual(['a', 'b'])
    for (const gone of ['a', 'b', 'c']) map.delete(gone)
    map.set('e', 4)
    expect(keysOf(cursor, 3)).toEqual(['d', 'e', 'd'])
  })
})
