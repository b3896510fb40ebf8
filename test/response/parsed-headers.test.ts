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
import { legacyFormat } from '../../src/response/legacy-format.ts'
import { type LimitFigures, RecordedHeaders, written } from './recorded-headers.ts'

/* Parsers of other authors read every header here. */

const MONTH_MS = 30 * 86_400_000

/** Printable ASCII, with many quotes and backslashes. */
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

/**
 * The numbers of a window, whose burst is its limit, or of a token bucket, whose burst can be more or less.
 */
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

const limitFigures: fc.Arbitrary<Required<LimitFigures>> = fc
  .record({
    name,
    numbers,
    partLeft: fc.double({ min: 0, max: 1, noNaN: true }),
    partOfWindow: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ name, numbers, partLeft, partOfWindow }) => ({
    name,
    ...numbers,
    remaining: Math.floor(numbers.burst * partLeft),
    resetMs: Math.floor(quotaOf(numbers).windowMs * partOfWindow),
  }))

const severalFigures = fc.array(limitFigures, { minLength: 1, maxLength: 4 })

/** A limit whose products are too large for exact numbers. */
const hugeWindow = { limit: 623_531_281_918_056, windowMs: 5000, burst: 623_531_281_918_056 }

/** Failed once, when `isRoundedUp` calculated in numbers: a huge limit next to a small one. */
const regression: [Required<LimitFigures>[]] = [
  [
    { name: '"', ...hugeWindow, remaining: 0, resetMs: 0 },
    { name: ' ', limit: 1, windowMs: 1, burst: 1, remaining: 0, resetMs: 0 },
  ],
]

/**
 * Whether `seconds` is a duration of `ms * parts / whole` milliseconds in whole seconds: not less, less than
 * a second more, and at least 1. In big integers, because the products of a huge limit are rounded in
 * numbers.
 */
function isRoundedUp(seconds: unknown, ms: number, parts = 1, whole = 1): boolean {
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
  it('have the written values for a parser of structured fields', () => {
    fc.assert(
      fc.property(severalFigures, (given) => {
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
          expect(isRoundedUp(policy.w, windowMs, burst, limit)).toBe(true)
          expect(isRoundedUp(state.t, resetMs)).toBe(true)
        }
      }),
      { examples: [regression] },
    )
  })

  it('are one list if several limiters have written them', () => {
    fc.assert(
      fc.property(severalFigures, severalFigures, (first, second) => {
        const headers = written(format, second, written(format, first))
        const names = [...first, ...second].map((one) => one.name)
        expect(itemsOf(headers.text('RateLimit-Policy')).map(({ value }) => value)).toEqual(names)
        expect(itemsOf(headers.text('RateLimit')).map(({ value }) => value)).toEqual(names)
      }),
    )
  })
})

describe('the older formats', () => {
  // The parser converts seconds from now into dates.
  beforeEach(() => {
    vi.useFakeTimers({ now: new Date('2026-01-15T12:00:00Z'), toFake: ['Date'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const secondsFromNow = (date: Date | undefined): number =>
    ((date?.getTime() ?? Number.NaN) - Date.now()) / 1000

  /** The limit that the formats with a single limit show. */
  const tightestOf = (given: readonly Required<LimitFigures>[]): Required<LimitFigures> =>
    given.reduce((one, other) => (tighter(one, other) === one ? one : other))

  it.each([draft6, draft7])(
    'have policies with the written values for a parser of structured fields, in $name',
    (format) => {
      fc.assert(
        fc.property(severalFigures, (given) => {
          const policies = itemsOf(written(format, given).text('RateLimit-Policy'))
          expect(policies.map(({ value }) => value)).toEqual(given.map(({ burst }) => burst))
          for (const [index, { limit, windowMs, burst }] of given.entries()) {
            expect(isRoundedUp(policies[index]?.parameters.w, windowMs, burst, limit)).toBe(true)
          }
        }),
        { examples: [regression] },
      )
    },
  )

  it('have a dictionary with the written values for a parser of structured fields, in draft-7', () => {
    fc.assert(
      fc.property(severalFigures, (given) => {
        const { burst: limit, remaining, resetMs } = tightestOf(given)
        const dictionary = parseDictionary(written(draft7, given).text('RateLimit'))
        const values = Object.fromEntries([...dictionary].map(([key, item]) => [key, item[0]]))
        expect(values).toEqual({ limit, remaining, reset: values.reset })
        expect(isRoundedUp(values.reset, resetMs)).toBe(true)
      }),
    )
  })

  it('have integers with the written values for a parser of structured fields, in draft-6', () => {
    fc.assert(
      fc.property(severalFigures, (given) => {
        const { burst: limit, remaining, resetMs } = tightestOf(given)
        const headers = written(draft6, given)
        expect(parseItem(headers.text('RateLimit-Limit'))[0]).toBe(limit)
        expect(parseItem(headers.text('RateLimit-Remaining'))[0]).toBe(remaining)
        expect(isRoundedUp(parseItem(headers.text('RateLimit-Reset'))[0], resetMs)).toBe(true)
      }),
    )
  })

  it.each([draft6, draft7, legacyFormat('delta')])(
    'have the written values for a parser of rate-limit headers, in $name with seconds',
    (format) => {
      fc.assert(
        fc.property(severalFigures, (given) => {
          const { burst: limit, remaining, resetMs } = tightestOf(given)
          const read = parseRateLimit(written(format, given).all(), { reset: 'seconds' })
          expect(read).toMatchObject({ limit, remaining, used: limit - remaining })
          expect(isRoundedUp(secondsFromNow(read?.reset), resetMs)).toBe(true)
        }),
      )
    },
  )

  it('have the written values for a parser of rate-limit headers, in legacy with dates', () => {
    fc.assert(
      fc.property(severalFigures, fc.integer({ min: 0, max: 4_000_000_000_000 }), (given, nowMs) => {
        const { burst: limit, remaining, resetMs } = tightestOf(given)
        const headers = written(legacyFormat('epoch'), given, new RecordedHeaders(), nowMs)
        const read = parseRateLimit(headers.all(), { reset: 'unix' })
        expect(read).toMatchObject({ limit, remaining, used: limit - remaining })
        const earlyMs = nowMs + resetMs - (read?.reset?.getTime() ?? Number.NaN)
        expect(earlyMs).toBeLessThanOrEqual(0)
        expect(earlyMs).toBeGreaterThan(-1000)
      }),
    )
  })
})
