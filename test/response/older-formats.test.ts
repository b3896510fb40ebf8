import { describe, expect, it } from 'vitest'
import { draft6 } from '../../src/response/draft-6.ts'
import { draft7 } from '../../src/response/draft-7.ts'
import { legacyFormat } from '../../src/response/legacy.ts'
import { limitOf, RecordedHeaders, written } from './recorded-headers.ts'

/** 100 in 60 s, 59 left, 17.2 s to go. */
const STANDING = { remaining: 59, resetMs: 17_200 }

const BURST = { name: 'burst', limit: 10, windowMs: 1000, remaining: 3, resetMs: 300 }
const HOUR = { name: 'hour', limit: 1000, windowMs: 3_600_000, remaining: 812, resetMs: 1_931_000 }

describe('draft-7', () => {
  it('writes a policy and a dictionary', () => {
    expect(written(draft7, [STANDING]).all()).toEqual({
      'ratelimit-policy': '100;w=60',
      ratelimit: 'limit=100, remaining=59, reset=18',
    })
  })

  it('lists all policies and shows the tightest limit', () => {
    expect(written(draft7, [HOUR, BURST]).all()).toEqual({
      'ratelimit-policy': '1000;w=3600, 10;w=1',
      ratelimit: 'limit=10, remaining=3, reset=1',
    })
  })
})

describe('draft-6', () => {
  it('writes a policy and a field for each figure', () => {
    expect(written(draft6, [STANDING]).all()).toEqual({
      'ratelimit-policy': '100;w=60',
      'ratelimit-limit': '100',
      'ratelimit-remaining': '59',
      'ratelimit-reset': '18',
    })
  })

  it('lists all policies and shows the tightest limit', () => {
    expect(written(draft6, [BURST, HOUR]).all()).toEqual({
      'ratelimit-policy': '10;w=1, 1000;w=3600',
      'ratelimit-limit': '10',
      'ratelimit-remaining': '3',
      'ratelimit-reset': '1',
    })
  })
})

describe.each([draft6, draft7])('the policy of $name', (format) => {
  it('stands behind one that is there already', () => {
    const target = new RecordedHeaders({ 'RateLimit-Policy': '10;w=1' })
    format.writePolicy(target, [limitOf(STANDING)])
    expect(target.text('RateLimit-Policy')).toBe('10;w=1, 100;w=60')
  })

  it('rounds a window below a second up', () => {
    const target = new RecordedHeaders()
    format.writePolicy(target, [limitOf({ ...STANDING, limit: 10, windowMs: 500 })])
    expect(target.text('RateLimit-Policy')).toBe('10;w=1')
  })

  it.each([
    [{ limit: 10, windowMs: 1000, burst: 50 }, '50;w=5'],
    [{ limit: 100, windowMs: 60_000, burst: 5 }, '5;w=3'],
    [{ limit: 3, windowMs: 1000, burst: 10 }, '10;w=4'],
  ])('announces of a bucket, %o, what it holds and how soon it is full', (bucket, line) => {
    const target = new RecordedHeaders()
    format.writePolicy(target, [limitOf({ ...bucket, ...STANDING }), limitOf(STANDING)])
    expect(target.text('RateLimit-Policy')).toBe(`${line}, 100;w=60`)
  })
})

describe.each([draft6, draft7, legacyFormat('delta')])('the figures of $name', (format) => {
  it('are those of a bucket that is tighter than a window: how much it holds, not how much comes back', () => {
    const bucket = { name: 'bucket', limit: 10, windowMs: 1000, burst: 50, remaining: 49, resetMs: 4900 }
    const shown = Object.entries(written(format, [STANDING, bucket]).all()).filter(
      ([name]) => name !== 'ratelimit-policy',
    )
    const figures = shown.flatMap(([, value]) => value.match(/\d+/g) ?? [])
    expect(figures).toEqual(['50', '49', '5'])
  })
})

describe('legacy', () => {
  it.each([
    ['on a whole second', 1_700_000_000_000, 17_200, '1700000018'],
    ['within a second', 1_700_000_000_400, 17_200, '1700000018'],
    // The sum is rounded, not its parts: 0.9 s and 17.2 s make 18.1 s.
    ['late in a second', 1_700_000_000_900, 17_200, '1700000019'],
    ['to the very second', 1_700_000_000_000, 18_000, '1700000018'],
    ['a millisecond behind it', 1_700_000_000_000, 18_001, '1700000019'],
  ])('writes the second of the reset since the epoch, %s', (_when, nowMs, resetMs, reset) => {
    const headers = written(legacyFormat('epoch'), [{ remaining: 59, resetMs }], new RecordedHeaders(), nowMs)
    expect(headers.all()).toEqual({
      'x-ratelimit-limit': '100',
      'x-ratelimit-remaining': '59',
      'x-ratelimit-reset': reset,
    })
  })

  it('writes the seconds to go on demand', () => {
    expect(written(legacyFormat('delta'), [STANDING]).all()).toEqual({
      'x-ratelimit-limit': '100',
      'x-ratelimit-remaining': '59',
      'x-ratelimit-reset': '18',
    })
    expect(written(legacyFormat('delta'), [{ remaining: 0, resetMs: 0.4 }]).text('X-RateLimit-Reset')).toBe(
      '1',
    )
  })

  it('shows the tightest of several limits', () => {
    expect(written(legacyFormat('delta'), [HOUR, BURST]).all()).toEqual({
      'x-ratelimit-limit': '10',
      'x-ratelimit-remaining': '3',
      'x-ratelimit-reset': '1',
    })
  })

  it('has no field for what is not counted', () => {
    const target = new RecordedHeaders()
    legacyFormat('epoch').writePolicy(target, [limitOf(STANDING)])
    expect(target.all()).toEqual({})
  })
})

describe('what only shows the tightest limit', () => {
  it.each([draft6, draft7, legacyFormat('epoch')])(
    'overwrites what a looser one before has said in $name',
    (format) => {
      const once = written(format, [BURST]).all()
      const twice = written(format, [BURST], written(format, [HOUR])).all()
      expect({ ...twice, 'ratelimit-policy': '' }).toEqual({ ...once, 'ratelimit-policy': '' })
    },
  )
})
