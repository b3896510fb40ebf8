import { describe, expect, it } from 'vitest'
import type { Limit } from '../../src/limits/limit.ts'
import { type ClassPolicy, isDynamic } from '../../src/limits/policy.ts'
import { policiesOf, settingsOf, testRejections } from '../support/parsed-settings.ts'

const FORMS_REMEDY =
  'Give 100, or { limit: 100, windowSec: 60 }, or (req, res) => number, or false for no limit.'
const WRONG_FORM = 'takes a number, a limit, an array of limits, a function or false'

/** The limits of a class whose limits are fixed. */
function limitsOf<Req, Res>(policy: ClassPolicy<Req, Res>): readonly Limit[] {
  if (policy === false || isDynamic(policy)) throw new Error('the policy is not fixed')
  return policy.limits
}

describe('read and write', () => {
  it('are 1000 and 200 in a minute by default', () => {
    const base = { windowMs: 60_000, ttlMs: 90_000, algorithm: 'fixed-window' }
    const read = { ...base, name: 'read', limit: 1000, burst: 1000 }
    const write = { ...base, name: 'write', limit: 200, burst: 200 }
    expect(policiesOf({})).toEqual({
      read: { class: 'read', smallestLimit: read, limits: [read], refusesAll: false },
      write: { class: 'write', smallestLimit: write, limits: [write], refusesAll: false },
    })
    expect(policiesOf({ read: undefined, write: undefined, windowSec: undefined })).toEqual(policiesOf({}))
  })

  it('accept numbers up to the largest limit', () => {
    const { read, write } = policiesOf({ read: 1, write: 999_999_999_999_999 })
    expect(limitsOf(read)).toMatchObject([{ limit: 1, burst: 1 }])
    expect(limitsOf(write)).toMatchObject([{ limit: 999_999_999_999_999, burst: 999_999_999_999_999 }])
  })

  it('refuse every request with a limit of 0, alone or among several', () => {
    expect(policiesOf({ read: 0, write: [{ limit: 5 }, { limit: 0 }] })).toMatchObject({
      read: { refusesAll: true },
      write: { refusesAll: true },
    })
  })

  it('accept false for no limit', () => {
    expect(policiesOf({ read: false }).read).toBe(false)
    expect(policiesOf({ read: false, write: false })).toEqual({ read: false, write: false })
  })

  it('accept a limit with a window, a name and an algorithm of its own', () => {
    const write = { limit: 5, windowSec: 900, name: 'logins', algorithm: 'sliding-window' }
    expect(limitsOf(policiesOf({ write }).write)).toEqual([
      {
        name: 'logins',
        limit: 5,
        burst: 5,
        windowMs: 900_000,
        ttlMs: 930_000,
        algorithm: 'sliding-window',
      },
    ])
  })

  it('accept a function that is called for each request', () => {
    const { read } = policiesOf({ read: () => 7, windowSec: 10 })
    if (read === false || !isDynamic(read)) throw new Error('the policy is not dynamic')
    expect(read.limitFunction({} as never, {} as never)).toBe(7)
    expect(read.withLimit(7).limits).toEqual([
      { name: 'read', limit: 7, burst: 7, windowMs: 10_000, ttlMs: 40_000, algorithm: 'fixed-window' },
    ])
    expect(read.withLimit(7)).toBe(read.withLimit(7))
    expect(read.withLimit(7).smallestLimit).toBe(read.withLimit(7).limits[0])
  })

  it('have names with the name of the limiter as a prefix, unless that is default', () => {
    const { read, write } = policiesOf({ name: 'login' })
    expect(read).toMatchObject({ limits: [{ name: 'login-read' }] })
    expect(write).toMatchObject({ limits: [{ name: 'login-write' }] })
  })

  testRejections('invalid_option', [
    [
      { write: 1.5 },
      'write',
      'takes a whole number, got 1.5. Give a number from 0 to 999999999999999, without quotes.',
    ],
    [{ read: '100' }, 'read', `${WRONG_FORM}, got '100'. ${FORMS_REMEDY}`],
    [{ read: null }, 'read', `${WRONG_FORM}, got null. ${FORMS_REMEDY}`],
    [{ write: true }, 'write', `${WRONG_FORM}, got true. ${FORMS_REMEDY}`],
    [{ write: 5n }, 'write', `${WRONG_FORM}, got 5n. ${FORMS_REMEDY}`],
    [{ write: Symbol('five') }, 'write', `${WRONG_FORM}, got Symbol(five). ${FORMS_REMEDY}`],
  ])
})

describe('several limits', () => {
  const namesOf = (options: object): string[] => limitsOf(policiesOf(options).read).map(({ name }) => name)

  it('are compiled in their order, each with its own window or the window of the limiter', () => {
    const read = [
      { limit: 100, windowSec: 3600, algorithm: 'sliding-window' },
      { limit: 10, windowSec: 1, algorithm: 'token-bucket', burst: 20 },
      { limit: 50, name: 'own' },
    ]
    const ttlMs = 3_630_000
    expect(limitsOf(policiesOf({ read, windowSec: 30 }).read)).toEqual([
      { name: 'read-1h', limit: 100, burst: 100, windowMs: 3_600_000, ttlMs, algorithm: 'sliding-window' },
      { name: 'read-1s', limit: 10, burst: 20, windowMs: 1000, ttlMs, algorithm: 'token-bucket' },
      { name: 'own', limit: 50, burst: 50, windowMs: 30_000, ttlMs, algorithm: 'fixed-window' },
    ])
  })

  it('show which of them has the smallest burst', () => {
    const read = [
      { limit: 5, windowSec: 10 },
      { limit: 100, algorithm: 'token-bucket', burst: 2 },
      { limit: 3, windowSec: 5 },
      { limit: 50, algorithm: 'token-bucket', burst: 2, name: 'later' },
    ]
    expect(policiesOf({ read }).read).toMatchObject({ smallestLimit: { name: 'read-1m', burst: 2 } })
  })

  it('have names of the class and their windows', () => {
    const read = [{ limit: 1, windowSec: 1 }, { limit: 1, windowSec: 1 }, { limit: 1 }]
    expect(namesOf({ read })).toEqual(['read-1s', 'read-1s-2', 'read-1m'])
    expect(namesOf({ read, name: 'login' })).toEqual(['login-read-1s', 'login-read-1s-2', 'login-read-1m'])
    expect(namesOf({ read: read.slice(2), name: 'login' })).toEqual(['login-read'])
  })

  it('get no name that is given to another limit', () => {
    const read = [
      { limit: 1, windowSec: 1 },
      { limit: 1, windowSec: 60, name: 'read-1s' },
    ]
    expect(namesOf({ read })).toEqual(['read-1s-2', 'read-1s'])
  })

  it('can have the same name in two classes', () => {
    const same = [{ limit: 5, name: 'same' }]
    expect(() => settingsOf({ read: same, write: same })).not.toThrow()
  })

  testRejections('invalid_option', [
    [{ read: [] }, 'read', 'takes at least one limit in its array, got []. Give false for no limit.'],
    [
      { write: [{ limit: 5 }, { limit: -1 }] },
      'write[1].limit',
      'takes a whole number, got -1. Give a number from 0 to 999999999999999, without quotes.',
    ],
    [
      { write: [{ limit: 5 }, 7] },
      'write[1]',
      'takes an object of options, got 7. Give an object; it may have limit, windowSec, per, timeZone, startsOn, algorithm, burst, maxDebt, name.',
    ],
    [
      { read: [null] },
      'read[0]',
      'takes an object of options, got null. Give an object; it may have limit, windowSec, per, timeZone, startsOn, algorithm, burst, maxDebt, name.',
    ],
    [
      { read: [[{ limit: 5 }]] },
      'read[0]',
      'takes an object of options, got [{"limit":5}]. Give an object; it may have limit, windowSec, per, timeZone, startsOn, algorithm, burst, maxDebt, name.',
    ],
    [
      { read: [{ limit: 1, name: 'a' }, { limit: 2 }, { limit: 3, name: 'a' }] },
      'read[2].name',
      "is the name of read[0] too, got 'a'. Give each limit a name of its own.",
    ],
    [
      { read: [{ limit: 1 }, { limit: 3, windowSec: 0 }] },
      'read[1].windowSec',
      'takes a number of seconds, got 0. Give a number from 0.001 to 3155760000, without quotes.',
    ],
  ])

  testRejections('unknown_option', [
    [
      { write: [{ limit: 5, windowMs: 1000 }] },
      'write[0].windowMs',
      "is an option of express-rate-limit, got 1000. Did you mean 'windowSec'? Write windowSec: 1.",
    ],
  ])
})

describe('windowSec', () => {
  const remedy = 'Give a number from 0.001 to 3155760000, without quotes.'

  it('is the window of the limits without a window of their own', () => {
    const { read, write } = policiesOf({ windowSec: 0.5, write: { limit: 1, windowSec: 7 } })
    expect(read).toMatchObject({ limits: [{ windowMs: 500 }] })
    expect(write).toMatchObject({ limits: [{ windowMs: 7000 }] })
  })

  testRejections('invalid_option', [
    [{ windowSec: 0 }, 'windowSec', `takes a number of seconds, got 0. ${remedy}`],
    [{ windowSec: -60 }, 'windowSec', `takes a number of seconds, got -60. ${remedy}`],
    [{ windowSec: 0.0001 }, 'windowSec', `takes a number of seconds, got 0.0001. ${remedy}`],
    [{ windowSec: '60' }, 'windowSec', `takes a number of seconds, got '60'. ${remedy}`],
    [{ windowSec: null }, 'windowSec', `takes a number of seconds, got null. ${remedy}`],
    [{ windowSec: [60] }, 'windowSec', `takes a number of seconds, got [60]. ${remedy}`],
    [{ windowSec: Number.NaN }, 'windowSec', `takes a number of seconds, got NaN. ${remedy}`],
    [
      { windowSec: Number.POSITIVE_INFINITY },
      'windowSec',
      `takes a number of seconds, got Infinity. ${remedy}`,
    ],
    [{ windowSec: 3_155_760_001 }, 'windowSec', `takes a number of seconds, got 3155760001. ${remedy}`],
    [{ write: { limit: 5, windowSec: 0 } }, 'write.windowSec', `takes a number of seconds, got 0. ${remedy}`],
  ])
})

describe('ttlSec', () => {
  const remedy = 'Give a number from 0.001 to 3155760000, without quotes.'
  const ttlsOf = (options: object): unknown[] =>
    Object.values(policiesOf(options)).map((policy) =>
      policy === false || isDynamic(policy) ? undefined : policy.limits[0]?.ttlMs,
    )

  it('is 30 seconds longer than the longest window by default', () => {
    expect(ttlsOf({})).toEqual([90_000, 90_000])
    expect(ttlsOf({ windowSec: 10 })).toEqual([40_000, 40_000])
    expect(ttlsOf({ write: { limit: 5, windowSec: 3600 } })).toEqual([3_630_000, 3_630_000])
    expect(ttlsOf({ write: { limit: 5, windowSec: 3600 }, ttlSec: 3600 })).toEqual([3_600_000, 3_600_000])
    const short = { limit: 1, windowSec: 10 }
    expect(ttlsOf({ windowSec: 100, read: short, write: short })).toEqual([130_000, 130_000])
    expect(ttlsOf({ windowSec: 60, ttlSec: 60 })).toEqual([60_000, 60_000])
    const several = [{ limit: 5, windowSec: 10 }, { limit: 9, windowSec: 600 }, { limit: 7 }]
    expect(ttlsOf({ write: several })).toEqual([630_000, 630_000])
  })

  it('counts the time in which a token bucket fills as its window', () => {
    const bucket = (burst: number, limit = 10): object => ({
      read: { limit, windowSec: 100, algorithm: 'token-bucket', burst },
    })
    expect(ttlsOf(bucket(60))).toEqual([630_000, 630_000])
    // A small bucket is full soon, so the window of the other class, a minute, is the longest.
    expect(ttlsOf(bucket(1))).toEqual([90_000, 90_000])
    expect(ttlsOf({ ...bucket(1), windowSec: 5, ttlSec: 10 })).toEqual([10_000, 10_000])
    // The bucket fills in 333,333.3 ms, which is rounded up to 333,334 ms.
    expect(ttlsOf(bucket(10, 3))).toEqual([363_334, 363_334])
    expect(ttlsOf({ ...bucket(10, 3), ttlSec: 333.334 })).toEqual([333_334, 333_334])
  })

  const tooShort = (windowSec: number, shown: string): string =>
    `is shorter than the longest window (or time to fill a bucket) of ${windowSec} s, so clients would be forgotten too early and get new quota, got ${shown}. Give at least ${windowSec}, or leave it out.`
  testRejections('invalid_option', [
    [{ ttlSec: 59.999 }, 'ttlSec', tooShort(60, '59.999')],
    [{ windowSec: 90, ttlSec: 60 }, 'ttlSec', tooShort(90, '60')],
    [{ write: { limit: 5, windowSec: 900 }, ttlSec: 90 }, 'ttlSec', tooShort(900, '90')],
    [{ write: [{ limit: 5 }, { limit: 9, windowSec: 7200 }], ttlSec: 90 }, 'ttlSec', tooShort(7200, '90')],
    [
      { read: { limit: 10, algorithm: 'token-bucket', burst: 60 }, ttlSec: 359.999 },
      'ttlSec',
      tooShort(360, '359.999'),
    ],
    [{ ttlSec: 0 }, 'ttlSec', `takes a number of seconds, got 0. ${remedy}`],
    [{ ttlSec: '90' }, 'ttlSec', `takes a number of seconds, got '90'. ${remedy}`],
    [{ ttlSec: null }, 'ttlSec', `takes a number of seconds, got null. ${remedy}`],
    [{ ttlSec: Number.NaN }, 'ttlSec', `takes a number of seconds, got NaN. ${remedy}`],
    [{ ttlSec: Number.POSITIVE_INFINITY }, 'ttlSec', `takes a number of seconds, got Infinity. ${remedy}`],
  ])
})
