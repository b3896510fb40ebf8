import { describe, expect, it } from 'vitest'
import { draft8 } from '../../src/response/draft-8.ts'
import { draft11 } from '../../src/response/draft-11.ts'
import { limitOf, RecordedHeaders, written } from './recorded-headers.ts'

const BURST = { name: 'burst', limit: 10, windowMs: 1000 }
const HOUR = { name: 'hour', limit: 1000, windowMs: 3_600_000 }

describe.each([draft8, draft11])('$name', (format) => {
  const policyOf = (...standings: Parameters<typeof written>[1]): string =>
    written(format, standings).text('RateLimit-Policy')
  const stateOf = (...standings: Parameters<typeof written>[1]): string =>
    written(format, standings).text('RateLimit')

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
    // A whole second is not rounded up to the next, a millisecond more is.
    [59, 17_000, '"read";r=59;t=17'],
    [59, 17_001, '"read";r=59;t=18'],
    // Never 0: a client would come back at once and be refused again.
    [0, 0.4, '"read";r=0;t=1'],
    [0, 0, '"read";r=0;t=1'],
    // A token bucket with 600 ms to its next unit, and one after its first charge.
    [0, 600, '"read";r=0;t=1'],
    [99, 60_000, '"read";r=99;t=60'],
  ])('with %i left and %d ms to go says %s', (remaining, resetMs, line) => {
    expect(stateOf({ remaining, resetMs })).toBe(line)
  })

  it('lists all limits in their order, each as a member of its own', () => {
    const standings = [
      { ...BURST, remaining: 0, resetMs: 300 },
      { ...HOUR, remaining: 812, resetMs: 1_931_000 },
    ]
    expect(policyOf(...standings)).toBe('"burst";q=10;w=1, "hour";q=1000;w=3600')
    expect(stateOf(...standings)).toBe('"burst";r=0;t=1, "hour";r=812;t=1931')
  })

  it.each([
    // 50 at once and 10 a second: as many as it holds, in the time in which it fills.
    [{ limit: 10, windowMs: 1000, burst: 50 }, '"read";q=50;w=5'],
    [{ limit: 100, windowMs: 60_000, burst: 5 }, '"read";q=5;w=3'],
    // 3333.3 ms, rounded up as any other.
    [{ limit: 3, windowMs: 1000, burst: 10 }, '"read";q=10;w=4'],
    [{ limit: 1000, windowMs: 1000, burst: 1 }, '"read";q=1;w=1'],
  ])('announces of a bucket, %o, what it holds and how soon it is full', (bucket, line) => {
    expect(policyOf({ ...bucket, remaining: 0, resetMs: 0 })).toBe(line)
  })

  it('shows of a bucket never more than it announces', () => {
    const full = { limit: 10, windowMs: 1000, burst: 50, remaining: 50, resetMs: 5000 }
    expect([policyOf(full), stateOf(full)]).toEqual(['"read";q=50;w=5', '"read";r=50;t=5'])
  })

  it('tells of a banned client that nothing is left until the ban ends', () => {
    const banned = [
      { ...BURST, remaining: 0, resetMs: 3_600_000 },
      { ...HOUR, remaining: 0, resetMs: 3_600_000 },
    ]
    expect(stateOf(...banned)).toBe('"burst";r=0;t=3600, "hour";r=0;t=3600')
  })

  it('escapes quotes and backslashes in names, the same in both fields', () => {
    const standing = { name: 'a"b\\c', remaining: 99, resetMs: 60_000 }
    expect(stateOf(standing)).toBe('"a\\"b\\\\c";r=99;t=60')
    expect(policyOf(standing)).toBe('"a\\"b\\\\c";q=100;w=60')
  })

  it('rounds a window below a second up', () => {
    expect(policyOf({ name: 'p', limit: 10, windowMs: 500, remaining: 9, resetMs: 500 })).toBe('"p";q=10;w=1')
  })

  it('writes 15 digits as they are', () => {
    const standing = { limit: 999_999_999_999_999, remaining: 999_999_999_999_998, resetMs: 1 }
    expect(policyOf(standing)).toBe('"read";q=999999999999999;w=60')
    expect(stateOf(standing)).toBe('"read";r=999999999999998;t=1')
  })

  it.each([
    ['text', '"edge";q=10;w=1', '"edge";q=10;w=1, "read";q=100;w=60'],
    // As `res.setHeader` takes several lines; Node writes them one by one, and a comma is the same.
    ['several lines', ['"a";q=1;w=1', '"b";q=2;w=2'], '"a";q=1;w=1,"b";q=2;w=2, "read";q=100;w=60'],
    ['nothing in it', '', '"read";q=100;w=60'],
  ])('stands behind a policy that is there already, with %s', (_what, present, line) => {
    const target = new RecordedHeaders({ 'RateLimit-Policy': present })
    format.writePolicy(target, [limitOf({ remaining: 0, resetMs: 0 })])
    expect(target.text('RateLimit-Policy')).toBe(line)
  })

  it('adds a second limiter on the way to the first', () => {
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

  it('announces compiled limits with one text, and others with their own', () => {
    const limits = [limitOf({ remaining: 0, resetMs: 0 })]
    const texts = [limits, limits, [limitOf({ name: 'other', remaining: 0, resetMs: 0 })]].map(
      (announced) => {
        const target = new RecordedHeaders()
        format.writePolicy(target, announced)
        return target.text('RateLimit-Policy')
      },
    )
    expect(texts).toEqual(['"read";q=100;w=60', '"read";q=100;w=60', '"other";q=100;w=60'])
  })
})

describe('the names of the drafts', () => {
  it('are their own', () => {
    expect([draft8.name, draft11.name]).toEqual(['draft-8', 'draft-11'])
  })
})
