import { describe, expect, it } from 'vitest'
import {
  horizontalTicks,
  linearValues,
  logarithmicValues,
  timeTicks,
} from '../../../../src/tools/cli/replay/ticks.ts'

describe('the values of a linear scale', () => {
  it.each([
    [0, [0, 1]],
    [1, [0, 1]],
    [3, [0, 1, 2, 3]],
    [7, [0, 2, 4, 6, 8]],
    [110, [0, 50, 100, 150]],
    [2053, [0, 500, 1000, 1500, 2000, 2500]],
  ])('reach up to %i', (highest, values) => {
    expect(linearValues(highest)).toEqual(values)
  })

  it('are few whole numbers, and the last is at least the highest', () => {
    for (let highest = 1; highest < 1e9; highest = Math.ceil(highest * 1.3)) {
      const values = linearValues(highest)
      expect(values.length, `${highest}`).toBeLessThanOrEqual(7)
      expect(values.every(Number.isInteger)).toBe(true)
      expect(values.at(-1)).toBeGreaterThanOrEqual(highest)
      expect(values.at(-2)).toBeLessThan(highest)
    }
  })
})

describe('the ticks of a logarithmic axis', () => {
  it('are those whose labels have room', () => {
    expect(logarithmicValues(60)).toEqual([1, 2, 5, 10, 20, 50])
    const xOf = (units: number): number => Math.log10(units) * 50
    const ticks = horizontalTicks(logarithmicValues(2_500_000), xOf)
    expect(ticks.map(({ label }) => label)).toEqual(['1', '5', '20', '100', '500', '5,000', '100,000', '1M'])
  })
})

describe('the ticks of a time axis', () => {
  const at = (text: string): number => Date.parse(`${text}Z`)
  const labels = (start: string, end: string): string[] =>
    timeTicks(at(start), at(end), 700).map(({ label, subLabel }) =>
      [subLabel, label].filter(Boolean).join(' '),
    )

  it('are round times, with the date at the first of each day', () => {
    expect(labels('2026-01-05T21:10', '2026-01-06T03:50')).toEqual([
      '2026-01-05 22:00',
      '23:00',
      '2026-01-06 00:00',
      '01:00',
      '02:00',
      '03:00',
    ])
  })

  it('are dates from a span of a week on', () => {
    expect(labels('2026-01-05T21:10', '2026-01-10T03:50')).toEqual([
      '2026-01-06',
      '2026-01-07',
      '2026-01-08',
      '2026-01-09',
      '2026-01-10',
    ])
  })

  it('are at most eight for any span', () => {
    for (let minutes = 1; minutes < 6_000_000; minutes = Math.ceil(minutes * 1.4)) {
      const ticks = timeTicks(at('2026-01-05T21:10'), at('2026-01-05T21:10') + minutes * 60_000, 700)
      expect(ticks.length, `${minutes}`).toBeGreaterThan(0)
      expect(ticks.length, `${minutes}`).toBeLessThanOrEqual(8)
    }
  })
})
