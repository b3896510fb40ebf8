import { describe, expect, it, vi } from 'vitest'
import type { RateLimiterErrorCode } from '../../src/errors/rate-limiter-error.ts'
import type { LimitOptions } from '../../src/options/budget-options.ts'
import { checkLimit, type LimitWithoutTtl, parseLimit } from '../../src/options/limit-option.ts'
import { emittedBy } from '../support/emitted-warnings.ts'
import { thrownBy } from '../support/thrown-by.ts'

const WHOLE_REMEDY = 'Give a number from 1 to 999999999999999, without quotes.'
const LIMIT_REMEDY = 'Give a number from 0 to 999999999999999, without quotes.'

/** Compiles a limit that JavaScript could give, in a limiter with windows of a minute. */
function limitOf(setting: unknown, nameFor: (window: string) => string = () => 'read'): LimitWithoutTtl {
  return parseLimit('read', setting as LimitOptions, { windowMs: 60_000, nameFor })
}

/**
 * Declares one test for each row: the setting, the option that the error names, and the rest of its message.
 */
function testRejections(
  code: RateLimiterErrorCode,
  rows: readonly (readonly [unknown, string, string])[],
): void {
  it.each(rows)('is rejected if it is %o', (setting, option, message) => {
    const error = thrownBy(() => limitOf(setting))
    expect(error.message).toBe(`${option}: ${message}`)
    expect(error).toMatchObject({ code, option })
  })
}

describe('a limit', () => {
  it('is by default a fixed window with the window of the limiter', () => {
    expect(limitOf({ limit: 5 })).toEqual({
      name: 'read',
      limit: 5,
      windowMs: 60_000,
      burst: 5,
      algorithm: 'fixed-window',
    })
    const absent = { windowSec: undefined, algorithm: undefined, burst: undefined, name: undefined }
    expect(limitOf({ limit: 5, ...absent })).toEqual(limitOf({ limit: 5 }))
  })

  it('can have its own window, algorithm, burst and name', () => {
    const bucket = { limit: 5, windowSec: 0.5, algorithm: 'token-bucket', burst: 12, name: 'a "b" 100%' }
    expect(limitOf(bucket)).toEqual({
      name: 'a "b" 100%',
      limit: 5,
      windowMs: 500,
      burst: 12,
      algorithm: 'token-bucket',
    })
  })

  it('can be a calendar window, whose length is the longest that it can be', () => {
    const month = { limit: 5, per: 'month', timeZone: 'Europe/Berlin', startsOn: 31 }
    expect(limitOf(month)).toEqual({
      name: 'read',
      limit: 5,
      windowMs: (31 * 24 + 3) * 3_600_000,
      burst: 5,
      algorithm: 'calendar-window',
      calendar: { per: 'month', timeZone: 'Europe/Berlin', startsOn: 31, id: 'month 31 Europe/Berlin' },
    })
    expect(limitOf({ limit: 0, per: 'day' })).toMatchObject({
      burst: 0,
      calendar: { id: 'day UTC', startsOn: 1 },
    })
    expect(limitOf({ limit: 5, per: 'week', maxDebt: 0 })).toMatchObject({
      maxDebt: 0,
      windowMs: 615_600_000,
    })
  })

  it('gets a name by its window only if it has no name of its own', () => {
    const nameFor = vi.fn((window: string) => `of ${window}`)
    expect(limitOf({ limit: 5 }, nameFor).name).toBe('of 1m')
    expect(limitOf({ limit: 5, windowSec: 7 }, nameFor).name).toBe('of 7s')
    expect(limitOf({ limit: 5, per: 'week' }, nameFor).name).toBe('of week')
    nameFor.mockClear()
    expect(limitOf({ limit: 5, name: 'own' }, nameFor).name).toBe('own')
    expect(nameFor).not.toHaveBeenCalled()
  })

  it.each(['fixed-window', 'sliding-window', 'token-bucket'])(
    'of %s has its limit as the burst',
    (algorithm) => {
      expect(limitOf({ limit: 7, algorithm })).toMatchObject({ algorithm, limit: 7, burst: 7 })
    },
  )

  it('causes a warning with its path for a window that looks like milliseconds', async () => {
    expect(await emittedBy(() => limitOf({ limit: 5, windowSec: 60_000 }))).toEqual([
      {
        code: 'TOLLGATE_WINDOW_LOOKS_LIKE_MS',
        message: 'read.windowSec is 60000 seconds. If milliseconds were meant, give 60.',
      },
    ])
  })

  const objectRemedy =
    'Give an object; it may have limit, windowSec, per, timeZone, startsOn, algorithm, burst, maxDebt, name.'
  const namesRemedy = "Give 'fixed-window' or 'sliding-window' or 'token-bucket'."
  testRejections('invalid_option', [
    [null, 'read', `takes an object of options, got null. ${objectRemedy}`],
    [5, 'read', `takes an object of options, got 5. ${objectRemedy}`],
    [[5], 'read', `takes an object of options, got [5]. ${objectRemedy}`],
    [{}, 'read.limit', `takes a whole number, got undefined. ${LIMIT_REMEDY}`],
    [{ limit: '5' }, 'read.limit', `takes a whole number, got '5'. ${LIMIT_REMEDY}`],
    [{ limit: -1 }, 'read.limit', `takes a whole number, got -1. ${LIMIT_REMEDY}`],
    [
      { limit: 5, windowSec: 0 },
      'read.windowSec',
      'takes a number of seconds, got 0. Give a number from 0.001 to 3155760000, without quotes.',
    ],
    [
      { limit: 5, windowSec: null },
      'read.windowSec',
      'takes a number of seconds, got null. Give a number from 0.001 to 3155760000, without quotes.',
    ],
    [
      { limit: 5, algorithm: 'leaky' },
      'read.algorithm',
      `takes one of a few names, got 'leaky'. ${namesRemedy}`,
    ],
    [
      { limit: 5, algorithm: 'slidingwindow' },
      'read.algorithm',
      `takes one of a few names, got 'slidingwindow'. Did you mean 'sliding-window'? ${namesRemedy}`,
    ],
    [
      { limit: 5, algorithm: 'toString' },
      'read.algorithm',
      `takes one of a few names, got 'toString'. ${namesRemedy}`,
    ],
    [{ limit: 5, algorithm: null }, 'read.algorithm', `takes one of a few names, got null. ${namesRemedy}`],
    [
      { limit: 5, name: 'caf\u00e9' },
      'read.name',
      "takes a name of printable ASCII, got 'caf\u00e9'. Use only printable ASCII, because the name appears in response headers.",
    ],
    [
      { limit: 5, name: '' },
      'read.name',
      "takes a name of printable ASCII, got ''. Use only printable ASCII, because the name appears in response headers.",
    ],
    [
      { limit: 5, name: null },
      'read.name',
      'takes a name of printable ASCII, got null. Use only printable ASCII, because the name appears in response headers.',
    ],
  ])

  const knownOptions =
    'The options are limit, windowSec, per, timeZone, startsOn, algorithm, burst, maxDebt, name.'
  testRejections('unknown_option', [
    [
      { limit: 5, windowMs: 1000 },
      'read.windowMs',
      "is an option of express-rate-limit, got 1000. Did you mean 'windowSec'? Write windowSec: 1.",
    ],
    [
      { max: 5 },
      'read.max',
      "is an option of express-rate-limit, got 5. Did you mean 'limit'? Write limit: 5.",
    ],
    [
      { points: 5, duration: 2 },
      'read.points',
      "is an option of rate-limiter-flexible, got 5. Did you mean 'limit'? Write limit: 5.",
    ],
    [
      { limit: 5, duration: 2 },
      'read.duration',
      "is an option of rate-limiter-flexible, got 2. Did you mean 'windowSec'? Write windowSec: 2.",
    ],
    [
      { limti: 5 },
      'read.limti',
      `is not an option, got 5. Did you mean 'limit'? Write limit, or leave it out.`,
    ],
    [
      { limit: 5, brust: 9 },
      'read.brust',
      `is not an option, got 9. Did you mean 'burst'? Write burst, or leave it out.`,
    ],
    [{ limit: 5, colour: 1 }, 'read.colour', `is not an option, got 1. ${knownOptions}`],
  ])
})

describe('the units of a limit', () => {
  it.each([0, 1, 100, 999_999_999_999_999])('can be %d', (limit) => {
    expect(checkLimit('read', limit)).toBe(limit)
  })

  it.each([
    [Number.POSITIVE_INFINITY, 'takes a whole number, got Infinity. Give false for no limit.'],
    [Number.NEGATIVE_INFINITY, `takes a whole number, got -Infinity. ${LIMIT_REMEDY}`],
    [Number.NaN, `takes a whole number, got NaN. ${LIMIT_REMEDY}`],
    [-1, `takes a whole number, got -1. ${LIMIT_REMEDY}`],
    [1.5, `takes a whole number, got 1.5. ${LIMIT_REMEDY}`],
    [1e15, `takes a whole number, got 1000000000000000. ${LIMIT_REMEDY}`],
    ['0', `takes a whole number, got '0'. ${LIMIT_REMEDY}`],
    [null, `takes a whole number, got null. ${LIMIT_REMEDY}`],
    [undefined, `takes a whole number, got undefined. ${LIMIT_REMEDY}`],
    [5n, `takes a whole number, got 5n. ${LIMIT_REMEDY}`],
  ])('cannot be %o', (limit, message) => {
    const error = thrownBy(() => checkLimit('read', limit))
    expect(error).toMatchObject({ code: 'invalid_option', option: 'read', value: limit })
    expect(error.message).toBe(`read: ${message}`)
  })
})

describe('the burst of a token bucket', () => {
  const bucket = { limit: 10, algorithm: 'token-bucket' } as const

  it('is 0 with a limit of 0, which refuses every request', () => {
    expect(limitOf({ limit: 0, burst: 5, algorithm: 'token-bucket' })).toMatchObject({ limit: 0, burst: 0 })
  })

  it.each([1, 9, 10, 11, 1000])('can be %d', (burst) => {
    expect(limitOf({ ...bucket, burst })).toMatchObject({ limit: 10, burst })
  })

  const otherAlgorithmRemedy = "Leave it out, or set algorithm: 'token-bucket'."
  testRejections('invalid_option', [
    [{ ...bucket, burst: 0 }, 'read.burst', `takes a whole number, got 0. ${WHOLE_REMEDY}`],
    [{ ...bucket, burst: 1.5 }, 'read.burst', `takes a whole number, got 1.5. ${WHOLE_REMEDY}`],
    [{ ...bucket, burst: '20' }, 'read.burst', `takes a whole number, got '20'. ${WHOLE_REMEDY}`],
    [{ ...bucket, burst: null }, 'read.burst', `takes a whole number, got null. ${WHOLE_REMEDY}`],
    [{ ...bucket, burst: 1e15 }, 'read.burst', `takes a whole number, got 1000000000000000. ${WHOLE_REMEDY}`],
    [
      { limit: 5, burst: 10 },
      'read.burst',
      `has no meaning for a fixed-window, got 10. ${otherAlgorithmRemedy}`,
    ],
    [
      { limit: 5, burst: 5, algorithm: 'sliding-window' },
      'read.burst',
      `has no meaning for a sliding-window, got 5. ${otherAlgorithmRemedy}`,
    ],
  ])

  // The largest burst for which 2 * burst * 60,000 + 10 is at most 2^53 - 1.
  const LARGEST_BURST = 75_059_993_789

  it('can be as large as exact arithmetic allows', () => {
    expect(limitOf({ ...bucket, burst: LARGEST_BURST })).toMatchObject({ burst: LARGEST_BURST })
    // A fixed window of any length can have as many units as a header can show.
    expect(limitOf({ limit: 999_999_999_999_999, windowSec: 3_155_759_999 }).limit).toBe(999_999_999_999_999)
  })

  const tooLarge = 'is a token bucket too large for exact arithmetic'
  testRejections('invalid_option', [
    [
      { ...bucket, burst: LARGEST_BURST + 1 },
      'read',
      `${tooLarge}, got {"limit":10,"algorithm":"token-bucket","burst":75059993790}. Give a burst of at most ${LARGEST_BURST}, or a shorter window.`,
    ],
    [
      { limit: 999_999_999_999_999, algorithm: 'token-bucket' },
      'read',
      `${tooLarge}, got {"limit":999999999999999,"algorithm":"token-bucket"}. Give a burst of at most 66726660456, or a shorter window.`,
    ],
  ])

  it('can be the value that the error suggests', () => {
    for (const windowSec of [1, 60, 86_400, 3_155_759_999]) {
      const setting = { limit: 999_999_999_999_999, algorithm: 'token-bucket', windowSec }
      const { message } = thrownBy(() => limitOf(setting))
      const burst = Number(/at most (\d+),/.exec(message)?.[1])
      expect(limitOf({ ...setting, burst })).toMatchObject({ burst })
      expect(thrownBy(() => limitOf({ ...setting, burst: burst + 1 })).code).toBe('invalid_option')
    }
  })
})
