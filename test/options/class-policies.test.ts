import { describe, expect, it } from 'vitest'
import { isDynamic } from '../../src/limits/policy.ts'
import { parse, rejects } from './parse.ts'

const WHOLE = 'Give a number from 1 to 999999999999999, without quotes.'
const FOREVER = 'of 0 refuses everybody for ever, got 0. Give false for no limit.'
const FORMS = 'Give 100, or { limit: 100, windowSec: 60 }, or (req) => number, or false for no limit.'

describe('read and write', () => {
  it('are 1000 and 200 in a minute unless something else is given', () => {
    const base = { windowMs: 60_000, ttlMs: 90_000, algorithm: 'fixed-window' }
    expect(parse({}).policies).toEqual({
      read: {
        class: 'read',
        capacity: 1000,
        limits: [{ ...base, name: 'read', limit: 1000, burst: 1000 }],
      },
      write: {
        class: 'write',
        capacity: 200,
        limits: [{ ...base, name: 'write', limit: 200, burst: 200 }],
      },
    })
    expect(parse({ read: undefined, write: undefined, windowSec: undefined }).policies).toEqual(
      parse({}).policies,
    )
  })

  it('take numbers, the largest included', () => {
    const { read, write } = parse({ read: 1, write: 999_999_999_999_999 }).policies
    expect(read).toMatchObject({ capacity: 1, limits: [{ limit: 1, burst: 1 }] })
    expect(write).toMatchObject({ capacity: 999_999_999_999_999 })
  })

  it('take false for no limit', () => {
    expect(parse({ read: false }).policies.read).toBe(false)
    expect(parse({ read: false, write: false }).policies).toEqual({ read: false, write: false })
  })

  it('take a limit with a window and a name of its own', () => {
    const write = { limit: 5, windowSec: 900, name: 'logins', algorithm: 'fixed-window' }
    expect(parse({ write }).policies.write).toMatchObject({
      limits: [{ name: 'logins', limit: 5, burst: 5, windowMs: 900_000 }],
    })
  })

  it('take a function, which is asked for each request', () => {
    const { read } = parse({ read: () => 7, windowSec: 10 }).policies
    if (read === false || !isDynamic(read)) throw new Error('no dynamic policy')
    expect(read.ask({} as never)).toBe(7)
    expect(read.at(7).limits).toEqual([
      { name: 'read', limit: 7, burst: 7, windowMs: 10_000, ttlMs: 40_000, algorithm: 'fixed-window' },
    ])
    expect(read.at(7)).toBe(read.at(7))
  })

  it('are named after the limiter, unless it is the default one', () => {
    const { read, write } = parse({ name: 'login' }).policies
    expect(read).toMatchObject({ limits: [{ name: 'login-read' }] })
    expect(write).toMatchObject({ limits: [{ name: 'login-write' }] })
  })

  rejects('invalid_option', [
    [{ read: 0 }, 'read', FOREVER],
    [{ write: 0 }, 'write', FOREVER],
    [{ write: { limit: 0 } }, 'write.limit', FOREVER],
    [
      { read: Number.POSITIVE_INFINITY },
      'read',
      'takes a whole number, got Infinity. Give false for no limit.',
    ],
    [{ read: Number.NaN }, 'read', `takes a whole number, got NaN. ${WHOLE}`],
    [{ read: -1 }, 'read', `takes a whole number, got -1. ${WHOLE}`],
    [{ read: Number.NEGATIVE_INFINITY }, 'read', `takes a whole number, got -Infinity. ${WHOLE}`],
    [{ write: 1.5 }, 'write', `takes a whole number, got 1.5. ${WHOLE}`],
    [{ write: 1e15 }, 'write', `takes a whole number, got 1000000000000000. ${WHOLE}`],
    [{ read: { limit: '5' } }, 'read.limit', `takes a whole number, got '5'. ${WHOLE}`],
    [{ read: {} }, 'read.limit', `takes a whole number, got undefined. ${WHOLE}`],
    [{ read: '100' }, 'read', `takes a number, a limit, a function or false, got '100'. ${FORMS}`],
    [{ read: null }, 'read', `takes a number, a limit, a function or false, got null. ${FORMS}`],
    [{ write: true }, 'write', `takes a number, a limit, a function or false, got true. ${FORMS}`],
    [{ write: 5n }, 'write', `takes a number, a limit, a function or false, got 5n. ${FORMS}`],
    [
      { write: [{ limit: 5 }] },
      'write',
      `takes a number, a limit, a function or false, got [{"limit":5}]. ${FORMS}`,
    ],
    [
      { read: { limit: 5, algorithm: 'sliding-window' } },
      'read.algorithm',
      "is no algorithm of this version, got 'sliding-window'. Give 'fixed-window'.",
    ],
    [
      { write: { limit: 5, algorithm: 'leaky' } },
      'write.algorithm',
      "is no algorithm of this version, got 'leaky'. Give 'fixed-window'.",
    ],
    [
      { read: { limit: 5, burst: 10 } },
      'read.burst',
      'has no meaning for a fixed window, got 10. Leave it out.',
    ],
    [
      { write: { limit: 5, name: 'caf\u00e9' } },
      'write.name',
      "takes a name of printable ASCII, got 'caf\u00e9'. It appears in response headers.",
    ],
  ])
})

describe('the names in a limit', () => {
  const known = 'The options are limit, windowSec, algorithm, burst, name.'
  rejects('unknown_option', [
    [
      { read: { limit: 5, windowMs: 1000 } },
      'read.windowMs',
      `is not an option, got 1000. Did you mean 'windowSec'? ${known}`,
    ],
    [{ write: { max: 5 } }, 'write.max', `is not an option, got 5. Did you mean 'limit'? ${known}`],
    [{ write: { limti: 5 } }, 'write.limti', `is not an option, got 5. Did you mean 'limit'? ${known}`],
    [{ write: { limit: 5, colour: 1 } }, 'write.colour', `is not an option, got 1. ${known}`],
  ])
})

describe('windowSec', () => {
  const remedy = 'Give a number from 0.001 to 3155760000, without quotes.'

  it('is the window of the limits that name none', () => {
    const { read, write } = parse({ windowSec: 0.5, write: { limit: 1, windowSec: 7 } }).policies
    expect(read).toMatchObject({ limits: [{ windowMs: 500 }] })
    expect(write).toMatchObject({ limits: [{ windowMs: 7000 }] })
  })

  rejects('invalid_option', [
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
    Object.values(parse(options).policies).map((policy) =>
      policy === false || isDynamic(policy) ? undefined : policy.limits[0]?.ttlMs,
    )

  it('is 30 seconds longer than the longest window, unless it is given', () => {
    expect(ttlsOf({})).toEqual([90_000, 90_000])
    expect(ttlsOf({ windowSec: 10 })).toEqual([40_000, 40_000])
    expect(ttlsOf({ write: { limit: 5, windowSec: 3600 } })).toEqual([3_630_000, 3_630_000])
    expect(ttlsOf({ write: { limit: 5, windowSec: 3600 }, ttlSec: 3600 })).toEqual([3_600_000, 3_600_000])
    const short = { limit: 1, windowSec: 10 }
    expect(ttlsOf({ windowSec: 100, read: short, write: short })).toEqual([130_000, 130_000])
    expect(ttlsOf({ windowSec: 60, ttlSec: 60 })).toEqual([60_000, 60_000])
  })

  const tooShort = (windowSec: number, shown: string): string =>
    `is shorter than the longest window of ${windowSec} s: a client forgotten early has new quota, got ${shown}. Give at least ${windowSec}, or leave it out.`
  rejects('invalid_option', [
    [{ ttlSec: 59.999 }, 'ttlSec', tooShort(60, '59.999')],
    [{ windowSec: 90, ttlSec: 60 }, 'ttlSec', tooShort(90, '60')],
    [{ write: { limit: 5, windowSec: 900 }, ttlSec: 90 }, 'ttlSec', tooShort(900, '90')],
    [{ ttlSec: 0 }, 'ttlSec', `takes a number of seconds, got 0. ${remedy}`],
    [{ ttlSec: '90' }, 'ttlSec', `takes a number of seconds, got '90'. ${remedy}`],
    [{ ttlSec: null }, 'ttlSec', `takes a number of seconds, got null. ${remedy}`],
    [{ ttlSec: Number.NaN }, 'ttlSec', `takes a number of seconds, got NaN. ${remedy}`],
    [{ ttlSec: Number.POSITIVE_INFINITY }, 'ttlSec', `takes a number of seconds, got Infinity. ${remedy}`],
  ])
})
