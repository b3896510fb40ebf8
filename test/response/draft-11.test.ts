import { describe, expect, it } from 'vitest'
import { draft8 } from '../../src/response/draft-8.ts'
import { draft11 } from '../../src/response/draft-11.ts'
import { limitOf, RecordedHeaders, written } from './recorded-headers.ts'

const BURST = { name: 'burst', limit: 10, windowMs: 1000 }
const HOUR = { name: 'hour', limit: 1000, windowMs: 3_600_000 }

describe.each([draft8, draft11])('$name', (format) => {
  const policyOf = (...figures: Parameters<typeof written>[1]): string =>
    written(format, figures).text('RateLimit-Policy')
  const stateOf = (...figures: Parameters<typeof written>[1]): string =>
    written(format, figures).text('RateLimit')

  it('writes two fields and no other', () => {
    expect(written(format, [{ remaining: 99, resetMs: 60_000 }]).all()).toEqual({
      'ratelimit-policy': '"read";q=100;w=60',
      ratelimit: '"read";r=99;t=60',
    })
  })

  it.each([
    // The 41st of 100 requests, and the last one.
    [59, 17_200, '"read";r=59;t=18'],
    [0, 17_200, '"read";r=0;t=18'],
    // A whole second stays as it is, and a millisecond more is rounded up.
    [59, 17_000, '"read";r=59;t=17'],
    [59, 17_001, '"read";r=59;t=18'],
    // Never 0: after 0 seconds a client would come back at once and be refused again.
    [0, 0.4, '"read";r=0;t=1'],
    [0, 0, '"read";r=0;t=1'],
    // A token bucket 600 ms before its next unit, and a limit after its first charge.
    [0, 600, '"read";r=0;t=1'],
    [99, 60_000, '"read";r=99;t=60'],
  ])('with %i units left and a reset in %d ms is %s', (remaining, resetMs, line) => {
    expect(stateOf({ remaining, resetMs })).toBe(line)
  })

  it('has one member for each limit, in their order', () => {
    const figures = [
      { ...BURST, remaining: 0, resetMs: 300 },
      { ...HOUR, remaining: 812, resetMs: 1_931_000 },
    ]
    expect(policyOf(...figures)).toBe('"burst";q=10;w=1, "hour";q=1000;w=3600')
    expect(stateOf(...figures)).toBe('"burst";r=0;t=1, "hour";r=812;t=1931')
  })

  it.each([
    // 50 at once and 10 a second: the quota is the burst, in the time in which the bucket fills.
    [{ limit: 10, windowMs: 1000, burst: 50 }, '"read";q=50;w=5'],
    [{ limit: 100, windowMs: 60_000, burst: 5 }, '"read";q=5;w=3'],
    // 3333.3 ms, rounded up.
    [{ limit: 3, windowMs: 1000, burst: 10 }, '"read";q=10;w=4'],
    [{ limit: 1000, windowMs: 1000, burst: 1 }, '"read";q=1;w=1'],
  ])('shows for the bucket %o its burst and the time in which it fills', (bucket, line) => {
    expect(policyOf({ ...bucket, remaining: 0, resetMs: 0 })).toBe(line)
  })

  it('never shows more units left in a bucket than its quota', () => {
    const full = { limit: 10, windowMs: 1000, burst: 50, remaining: 50, resetMs: 5000 }
    expect([policyOf(full), stateOf(full)]).toEqual(['"read";q=50;w=5', '"read";r=50;t=5'])
  })

  it('shows a banned client no units until the ban ends', () => {
    const banned = [
      { ...BURST, remaining: 0, resetMs: 3_600_000 },
      { ...HOUR, remaining: 0, resetMs: 3_600_000 },
    ]
    expect(stateOf(...banned)).toBe('"burst";r=0;t=3600, "hour";r=0;t=3600')
  })

  it('escapes quotes and backslashes in names in the same form in both fields', () => {
    const figures = { name: 'a"b\\c', remaining: 99, resetMs: 60_000 }
    expect(stateOf(figures)).toBe('"a\\"b\\\\c";r=99;t=60')
    expect(policyOf(figures)).toBe('"a\\"b\\\\c";q=100;w=60')
  })

  it('names the quota unit of each limit, unless it is requests', () => {
    const figures = [
      { ...BURST, remaining: 9, resetMs: 1000 },
      { ...HOUR, remaining: 0, resetMs: 1000 },
    ]
    expect(written(format, figures, undefined, 0, 'tokens').all()).toEqual({
      'ratelimit-policy': '"burst";q=10;w=1;qu="tokens", "hour";q=1000;w=3600;qu="tokens"',
      ratelimit: '"burst";r=9;t=1, "hour";r=0;t=1',
    })
    expect(policyOf(...figures)).toBe('"burst";q=10;w=1, "hour";q=1000;w=3600')
  })

  it('describes the quota unit only where there is one', () => {
    const [policy, state] = format.fields
    const [policyWithUnit, stateWithUnit] = format.fieldsWithUnit ?? []
    expect(policy?.meaning).not.toContain('unit qu')
    expect(policyWithUnit?.meaning).toContain('the unit qu')
    expect(stateWithUnit).toEqual(state)
  })

  it('rounds a window below a second up to a second', () => {
    expect(policyOf({ name: 'p', limit: 10, windowMs: 500, remaining: 9, resetMs: 500 })).toBe('"p";q=10;w=1')
  })

  it('writes numbers of 15 digits in full', () => {
    const figures = { limit: 999_999_999_999_999, remaining: 999_999_999_999_998, resetMs: 1 }
    expect(policyOf(figures)).toBe('"read";q=999999999999999;w=60')
    expect(stateOf(figures)).toBe('"read";r=999999999999998;t=1')
  })

  it.each([
    ['text', '"edge";q=10;w=1', '"edge";q=10;w=1, "read";q=100;w=60'],
    // `res.setHeader` accepts several lines. Node writes each of them, which means the same as commas.
    ['several lines', ['"a";q=1;w=1', '"b";q=2;w=2'], '"a";q=1;w=1,"b";q=2;w=2, "read";q=100;w=60'],
    ['an empty value', '', '"read";q=100;w=60'],
  ])('is added after a policy that is already set, with %s', (_what, present, line) => {
    const target = new RecordedHeaders({ 'RateLimit-Policy': present })
    format.writePolicy(target, [limitOf({ remaining: 0, resetMs: 0 })], 'requests', 0)
    expect(target.text('RateLimit-Policy')).toBe(line)
  })

  it('adds the members of a second limiter after those of the first', () => {
    const target = written(format, [{ remaining: 99, resetMs: 60_000 }])
    written(
      format,
      [{ name: 'login-read', limit: 5, windowMs: 900_000, remaining: 4, resetMs: 900_000 }],
      target,
    )
    expect(target.all()).toEqual({
      'ratelimit-policy': '"read";q=100;w=60, "login-read";q=5;w=900',
      ratelimit: '"read";r=99;t=60, "login-read";r=4;t=900',
    })
  })

  it('shows other limits with another text', () => {
    const limits = [limitOf({ remaining: 0, resetMs: 0 })]
    const texts = [limits, limits, [limitOf({ name: 'other', remaining: 0, resetMs: 0 })]].map((shown) => {
      const target = new RecordedHeaders()
      format.writePolicy(target, shown, 'requests', 0)
      return target.text('RateLimit-Policy')
    })
    expect(texts).toEqual(['"read";q=100;w=60', '"read";q=100;w=60', '"other";q=100;w=60'])
  })
})

describe('drafts with the same fields', () => {
  it('have different names', () => {
    expect([draft8.name, draft11.name]).toEqual(['draft-8', 'draft-11'])
  })
})
