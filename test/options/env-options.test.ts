import { describe, expect, it } from 'vitest'
import { RateLimiterError } from '../../src/errors/rate-limiter-error.ts'
import { optionsFromEnv } from '../../src/options/env-options.ts'
import { settingsOf } from '../support/parsed-settings.ts'
import { thrownBy } from '../support/thrown-by.ts'

describe('optionsFromEnv', () => {
  it('reads every variable', () => {
    const options = optionsFromEnv({
      API_RATE_LIMIT_READ: '1000',
      API_RATE_LIMIT_WRITE: '200',
      API_RATE_LIMIT_WINDOW_SEC: '60',
      API_RATE_LIMIT_BUCKET_TTL_SEC: '90.5',
      API_RATE_LIMIT_TRUST_PROXY: '1',
      PATH: '/bin',
    })
    expect(options).toEqual({ read: 1000, write: 200, windowSec: 60, ttlSec: 90.5, trustProxy: 1 })
    expect(() => settingsOf(options)).not.toThrow()
  })

  it('sets no option for an absent variable', () => {
    expect(optionsFromEnv({})).toEqual({})
    expect(Object.keys(optionsFromEnv({ API_RATE_LIMIT_READ: undefined }))).toEqual([])
    expect(Object.keys(optionsFromEnv({ API_RATE_LIMIT_WRITE: '5' }))).toEqual(['write'])
  })

  it('reads the environment of the process by default', () => {
    process.env.API_RATE_LIMIT_READ = '77'
    try {
      expect(optionsFromEnv()).toMatchObject({ read: 77 })
    } finally {
      delete process.env.API_RATE_LIMIT_READ
    }
  })

  it.each([
    ['API_RATE_LIMIT_READ', 'false', { read: false }],
    ['API_RATE_LIMIT_WRITE', 'false', { write: false }],
    ['API_RATE_LIMIT_READ', ' 5\t', { read: 5 }],
    ['API_RATE_LIMIT_READ', '999999999999999', { read: 999_999_999_999_999 }],
    ['API_RATE_LIMIT_WINDOW_SEC', ' 0.5 ', { windowSec: 0.5 }],
    ['API_RATE_LIMIT_WINDOW_SEC', '0.001', { windowSec: 0.001 }],
    ['API_RATE_LIMIT_WINDOW_SEC', '3155760000', { windowSec: 3_155_760_000 }],
    ['API_RATE_LIMIT_BUCKET_TTL_SEC', '90', { ttlSec: 90 }],
    ['API_RATE_LIMIT_TRUST_PROXY', 'true', { trustProxy: true }],
    ['API_RATE_LIMIT_TRUST_PROXY', ' false ', { trustProxy: false }],
    ['API_RATE_LIMIT_TRUST_PROXY', '0', { trustProxy: 0 }],
    ['API_RATE_LIMIT_TRUST_PROXY', '64', { trustProxy: 64 }],
    ['API_RATE_LIMIT_TRUST_PROXY', '10.0.0.5, loopback', { trustProxy: '10.0.0.5, loopback' }],
    ['API_RATE_LIMIT_READ', '0', { read: 0 }],
    ['API_RATE_LIMIT_TRUST_PROXY', '2001:db8::/32', { trustProxy: '2001:db8::/32' }],
  ])('accepts %s=%j', (variable, text, options) => {
    expect(optionsFromEnv({ [variable]: text })).toEqual(options)
  })

  const limit = 'a whole number from 0 to 999999999999999, or false'
  const seconds = 'a number of seconds from 0.001 to 3155760000, such as 60'
  const trust = 'true, false, a number of hops up to 64, or addresses and CIDRs separated by commas'
  const rejected: readonly (readonly [variable: string, text: string, accepted: string])[] = [
    ...['', ' ', '-5', '1.5', '1e3', '0x10', '5 6', 'five', 'true', 'FALSE', 'Infinity', 'NaN'].map(
      (text) => ['API_RATE_LIMIT_READ', text, limit] as const,
    ),
    ['API_RATE_LIMIT_READ', '1000000000000000', limit],
    ['API_RATE_LIMIT_WRITE', 'none', limit],
    ['API_RATE_LIMIT_WRITE', '', limit],
    ...[
      '',
      '0',
      '0.000',
      '-60',
      '60s',
      '1m',
      '.5',
      '0.0001',
      '1e3',
      'false',
      '3155760000.001',
      '3155760001',
    ].map((text) => ['API_RATE_LIMIT_WINDOW_SEC', text, seconds] as const),
    ['API_RATE_LIMIT_BUCKET_TTL_SEC', '', seconds],
    ['API_RATE_LIMIT_BUCKET_TTL_SEC', 'ninety', seconds],
    ['API_RATE_LIMIT_BUCKET_TTL_SEC', '999999999999999', seconds],
    ...[
      '',
      '65',
      '-1',
      '1.5',
      'yes',
      'TRUE',
      '10.0.0.0/33',
      '0.0.0.0/0',
      'loopback,',
      '::ffff:10.0.0.0/8',
    ].map((text) => ['API_RATE_LIMIT_TRUST_PROXY', text, trust] as const),
  ]
  it.each(rejected)('rejects %s=%j', (variable, text, accepted) => {
    const error = thrownBy(() => optionsFromEnv({ [variable]: text }))
    expect(error).toMatchObject({ code: 'invalid_env', option: variable, value: text.trim() })
    expect(error.message).toBe(
      `${variable}: takes ${accepted}, got '${text.trim()}'. Correct the variable, or unset it to use the default.`,
    )
  })

  it('rejects a lifetime of clients that is shorter than the window', () => {
    const parsing = (windowSec: string, ttlSec: string): (() => unknown) => {
      const env = { API_RATE_LIMIT_WINDOW_SEC: windowSec, API_RATE_LIMIT_BUCKET_TTL_SEC: ttlSec }
      return () => settingsOf(optionsFromEnv(env))
    }
    const error = thrownBy(parsing('60', ' 59.999 '))
    expect(error).toMatchObject({
      code: 'invalid_env',
      option: 'API_RATE_LIMIT_BUCKET_TTL_SEC',
      value: '59.999',
    })
    expect(error.message).toBe(
      "API_RATE_LIMIT_BUCKET_TTL_SEC: takes at least the 60 seconds of API_RATE_LIMIT_WINDOW_SEC, got '59.999'. Correct the variable, or unset it to use the default.",
    )
    expect(parsing('60', '60')).not.toThrow()
    expect(parsing('0.5', '0.501')).not.toThrow()
  })

  it('has the error of trustProxy as the cause', () => {
    const { cause } = thrownBy(() => optionsFromEnv({ API_RATE_LIMIT_TRUST_PROXY: '0.0.0.0/0' }))
    expect(cause).toBeInstanceOf(RateLimiterError)
    expect(cause).toMatchObject({ option: 'trustProxy', value: '0.0.0.0/0' })
    expect('cause' in thrownBy(() => optionsFromEnv({ API_RATE_LIMIT_READ: '' }))).toBe(false)
  })

  it('reads one budget for all methods, and names with another prefix', () => {
    expect(optionsFromEnv({ API_RATE_LIMIT_LIMIT: '0' })).toEqual({ limit: 0 })
    const env = { LOGIN_LIMIT: '5', LOGIN_WINDOW_SEC: '900', API_RATE_LIMIT_READ: '7', LOGIN_URL: '/login' }
    expect(optionsFromEnv(env, { prefix: 'LOGIN_' })).toEqual({ limit: 5, windowSec: 900 })
    expect(optionsFromEnv(env)).toEqual({ read: 7 })
    expect(optionsFromEnv(env, { prefix: undefined })).toEqual({ read: 7 })
  })

  it.each([
    ['API_RATE_LIMIT_READS', 'API_RATE_LIMIT_READ'],
    ['API_RATE_LIMIT_LIMITS', 'API_RATE_LIMIT_LIMIT'],
    ['API_RATE_LIMIT_MAX', 'API_RATE_LIMIT_LIMIT'],
    ['API_RATE_LIMIT_read', 'API_RATE_LIMIT_READ'],
    ['API_RATE_LIMIT_WINDOW', 'API_RATE_LIMIT_WINDOW_SEC'],
    ['API_RATE_LIMIT_WINDOW_MS', 'API_RATE_LIMIT_WINDOW_SEC'],
    ['API_RATE_LIMIT_WINDOW_SECS', 'API_RATE_LIMIT_WINDOW_SEC'],
    ['API_RATE_LIMIT_TTL_SEC', 'API_RATE_LIMIT_BUCKET_TTL_SEC'],
    ['API_RATE_LIMIT_TRUST_PROXIES', 'API_RATE_LIMIT_TRUST_PROXY'],
  ])('rejects %s and names %s', (variable, nearest) => {
    const error = thrownBy(() => optionsFromEnv({ [variable]: '5' }))
    expect(error).toMatchObject({ code: 'invalid_env', option: variable, value: '5', nearest })
    expect(error.message).toBe(
      `${variable}: is not a variable that is read, got '5'. Did you mean '${nearest}'? Rename it, or unset it.`,
    )
    expect(optionsFromEnv({ [variable]: undefined })).toEqual({})
  })

  it.each([
    'API_RATE_LIMIT_URL',
    'API_RATE_LIMIT_REDIS_URL',
    'API_RATE_LIMIT_',
    'API_RATE_LIMI_READ',
    'READ',
  ])('ignores %s', (variable) => {
    expect(optionsFromEnv({ [variable]: 'x' })).toEqual({})
  })

  it('rejects one budget beside others', () => {
    const error = thrownBy(() => optionsFromEnv({ A_LIMIT: '5', A_WRITE: '5' }, { prefix: 'A_' }))
    expect(error.message).toBe(
      'A_LIMIT and A_WRITE: cannot both be set. Keep A_LIMIT for one budget for all methods, or the others for a budget each.',
    )
    expect(error.code).toBe('invalid_env')
  })

  it.each(['', null, 5])('rejects the prefix %o', (prefix) => {
    const error = thrownBy(() => optionsFromEnv({}, { prefix } as never))
    expect(error).toMatchObject({ code: 'invalid_option', option: 'prefix', value: prefix })
    expect(error.remedy).toBe("Give a text such as 'LOGIN_'.")
  })
})
