import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkUniqueNames, durationText, limitNamer } from '../../src/options/limit-names.ts'
import { thrownBy } from '../support/thrown-by.ts'

describe('a duration', () => {
  it.each([
    [1, '1ms'],
    [999, '999ms'],
    [1000, '1s'],
    [1500, '1500ms'],
    [59_000, '59s'],
    [60_000, '1m'],
    [90_000, '90s'],
    [60_001, '60001ms'],
    [900_000, '15m'],
    [3_600_000, '1h'],
    [5_400_000, '90m'],
    [86_400_000, '1d'],
    [90_000_000, '25h'],
    [604_800_000, '7d'],
    [3_155_760_000_000, '36525d'],
  ])('of %d ms is said as %s', (ms, text) => {
    expect(durationText(ms)).toBe(text)
  })

  it('is said exactly: it can be read back', () => {
    const unitMs: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
    const durations = fc.oneof(
      fc.integer({ min: 1, max: 3_155_760_000_000 }),
      ...Object.values(unitMs).map((unit) => fc.integer({ min: 1, max: 1000 }).map((count) => count * unit)),
    )
    fc.assert(
      fc.property(durations, (ms) => {
        const [, count, unit = ''] = /^([1-9]\d*)(ms|s|m|h|d)$/.exec(durationText(ms)) ?? []
        expect(Number(count) * (unitMs[unit] ?? 0)).toBe(ms)
      }),
    )
  })
})

describe('the names of limits', () => {
  const named = (prefix: string, given: readonly unknown[], windows: readonly number[]): string[] =>
    windows.map(limitNamer(prefix, given))

  it('need no window where there is one limit', () => {
    expect(named('login-read', [undefined], [1000])).toEqual(['login-read'])
  })

  it('need one as soon as there are two, though the other has a name', () => {
    expect(named('read', [undefined, undefined], [1000, 60_000])).toEqual(['read-1s', 'read-1m'])
    expect(named('read', [undefined, 'own'], [1000])).toEqual(['read-1s'])
  })

  it('tell limits by their windows, and a second one of a window by its number', () => {
    const windows = [1000, 3_600_000, 1000, 90_000, 1000, 500]
    expect(named('read', Array(6).fill(undefined), windows)).toEqual([
      'read-1s',
      'read-1h',
      'read-1s-2',
      'read-90s',
      'read-1s-3',
      'read-500ms',
    ])
  })

  it('are none of those that were given, wherever they were', () => {
    expect(named('read', [undefined, 'read-1s', 'read-1s-3', undefined], [1000, 1000])).toEqual([
      'read-1s-2',
      'read-1s-4',
    ])
  })

  it('stay clear of a given one where numbers and windows look alike', () => {
    expect(named('read', [undefined, undefined, 'read-1s-2'], [1000, 1000])).toEqual(['read-1s', 'read-1s-3'])
  })
})

describe('names of which each shall be another', () => {
  it('are', () => {
    expect(() => checkUniqueNames('read', [])).not.toThrow()
    expect(() => checkUniqueNames('read', ['a'])).not.toThrow()
    expect(() => checkUniqueNames('read', ['a', 'b', 'A'])).not.toThrow()
  })

  it.each([
    [
      ['a', 'a'],
      'read[1].name',
      "read[1].name: is the name of read[0] too, got 'a'. Give each limit its own.",
    ],
    [
      ['a', 'b', 'c', 'b', 'a'],
      'read[3].name',
      "read[3].name: is the name of read[1] too, got 'b'. Give each limit its own.",
    ],
  ])('are not %o', (names, option, message) => {
    const error = thrownBy(() => checkUniqueNames('read', names))
    expect(error).toMatchObject({ code: 'invalid_option', option })
    expect(error.message).toBe(message)
  })
})
