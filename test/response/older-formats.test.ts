import { describe, expect, it } from 'vitest'
import { draft6 } from '../../src/response/draft-6.ts'
import { draft7 } from '../../src/response/draft-7.ts'
import { legacyFormat } from '../../src/response/legacy-format.ts'
import { limitOf, RecordedHeaders, written } from './recorded-headers.ts'

/** 100 units in 60 s, 59 of them left, and a reset in 17.2 s. */
const FIGURES = { remaining: 59, resetMs: 17_200 }

const BURST = { name: 'burst', limit: 10, windowMs: 1000, remaining: 3, resetMs: 300 }
const HOUR = { name: 'hour', limit: 1000, windowMs: 3_600_000, remaining: 812, resetMs: 1_931_000 }

describe('draft-7', () => {
  it('writes a policy and a dictionary', () => {
    expect(written(draft7, [FIGURES]).all()).toEqual({
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
  it('writes a policy and a field for each number', () => {
    expect(written(draft6, [FIGURES]).all()).toEqual({
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
  it('is added after a policy that is already set', () => {
    const target = new RecordedHeaders({ 'RateLimit-Policy': '10;w=1' })
    format.writePolicy(target, [limitOf(FIGURES)], 'requests', 0)
    expect(target.text('RateLimit-Policy')).toBe('10;w=1, 100;w=60')
  })

  it('rounds a window below a second up to a second', () => {
    const target = new RecordedHeaders()
    format.writePolicy(target, [limitOf({ ...FIGURES, limit: 10, windowMs: 500 })], 'requests', 0)
    expect(target.text('RateLimit-Policy')).toBe('10;w=1')
  })

  it.each([
    [{ limit: 10, windowMs: 1000, burst: 50 }, '50;w=5'],
    [{ limit: 100, windowMs: 60_000, burst: 5 }, '5;w=3'],
    [{ limit: 3, windowMs: 1000, burst: 10 }, '10;w=4'],
  ])('shows for the bucket %o its burst and the time in which it fills', (bucket, line) => {
    const target = new RecordedHeaders()
    format.writePolicy(target, [limitOf({ ...bucket, ...FIGURES }), limitOf(FIGURES)], 'requests', 0)
    expect(target.text('RateLimit-Policy')).toBe(`${line}, 100;w=60`)
  })
})

describe.each([draft6, draft7, legacyFormat('delta')])('the numbers of $name', (format) => {
  it('are those of the bucket if it is tighter than a window, with its burst as the limit', () => {
    const bucket = { name: 'bucket', limit: 10, windowMs: 1000, burst: 50, remaining: 49, resetMs: 4900 }
    const shown = Object.entries(written(format, [FIGURES, bucket]).all()).filter(
      ([name]) => name !== 'ratelimit-policy',
    )
    const figures = shown.flatMap(([, value]) => value.match(/\d+/g) ?? [])
    expect(figures).toEqual(['50', '49', '5'])
  })
})

describe('legacy', () => {
  it.each([
    ['at a whole second', 1_700_000_000_000, 17_200, '1700000018'],
    ['inside a second', 1_700_000_000_400, 17_200, '1700000018'],
    // Only the sum is rounded: 0.9 s and 17.2 s are 18.1 s.
    ['late in a second', 1_700_000_000_900, 17_200, '1700000019'],
    ['with a reset at a whole second', 1_700_000_000_000, 18_000, '1700000018'],
    ['with a reset a millisecond later', 1_700_000_000_000, 18_001, '1700000019'],
  ])('writes the reset as a second since the epoch, %s', (_when, nowMs, resetMs, reset) => {
    const headers = written(legacyFormat('epoch'), [{ remaining: 59, resetMs }], new RecordedHeaders(), nowMs)
    expect(headers.all()).toEqual({
      'x-ratelimit-limit': '100',
      'x-ratelimit-remaining': '59',
      'x-ratelimit-reset': reset,
    })
  })

  it('writes the seconds until the reset with delta', () => {
    expect(written(legacyFormat('delta'), [FIGURES]).all()).toEqual({
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

  it('writes no policy', () => {
    const target = new RecordedHeaders()
    legacyFormat('epoch').writePolicy(target, [limitOf(FIGURES)], 'requests', 0)
    expect(target.all()).toEqual({})
  })
})

describe('a format that shows only the tightest limit', () => {
  it.each([draft6, draft7, legacyFormat('epoch')])(
    'overwrites the state of a less tight limit in $name',
    (format) => {
      const once = written(format, [BURST]).all()
      const twice = written(format, [BURST], written(format, [HOUR])).all()
      expect({ ...twice, 'ratelimit-policy': '' }).toEqual({ ...once, 'ratelimit-policy': '' })
    },
  )
})
