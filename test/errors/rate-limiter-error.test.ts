import { inspect } from 'node:util'
import { describe, expect, it, vi } from 'vitest'
import { RateLimiterError, showValue } from '../../src/errors/rate-limiter-error.ts'

describe('RateLimiterError', () => {
  it('has a message of option, problem, value, nearest name, remedy and address', () => {
    const error = new RateLimiterError({
      code: 'unknown_option',
      option: 'windowMs',
      value: 60_000,
      problem: 'is not an option',
      nearest: 'windowSec',
      remedy: 'Look it up.',
    })
    expect(error.message).toBe(
      "windowMs: is not an option, got 60000. Did you mean 'windowSec'? Look it up. " +
        'See https://express-tollgate.github.io/express-tollgate/errors#unknown_option',
    )
    expect(error).toMatchObject({
      name: 'RateLimiterError',
      code: 'unknown_option',
      option: 'windowMs',
      value: 60_000,
      nearest: 'windowSec',
      remedy: 'Look it up.',
    })
    expect(error).toBeInstanceOf(Error)
  })

  it('leaves out the parts that are not given', () => {
    const error = new RateLimiterError({ code: 'closed', problem: 'it was closed', remedy: 'Open it.' })
    expect(error.message).toBe(
      'it was closed. Open it. See https://express-tollgate.github.io/express-tollgate/errors#closed',
    )
    expect(error).toMatchObject({ option: undefined, value: undefined, nearest: undefined })
    expect('cause' in error).toBe(false)
  })

  it('shows the value undefined if it was given', () => {
    const error = new RateLimiterError({
      code: 'invalid_option',
      option: 'read',
      value: undefined,
      problem: 'takes a number',
      remedy: 'Give one.',
    })
    expect(error.message).toBe(
      'read: takes a number, got undefined. Give one. See https://express-tollgate.github.io/express-tollgate/errors#invalid_option',
    )
  })

  it('keeps the cause, and has no property cause without one', () => {
    const cause = new Error('down')
    const details = { code: 'store_failed', problem: 'it failed', remedy: 'Look.' } as const
    expect(new RateLimiterError({ ...details, cause }).cause).toBe(cause)
    expect('cause' in new RateLimiterError({ ...details, cause: undefined })).toBe(false)
  })
})

describe('an error of this library', () => {
  const details = { code: 'closed', problem: 'it was closed', remedy: 'Open it.' } as const

  it('is an instance of the class of another copy of the library, and the other way round', async () => {
    vi.resetModules()
    const other = await import('../../src/errors/rate-limiter-error.ts')
    expect(other.RateLimiterError).not.toBe(RateLimiterError)
    expect(new other.RateLimiterError(details)).toBeInstanceOf(RateLimiterError)
    expect(new RateLimiterError(details)).toBeInstanceOf(other.RateLimiterError)
  })

  it('is an instance of a class that extends it only if that class made it', () => {
    class OwnError extends RateLimiterError {}
    expect(new OwnError(details)).toBeInstanceOf(OwnError)
    expect(new OwnError(details)).toBeInstanceOf(RateLimiterError)
    expect(new RateLimiterError(details)).not.toBeInstanceOf(OwnError)
  })

  it('shows no mark in its own properties', () => {
    expect(Reflect.ownKeys(new RateLimiterError(details)).filter((key) => typeof key === 'symbol')).toEqual(
      [],
    )
  })

  it.each([new Error('down'), { name: 'RateLimiterError' }, 'RateLimiterError', null, undefined])(
    'is not %o',
    (value) => {
      expect(value instanceof RateLimiterError).toBe(false)
    },
  )
})

describe('a value that may know a password', () => {
  class Client {
    readonly options = { password: 'hunter2' }
  }

  it.each([
    ['store', new Client(), 'got a Client.'],
    [
      'RedisStore',
      { client: new Client(), password: 'hunter2' },
      'got {"client":"a Client","password":"(hidden)"}.',
    ],
    ['RedisStore.password', 'hunter2', 'got (hidden).'],
    ['API_SECRET', 'hunter2', 'got (hidden).'],
    ['store', 'redis://app:hunter2@db:6379/0', "got 'redis://(hidden)@db:6379/0'."],
    ['store', 'redis://:hunter2@extra@db', "got 'redis://(hidden)@db'."],
    ['client', { url: new URL('redis://:hunter2@db') }, 'got {"url":"redis://(hidden)@db"}.'],
    ['client', new URL('redis://:hunter2@db'), 'got a URL.'],
  ])('is not shown by the message or by inspect: %s', (option, value, shown) => {
    const error = new RateLimiterError({
      code: 'invalid_option',
      option,
      value,
      problem: 'is wrong',
      remedy: 'Mend it.',
    })
    expect(error.message).toContain(shown)
    expect(inspect(error, { depth: 9 })).not.toContain('hunter2')
    expect(error.value).toBe(value)
  })
})

describe('showValue', () => {
  const circular: Record<string, unknown> = {}
  circular.itself = circular
  class WithoutJson {
    toJSON(): undefined {
      return undefined
    }
  }

  it.each([
    ['5', "'5'"],
    ['', "''"],
    ['two\nlines\u0000\u007f', "'two\\x0alines\\x00\\x7f'"],
    ['a\u202eb\u2066c\u2028d\u009be\ud800', "'a\\u{202e}b\\u{2066}c\\u{2028}d\\x9be\\u{d800}'"],
    [{ 'a\u202e\u009b': 1 }, '{"a\\u{202e}\\x9b":1}'],
    [5, '5'],
    [-0, '0'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [10n, '10n'],
    [true, 'true'],
    [null, 'null'],
    [undefined, 'undefined'],
    [Symbol('tag'), 'Symbol(tag)'],
    [() => 1, 'a function'],
    [function limitOfPlan() {}, 'the function limitOfPlan'],
    [Promise.resolve(1), 'a Promise'],
    [{ limit: 5 }, '{"limit":5}'],
    [[1, 'two'], '[1,"two"]'],
    [new Map([['password', 'hunter2']]), 'a Map'],
    [{ password: 'hunter2', client: new Map() }, '{"password":"(hidden)","client":"a Map"}'],
    [circular, 'an object'],
    [{ big: 1n }, 'an object'],
    [new WithoutJson(), 'a WithoutJson'],
  ])('shows %o', (value, shown) => {
    expect(showValue(value)).toBe(shown)
  })

  it('cuts a long value to 80 characters', () => {
    expect(showValue('x'.repeat(78))).toBe(`'${'x'.repeat(78)}'`)
    const cut = showValue('x'.repeat(79))
    expect(cut).toBe(`'${'x'.repeat(76)}...`)
    expect(cut).toHaveLength(80)
  })
})
