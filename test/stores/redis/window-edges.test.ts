import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CALENDAR_UNITS, type Calendar, calendarOf, findWindow } from '../../../src/limits/calendar.ts'
import { WindowEdges, windowEdges } from '../../../src/stores/redis/window-edges.ts'

const HOUR_MS = 3_600_000

/** The edges one by one, in milliseconds. */
function eachEdge([startSec = 0, ...runs]: readonly number[]): number[] {
  const edges = [startSec * 1000]
  for (let at = 0; at < runs.length; at += 2) {
    const [lengthSec = 0, windows = 0] = runs.slice(at)
    for (let window = 0; window < windows; window++) edges.push((edges.at(-1) ?? 0) + lengthSec * 1000)
  }
  return edges
}

/** The edges of all windows from one time to another, found window by window. */
function edgesByWindow(calendar: Calendar, firstMs: number, lastMs: number): number[] {
  const edges = [findWindow(calendar, firstMs).startMs]
  for (let edge = edges[0] ?? 0; edge <= lastMs; edges.push(edge)) edge = findWindow(calendar, edge).endMs
  return edges
}

describe('the edges of windows', () => {
  const day = ['2026-03-28T12:00:00Z', '2026-03-30T12:00:00Z'] as const
  const edgesOf = (calendar: Calendar, [first, last]: readonly [string, string] = day): readonly number[] =>
    windowEdges(calendar, Date.parse(first), Date.parse(last))

  it('are two numbers for windows of one length, however many they are', () => {
    expect(edgesOf(calendarOf('minute', 'Europe/Berlin'))).toEqual([1_774_699_200, 60, 2881])
    expect(edgesOf(calendarOf('month', 'UTC'))).toEqual([Date.UTC(2026, 2, 1) / 1000, 31 * 86_400, 1])
  })

  it('show where clocks are changed', () => {
    const start = Date.parse('2026-03-27T23:00:00Z') / 1000
    expect(edgesOf(calendarOf('day', 'Europe/Berlin'))).toEqual([start, 86_400, 1, 82_800, 1, 86_400, 1])
    const change = ['2026-10-03T14:00:00Z', '2026-10-03T18:00:00Z'] as const
    const halfPast = Date.parse('2026-10-03T13:30:00Z') / 1000
    const lordHowe = calendarOf('hour', 'Australia/Lord_Howe')
    expect(edgesOf(lordHowe, change)).toEqual([halfPast, 3600, 2, 1800, 1, 3600, 3])
  })

  it('are those of all windows, one after another, in every time zone', () => {
    const calendars = fc.record({
      per: fc.constantFrom(...CALENDAR_UNITS.filter((unit) => unit !== 'minute')),
      zone: fc.constantFrom(...Intl.supportedValuesOf('timeZone')),
      startsOn: fc.integer({ min: 1, max: 31 }),
    })
    const times = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2040, 0, 1) })
    fc.assert(
      fc.property(calendars, times, fc.nat(60 * HOUR_MS), ({ per, zone, startsOn }, ms, forMs) => {
        const calendar = calendarOf(per, zone, startsOn)
        const edges = windowEdges(calendar, ms, ms + forMs)
        expect(eachEdge(edges)).toEqual(edgesByWindow(calendar, ms, ms + forMs))
      }),
      { numRuns: 150 },
    )
  })

  it('cover 26 hours before and after each time of an hour, for which they are found once', () => {
    let nowMs = Date.parse('2026-03-29T10:00:00Z')
    const edges = new WindowEdges(() => nowMs)
    const calendar = calendarOf('hour', 'Europe/Berlin')
    const found = edges.of(calendar)
    nowMs += HOUR_MS - 1
    expect(edges.of(calendar)).toBe(found)
    const all = eachEdge(found)
    expect(all[0]).toBe(Date.parse('2026-03-28T08:00:00Z'))
    expect(all.at(-1)).toBeGreaterThan(nowMs + 26 * HOUR_MS)
    nowMs += 1
    expect(edges.of(calendar)[0]).toBe(Date.parse('2026-03-28T09:00:00Z') / 1000)
  })
})
