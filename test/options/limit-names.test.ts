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
  ])('of %d ms has the text %s', (ms, text) => {
    expect(durationText(ms)).toBe(text)
  })

  it('has an exact text, from which it can be computed', () => {
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

describe('the default names of limits', () => {
  const namesFor = (prefix: string, given: readonly unknown[], windows: readonly number[]): string[] =>
    windows.map(durationText).map(limitNamer(prefix, given))

  it('have no window if the class has one limit', () => {
    expect(namesFor('login-read', [undefined], [1000])).toEqual(['login-read'])
  })

  it('have a window if the class has two limits, even if the other has a name of its own', () => {
    expect(namesFor('read', [undefined, undefined], [1000, 60_000])).toEqual(['read-1s', 'read-1m'])
    expect(namesFor('read', [undefined, 'own'], [1000])).toEqual(['read-1s'])
  })

  it('have the window, and a number if several limits have the same window', () => {
    const windows = [1000, 3_600_000, 1000, 90_000, 1000, 500]
    expect(namesFor('read', Array(6).fill(undefined), windows)).toEqual([
      'read-1s',
      'read-1h',
      'read-1s-2',
      'read-90s',
      'read-1s-3',
      'read-500ms',
    ])
  })

  it('are different from all given names', () => {
    expect(namesFor('read', [undefined, 'read-1s', 'read-1s-3', undefined], [1000, 1000])).toEqual([
      'read-1s-2',
      'read-1s-4',
    ])
  })

  it('are different from a given name that looks like a default name with a number', () => {
    expect(namesFor('read', [undefined, undefined, 'read-1s-2'], [1000, 1000])).toEqual([
      'read-1s',
      'read-1s-3',
    ])
  })
})

describe('checkUniqueNames', () => {
  it('accepts names that are all different', () => {
    expect(() => checkUniqueNames('read', [])).not.toThrow()
    expect(() => checkUniqueNames('read', ['a'])).not.toThrow()
    expect(() => checkUniqueNames('read', ['a', 'b', 'A'])).not.toThrow()
  })

  it.each([
    [
      ['a', 'a'],
      'read[1].name',
      "read[1].name: is the name of read[0] too, got 'a'. Give each limit a name of its own.",
    ],
    [
      ['a', 'b', 'c', 'b', 'a'],
      'read[3].name',
      "read[3].name: is the name of read[1] too, got 'b'. Give each limit a name of its own.",
    ],
  ])('rejects %o', (names, option, message) => {
    const error = thrownBy(() => checkUniqueNames('read', names))
    expect(error).toMatchObject({ code: 'invalid_option', option })
    expect(error.message).toBe(message)
  })
})
