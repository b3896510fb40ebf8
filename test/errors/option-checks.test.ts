import { describe, expect, it } from 'vitest'
import {
  checkChoice,
  checkFlag,
  checkFunction,
  checkNames,
  checkPrintableName,
  checkWholeNumber,
  rejectOption,
} from '../../src/errors/option-checks.ts'
import { thrownBy } from '../support/thrown-by.ts'

describe('rejectOption', () => {
  it('throws an error with its arguments', () => {
    const error = thrownBy(() => rejectOption('cost', -1, 'takes more', 'Give more.'))
    expect(error).toMatchObject({ code: 'invalid_option', option: 'cost', value: -1 })
    expect(error.message).toBe('cost: takes more, got -1. Give more.')
  })
})

describe('checkNames', () => {
  it('accepts known names, and an object without names', () => {
    expect(() => checkNames('', { a: 1 }, ['a', 'b'])).not.toThrow()
    expect(() => checkNames('', {}, ['a'])).not.toThrow()
  })

  it.each([
    [
      '',
      { maxkeys: 1 },
      "maxkeys: is not an option, got 1. Did you mean 'maxKeys'? Write maxKeys, or leave it out.",
    ],
    ['', { zzz: 1 }, 'zzz: is not an option, got 1. The options are maxKeys.'],
    ['Store', { zzz: 1 }, 'Store.zzz: is not an option, got 1. The options are maxKeys.'],
    [
      '',
      { size: 1 },
      "size: is an option of lru-cache, got 1. Did you mean 'maxKeys'? Write maxKeys: 1, and no size.",
    ],
    ['', { ttl: 1 }, 'ttl: belongs to a key, got 1. Leave it out.'],
    ['', JSON.parse('{"__proto__":1}'), '__proto__: is not an option, got 1. The options are maxKeys.'],
    ['', { constructor: 1 }, 'constructor: is not an option, got 1. The options are maxKeys.'],
  ])('rejects an unknown name: %j %j', (subject, value, message) => {
    const hints = {
      size: {
        of: 'lru-cache',
        nearest: 'maxKeys',
        remedy: (size: unknown) => `Write maxKeys: ${size}, and no size.`,
      },
      ttl: { problem: 'belongs to a key', remedy: 'Leave it out.' },
    }
    const error = thrownBy(() => checkNames(subject, value, ['maxKeys'], hints))
    expect(error.code).toBe('unknown_option')
    expect(error.message).toBe(message)
  })

  it.each([
    ['', null, 'options: takes an object of options, got null. Give an object; it may have a, b.'],
    ['Store', 5, 'Store: takes an object of options, got 5. Give an object; it may have a, b.'],
    ['', 'ab', "options: takes an object of options, got 'ab'. Give an object; it may have a, b."],
    ['', [1], 'options: takes an object of options, got [1]. Give an object; it may have a, b.'],
  ])('rejects a value that is not an object: %j %j', (subject, value, message) => {
    const error = thrownBy(() => checkNames(subject, value as object, ['a', 'b']))
    expect(error.code).toBe('invalid_option')
    expect(error.message).toBe(message)
  })
})

describe('checkWholeNumber', () => {
  it.each([1, 5, 10])('accepts %d', (value) => {
    expect(checkWholeNumber('size', value, 1, 10)).toBe(value)
  })

  it.each([
    [0, '0'],
    [11, '11'],
    [1.5, '1.5'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    ['5', "'5'"],
    [[5], '[5]'],
    [5n, '5n'],
    [null, 'null'],
    [undefined, 'undefined'],
  ])('rejects %o', (value, shown) => {
    expect(thrownBy(() => checkWholeNumber('size', value, 1, 10)).message).toBe(
      `size: takes a whole number, got ${shown}. Give a number from 1 to 10, without quotes.`,
    )
  })
})

describe('checkFlag', () => {
  it('accepts booleans, and returns the default for undefined', () => {
    expect(checkFlag('on', true, false)).toBe(true)
    expect(checkFlag('on', false, true)).toBe(false)
    expect(checkFlag('on', undefined, true)).toBe(true)
  })

  it.each([
    ['true', "'true'"],
    [1, '1'],
    [null, 'null'],
  ])('rejects %o', (value, shown) => {
    expect(thrownBy(() => checkFlag('on', value, false)).message).toBe(
      `on: takes a boolean, got ${shown}. Give true or false, without quotes.`,
    )
  })
})

describe('checkFunction', () => {
  it('accepts functions and undefined', () => {
    const f = (): void => undefined
    expect(checkFunction('skip', f, '() => void')).toBe(f)
    expect(checkFunction('skip', undefined, '() => void')).toBeUndefined()
  })

  it.each([
    [true, 'true'],
    [null, 'null'],
    ['f', "'f'"],
  ])('rejects %o', (value, shown) => {
    expect(thrownBy(() => checkFunction<unknown>('skip', value, '() => void')).message).toBe(
      `skip: takes a function, got ${shown}. Give () => void, or leave the option out.`,
    )
  })
})

describe('checkChoice', () => {
  const choices = ['enforce', 'shadow'] as const

  it('accepts the choices, and returns the default for undefined', () => {
    expect(checkChoice('mode', 'shadow', choices, 'enforce')).toBe('shadow')
    expect(checkChoice('mode', undefined, choices, 'enforce')).toBe('enforce')
  })

  it.each([
    ['shadwo', "got 'shadwo'. Did you mean 'shadow'? Give 'enforce' or 'shadow'."],
    ['Shadow', "got 'Shadow'. Did you mean 'shadow'? Give 'enforce' or 'shadow'."],
    ['quiet', "got 'quiet'. Give 'enforce' or 'shadow'."],
    [true, "got true. Give 'enforce' or 'shadow'."],
    [null, "got null. Give 'enforce' or 'shadow'."],
    [['shadow'], "got [\"shadow\"]. Give 'enforce' or 'shadow'."],
  ])('rejects %o', (value, rest) => {
    expect(thrownBy(() => checkChoice('mode', value, choices, 'enforce')).message).toBe(
      `mode: takes one of a few names, ${rest}`,
    )
  })
})

describe('checkChoice with several choices that are equally near', () => {
  it('suggests the last of them', () => {
    const choices = ['draft-6', 'draft-7', 'draft-8'] as const
    expect(thrownBy(() => checkChoice('drafts', 'draft-9', choices, 'draft-8')).message).toBe(
      "drafts: takes one of a few names, got 'draft-9'. Did you mean 'draft-8'? Give 'draft-6' or 'draft-7' or 'draft-8'.",
    )
    expect(choices).toEqual(['draft-6', 'draft-7', 'draft-8'])
  })
})

describe('checkPrintableName', () => {
  it.each(['api', 'API v2: "write" \\ ~', ' '])('accepts %j', (name) => {
    expect(checkPrintableName('name', name)).toBe(name)
  })

  it.each([
    ['', "''"],
    ['caf\u00e9', "'caf\u00e9'"],
    ['a\nb', "'a\\x0ab'"],
    ['a\n', "'a\\x0a'"],
    ['\u{1f6a7}', "'\u{1f6a7}'"],
    [5, '5'],
    [null, 'null'],
  ])('rejects %o', (name, shown) => {
    expect(thrownBy(() => checkPrintableName('name', name)).message).toBe(
      `name: takes a name of printable ASCII, got ${shown}. Use only printable ASCII, because the name appears in response headers.`,
    )
  })
})
