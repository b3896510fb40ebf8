import { describe, expect, it, vi } from 'vitest'
import type { RateLimiterErrorCode } from '../../src/errors/rate-limiter-error.ts'
import { checkLimit, type LimitWithoutTtl, parseLimit } from '../../src/options/limit-option.ts'
import type { LimitOptions } from '../../src/options/rate-limiter-options.ts'
import { emittedBy } from '../support/emitted-warnings.ts'
import { thrownBy } from '../support/thrown-by.ts'

const WHOLE = 'Give a number from 1 to 999999999999999, without quotes.'
const FOREVER = 'of 0 refuses everybody for ever, got 0. Give false for no limit.'

/** Compiles a limit as JavaScript would give it, in a limiter with windows of a minute. */
function limitOf(setting: unknown, nameFor: (windowMs: number) => string = () => 'read'): LimitWithoutTtl {
  return parseLimit('read', setting as LimitOptions, { windowMs: 60_000, nameFor })
}

/** One test for each row: the setting, the option that the error names, and the error's message behind it. */
function rejects(code: RateLimiterErrorCode, rows: readonly (readonly [unknown, string, string])[]): void {
  it.each(rows)('is not %o', (setting, option, message) => {
    const error = thrownBy(() => limitOf(setting))
    expect(error.message).toBe(`${option}: ${message}`)
    expect(error).toMatchObject({ code, option })
  })
}

describe('a limit', () => {
  it('is a fixed window as long as those of the limiter, unless it says otherwise', () => {
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

  it('may have everything of its own', () => {
    const bucket = { limit: 5, windowSec: 0.5, algorithm: 'token-bucket', burst: 12, name: 'a "b" 100%' }
    expect(limitOf(bucket)).toEqual({
      name: 'a "b" 100%',
      limit: 5,
      windowMs: 500,
      burst: 12,
      algorithm: 'token-bucket',
    })
  })

  it('is named by its window where it has no name, and not asked for one where it has', () => {
    const nameFor = vi.fn((windowMs: number) => `of ${windowMs} ms`)
    expect(limitOf({ limit: 5 }, nameFor).name).toBe('of 60000 ms')
    expect(limitOf({ limit: 5, windowSec: 7 }, nameFor).name).toBe('of 7000 ms')
    nameFor.mockClear()
    expect(limitOf({ limit: 5, name: 'own' }, nameFor).name).toBe('own')
    expect(nameFor).not.toHaveBeenCalled()
  })

  it.each(['fixed-window', 'sliding-window', 'token-bucket'])('holds %s: its limit, at once', (algorithm) => {
    expect(limitOf({ limit: 7, algorithm })).toMatchObject({ algorithm, limit: 7, burst: 7 })
  })

  it('warns of a window that looks like milliseconds, by its path', async () => {
    expect(await emittedBy(() => limitOf({ limit: 5, windowSec: 60_000 }))).toEqual([
      {
        code: 'TOLLGATE_WINDOW_LOOKS_LIKE_MS',
        message: 'read.windowSec is 60000 seconds. If milliseconds were meant, give 60.',
      },
    ])
  })

  const object = 'Give an object; it may have limit, windowSec, algorithm, burst, name.'
  const names = "Give 'fixed-window' or 'sliding-window' or 'token-bucket'."
  rejects('invalid_option', [
    [null, 'read', `takes an object of options, got null. ${object}`],
    [5, 'read', `takes an object of options, got 5. ${object}`],
    [[5], 'read', `takes an object of options, got [5]. ${object}`],
    [{}, 'read.limit', `takes a whole number, got undefined. ${WHOLE}`],
    [{ limit: '5' }, 'read.limit', `takes a whole number, got '5'. ${WHOLE}`],
    [{ limit: 0 }, 'read.limit', FOREVER],
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
    [{ limit: 5, algorithm: 'leaky' }, 'read.algorithm', `takes one of a few names, got 'leaky'. ${names}`],
    [
      { limit: 5, algorithm: 'slidingwindow' },
      'read.algorithm',
      `takes one of a few names, got 'slidingwindow'. Did you mean 'sliding-window'? ${names}`,
    ],
    [
      { limit: 5, algorithm: 'toString' },
      'read.algorithm',
      `takes one of a few names, got 'toString'. ${names}`,
    ],
    [{ limit: 5, algorithm: null }, 'read.algorithm', `takes one of a few names, got null. ${names}`],
    [
      { limit: 5, name: 'caf\u00e9' },
      'read.name',
      "takes a name of printable ASCII, got 'caf\u00e9'. It appears in response headers.",
    ],
    [
      { limit: 5, name: '' },
      'read.name',
      "takes a name of printable ASCII, got ''. It appears in response headers.",
    ],
    [
      { limit: 5, name: null },
      'read.name',
      'takes a name of printable ASCII, got null. It appears in response headers.',
    ],
  ])

  const known = 'The options are limit, windowSec, algorithm, burst, name.'
  rejects('unknown_option', [
    [
      { limit: 5, windowMs: 1000 },
      'read.windowMs',
      `is not an option, got 1000. Did you mean 'windowSec'? ${known}`,
    ],
    [{ max: 5 }, 'read.max', `is not an option, got 5. Did you mean 'limit'? ${known}`],
    [{ limti: 5 }, 'read.limti', `is not an option, got 5. Did you mean 'limit'? ${known}`],
    [{ limit: 5, brust: 9 }, 'read.brust', `is not an option, got 9. Did you mean 'burst'? ${known}`],
    [{ limit: 5, colour: 1 }, 'read.colour', `is not an option, got 1. ${known}`],
  ])
})

describe('the number of a limit', () => {
  it.each([1, 100, 999_999_999_999_999])('may be %d', (limit) => {
    expect(checkLimit('read', limit)).toBe(limit)
  })

  it.each([
    [0, FOREVER],
    [-0, FOREVER],
    [Number.POSITIVE_INFINITY, 'takes a whole number, got Infinity. Give false for no limit.'],
    [Number.NEGATIVE_INFINITY, `takes a whole number, got -Infinity. ${WHOLE}`],
    [Number.NaN, `takes a whole number, got NaN. ${WHOLE}`],
    [-1, `takes a whole number, got -1. ${WHOLE}`],
    [1.5, `takes a whole number, got 1.5. ${WHOLE}`],
    [1e15, `takes a whole number, got 1000000000000000. ${WHOLE}`],
    ['0', `takes a whole number, got '0'. ${WHOLE}`],
    [null, `takes a whole number, got null. ${WHOLE}`],
    [undefined, `takes a whole number, got undefined. ${WHOLE}`],
    [5n, `takes a whole number, got 5n. ${WHOLE}`],
  ])('may not be %o', (limit, message) => {
    const error = thrownBy(() => checkLimit('read', limit))
    expect(error).toMatchObject({ code: 'invalid_option', option: 'read', value: limit })
    expect(error.message).toBe(`read: ${message}`)
  })
})

describe('the burst of a token bucket', () => {
  const bucket = { limit: 10, algorithm: 'token-bucket' } as const

  it.each([1, 9, 10, 11, 1000])('may be %d', (burst) => {
    expect(limitOf({ ...bucket, burst })).toMatchObject({ limit: 10, burst })
  })

  const other = "Leave it out, or set algorithm: 'token-bucket'."
  rejects('invalid_option', [
    [{ ...bucket, burst: 0 }, 'read.burst', `takes a whole number, got 0. ${WHOLE}`],
    [{ ...bucket, burst: 1.5 }, 'read.burst', `takes a whole number, got 1.5. ${WHOLE}`],
    [{ ...bucket, burst: '20' }, 'read.burst', `takes a whole number, got '20'. ${WHOLE}`],
    [{ ...bucket, burst: null }, 'read.burst', `takes a whole number, got null. ${WHOLE}`],
    [{ ...bucket, burst: 1e15 }, 'read.burst', `takes a whole number, got 1000000000000000. ${WHOLE}`],
    [{ limit: 5, burst: 10 }, 'read.burst', `has no meaning for a fixed-window, got 10. ${other}`],
    [
      { limit: 5, burst: 5, algorithm: 'sliding-window' },
      'read.burst',
      `has no meaning for a sliding-window, got 5. ${other}`,
    ],
  ])

  // 2 * burst * 60,000 + 10 must be no more than 2^53 - 1.
  const MOST = 75_059_993_789

  it('may be as large as can be reckoned with exactly', () => {
    expect(limitOf({ ...bucket, burst: MOST })).toMatchObject({ burst: MOST })
    // A window can have as many as a header can show, however long it is.
    expect(limitOf({ limit: 999_999_999_999_999, windowSec: 3_155_759_999 }).limit).toBe(999_999_999_999_999)
  })

  const large = 'is a token bucket too large to be reckoned with exactly'
  rejects('invalid_option', [
    [
      { ...bucket, burst: MOST + 1 },
      'read',
      `${large}, got {"limit":10,"algorithm":"token-bucket","burst":75059993790}. Give a burst of at most ${MOST}, or a shorter window.`,
    ],
    [
      { limit: 999_999_999_999_999, algorithm: 'token-bucket' },
      'read',
      `${large}, got {"limit":999999999999999,"algorithm":"token-bucket"}. Give a burst of at most 66726660456, or a shorter window.`,
    ],
  ])

  it('may be what the error advises', () => {
    for (const windowSec of [1, 60, 86_400, 3_155_759_999]) {
      const setting = { limit: 999_999_999_999_999, algorithm: 'token-bucket', windowSec }
      const { message } = thrownBy(() => limitOf(setting))
      const burst = Number(/at most (\d+),/.exec(message)?.[1])
      expect(limitOf({ ...setting, burst })).toMatchObject({ burst })
      expect(thrownBy(() => limitOf({ ...setting, burst: burst + 1 })).code).toBe('invalid_option')
    }
  })
})
