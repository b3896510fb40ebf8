import { describe, expect, it } from 'vitest'
import { firstInstantOf, formatterOf, offsetChange, offsetMs } from '../../src/limits/time-zone.ts'

const HOUR_MS = 3_600_000
const at = (time: string): number => Date.parse(time)

describe('the offset of a time zone', () => {
  it.each([
    ['UTC', '2026-01-01T00:00Z', 0],
    ['Europe/Berlin', '2026-03-29T00:59:59.999Z', HOUR_MS],
    ['Europe/Berlin', '2026-03-29T01:00Z', 2 * HOUR_MS],
    ['America/New_York', '2026-01-01T00:00Z', -5 * HOUR_MS],
    ['Asia/Kathmandu', '2026-01-01T00:00Z', 5.75 * HOUR_MS],
    ['America/St_Johns', '2026-01-01T00:00Z', -3.5 * HOUR_MS],
    ['Africa/Monrovia', '1970-01-01T00:00Z', -(44 * 60 + 30) * 1000],
  ])('is that of Intl: %s at %s', (zone, time, offset) => {
    expect(offsetMs(zone, at(time))).toBe(offset)
  })

  it('is found with one formatter, and is an error for a zone that Intl does not know', () => {
    expect(formatterOf('Europe/Berlin')).toBe(formatterOf('Europe/Berlin'))
    expect(() => offsetMs('Europe/Berln', 0)).toThrow(RangeError)
  })

  it('changes at an instant that is found to the millisecond', () => {
    const change = offsetChange('Europe/Berlin', at('2026-03-28T00:00Z'), at('2026-03-30T00:00Z'))
    expect(new Date(change).toISOString()).toBe('2026-03-29T01:00:00.000Z')
  })
})

describe('the first instant of a local time', () => {
  it.each([
    ['is the only one', 'Europe/Berlin', '2026-06-01T12:00Z', '2026-06-01T10:00Z'],
    ['is the first of two', 'Europe/Berlin', '2026-10-25T02:30Z', '2026-10-25T00:30Z'],
    ['is where clocks skip it', 'Europe/Berlin', '2026-03-29T02:30Z', '2026-03-29T01:00Z'],
    ['is where clocks skip a whole day', 'Pacific/Apia', '2011-12-30T12:00Z', '2011-12-30T10:00Z'],
  ])('%s', (_what, zone, local, instant) => {
    expect(firstInstantOf(zone, at(local))).toBe(at(instant))
  })
})
