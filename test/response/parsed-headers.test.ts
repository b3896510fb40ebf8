import fc from 'fast-check'
import { parseRateLimit } from 'ratelimit-header-parser'
import { type Item, parseDictionary, parseItem, parseList } from 'structured-headers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { tighter } from '../../src/limits/decision.ts'
import { LARGEST_LIMIT, quotaOf } from '../../src/limits/limit.ts'
import { isExact } from '../../src/limits/token-bucket.ts'
import { draft6 } from '../../src/response/draft-6.ts'
import { draft7 } from '../../src/response/draft-7.ts'
import { draft8 } from '../../src/response/draft-8.ts'
import { draft11 } from '../../src/response/draft-11.ts'
import { legacyFormat } from '../../src/response/legacy.ts'
import { RecordedHeaders, type Standing, written } from './recorded-headers.ts'

/* Every line that is emitted is read back here by parsers that other people wrote. */

const MONTH_MS = 30 * 86_400_000

/** Printable ASCII, with more quotes and backslashes than anybody would use. */
const name = fc
  .array(
    fc.oneof(
      fc.constantFrom('"', '\\', ',', ';', '=', ' '),
      fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 }),
    ),
    {
      minLength: 1,
      maxLength: 20,
    },
  )
  .map((characters) => characters.join(''))

const units = fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: LARGEST_LIMIT }))

const windowMs = fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: MONTH_MS }))

/** Of a window, which holds its limit, or of a token bucket, which may hold more or less. */
const numbers = fc.oneof(
  fc.record({ limit: units, windowMs }).map((one) => ({ ...one, burst: one.limit })),
  fc
    .record({
      limit: fc.integer({ min: 1, max: 1000 }),
      windowMs: fc.integer({ min: 1, max: MONTH_MS }),
      burst: fc.integer({ min: 1, max: 5000 }),
    })
    .filter(isExact),
)

const standing: fc.Arbitrary<Required<Standing>> = fc
  .record({
    name,
    numbers,
    left: fc.double({ min: 0, max: 1, noNaN: true }),
    gone: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ name, numbers, left, gone }) => ({
    name,
    ...numbers,
    remaining: Math.floor(numbers.burst * left),
    resetMs: Math.floor(quotaOf(numbers).windowMs * gone),
  }))

const standings = fc.array(standing, { minLength: 1, maxLength: 4 })

/** Its products lie beyond the integers that a number holds. */
const vastWindow = { limit: 623_531_281_918_056, windowMs: 5000, burst: 623_531_281_918_056 }

/** Failed once, when `covers` still counted in numbers. Kept, with a small limit beside the vast one. */
const kept: [Required<Standing>[]] = [
  [
    { name: '"', ...vastWindow, remaining: 0, resetMs: 0 },
    { name: ' ', limit: 1, windowMs: 1, burst: 1, remaining: 0, resetMs: 0 },
  ],
]

/**
 * What a duration of `ms * parts / whole` milliseconds must read as: never less, never a second more, never 0.
 * In big integers, since the products of a vast limit would round.
 */
function covers(seconds: unknown, ms: number, parts = 1, whole = 1): boolean {
  if (typeof seconds !== 'number' || !Number.isInteger(seconds) || seconds < 1) return false
  const second = 1000n * BigInt(whole)
  const duration = BigInt(ms) * BigInt(parts)
  return BigInt(seconds) * second >= duration && (seconds === 1 || BigInt(seconds - 1) * second < duration)
}

/** The members of a list of items, as plain values. */
function itemsOf(line: string): { value: unknown; parameters: Record<string, unknown> }[] {
  return parseList(line).map((member) => {
    const [value, parameters] = member as Item
    return { value, parameters: Object.fromEntries(parameters) }
  })
}

describe.each([draft8, draft11])('the lists of $name', (format) => {
  it('are read by a parser of structured fields as what was written', () => {
    fc.assert(
      fc.property(standings, (given) => {
        const headers = written(format, given)
        const policies = itemsOf(headers.text('RateLimit-Policy'))
        const states = itemsOf(headers.text('RateLimit'))
        expect(policies.map(({ value }) => value)).toEqual(given.map((one) => one.name))
        expect(states.map(({ value }) => value)).toEqual(given.map((one) => one.name))
        for (const [index, { limit, windowMs, burst, remaining, resetMs }] of given.entries()) {
          const policy = policies[index]?.parameters ?? {}
          const state = states[index]?.parameters ?? {}
          expect(Object.keys(policy)).toEqual(['q', 'w'])
          expect(Object.keys(state)).toEqual(['r', 't'])
          expect([policy.q, state.r]).toEqual([burst, remaining])
          expect(covers(policy.w, windowMs, burst, limit)).toBe(true)
          expect(covers(state.t, resetMs)).toBe(true)
        }
      }),
      { examples: [kept] },
    )
  })

  it('are read as one list when several limiters have written them', () => {
    fc.assert(
      fc.property(standings, standings, (first, second) => {
        const headers = written(format, second, written(format, first))
        const names = [...first, ...second].map((one) => one.name)
        expect(itemsOf(headers.text('RateLimit-Policy')).map(({ value }) => value)).toEqual(names)
        expect(itemsOf(headers.text('RateLimit')).map(({ value }) => value)).toEqual(names)
      }),
    )
  })
})

describe('the older formats', () => {
  // The parser turns seconds to go into dates.
  beforeEach(() => {
    vi.useFakeTimers({ now: new Date('2026-01-15T12:00:00Z'), toFake: ['Date'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const secondsFromNow = (date: Date | undefined): number =>
    ((date?.getTime() ?? Number.NaN) - Date.now()) / 1000

  /** The limit that the formats of one figure show. */
  const tightestOf = (given: readonly Required<Standing>[]): Required<Standing> =>
    given.reduce((one, other) => (tighter(one, other) === one ? one : other))

  it.each([draft6, draft7])('have policies that a parser of structured fields reads, in $name', (format) => {
    fc.assert(
      fc.property(standings, (given) => {
        const policies = itemsOf(written(format, given).text('RateLimit-Policy'))
        expect(policies.map(({ value }) => value)).toEqual(given.map(({ burst }) => burst))
        for (const [index, { limit, windowMs, burst }] of given.entries()) {
          expect(covers(policies[index]?.parameters.w, windowMs, burst, limit)).toBe(true)
        }
      }),
      { examples: [kept] },
    )
  })

  it('have a dictionary that a parser of structured fields reads, in draft-7', () => {
    fc.assert(
      fc.property(standings, (given) => {
        const { burst: limit, remaining, resetMs } = tightestOf(given)
        const dictionary = parseDictionary(written(draft7, given).text('RateLimit'))
        const figures = Object.fromEntries([...dictionary].map(([key, item]) => [key, item[0]]))
        expect(figures).toEqual({ limit, remaining, reset: figures.reset })
        expect(covers(figures.reset, resetMs)).toBe(true)
      }),
    )
  })

  it('have fields that a parser of structured fields reads as integers, in draft-6', () => {
    fc.assert(
      fc.property(standings, (given) => {
        const { burst: limit, remaining, resetMs } = tightestOf(given)
        const headers = written(draft6, given)
        expect(parseItem(headers.text('RateLimit-Limit'))[0]).toBe(limit)
        expect(parseItem(headers.text('RateLimit-Remaining'))[0]).toBe(remaining)
        expect(covers(parseItem(headers.text('RateLimit-Reset'))[0], resetMs)).toBe(true)
      }),
    )
  })

  it.each([draft6, draft7, legacyFormat('delta')])(
    'are read by a parser of rate-limit headers as what was written, in $name with seconds to go',
    (format) => {
      fc.assert(
        fc.property(standings, (given) => {
          const { burst: limit, remaining, resetMs } = tightestOf(given)
          const read = parseRateLimit(written(format, given).all(), { reset: 'seconds' })
          expect(read).toMatchObject({ limit, remaining, used: limit - remaining })
          expect(covers(secondsFromNow(read?.reset), resetMs)).toBe(true)
        }),
      )
    },
  )

  it('are read by a parser of rate-limit headers as what was written, in legacy with dates', () => {
    fc.assert(
      fc.property(standings, fc.integer({ min: 0, max: 4_000_000_000_000 }), (given, nowMs) => {
        const { burst: limit, remaining, resetMs } = tightestOf(given)
        const headers = written(legacyFormat('epoch'), given, new RecordedHeaders(), nowMs)
        const read = parseRateLimit(headers.all(), { reset: 'unix' })
        expect(read).toMatchObject({ limit, remaining, used: limit - remaining })
        const early = nowMs + resetMs - (read?.reset?.getTime() ?? Number.NaN)
        expect(early).toBeLessThanOrEqual(0)
        expect(early).toBeGreaterThan(-1000)
      }),
    )
  })
})
