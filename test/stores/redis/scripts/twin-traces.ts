import fc from 'fast-check'
import type { BanRule } from '../../../../src/limits/ban.ts'
import { type Calendar, calendarOf, LONGEST_WINDOW_MS } from '../../../../src/limits/calendar.ts'
import type { AlgorithmName, Limit } from '../../../../src/limits/limit.ts'
import { banRule, ALGORITHMS as CHOSEN_ALGORITHMS, limitOf } from '../../../support/charges.ts'

/** A charge for `consume` or `peek`. */
export interface ChargeStep {
  readonly kind: 'consume' | 'peek'
  readonly key: string
  readonly limits: readonly Limit[]
  readonly cost: number
  readonly ban: BanRule | undefined
  readonly refundable: boolean | undefined
}

/** A settlement. */
export interface SettleStep {
  readonly kind: 'settle'
  /** The index of one of the receipts so far, modulo their number. */
  readonly which: number
  readonly cost: number
}

/** An operation that is no decision. */
export type ChangeStep =
  | { readonly kind: 'block'; readonly key: string; readonly forMs: number }
  | { readonly kind: 'unblock' | 'reset'; readonly key: string }
  | SettleStep

/** The times in a decision for which a step can wait. */
const WAITS = ['retry', 'repeat', 'reset', 'ban'] as const

export type TurnStep =
  | { readonly kind: 'turn'; readonly byMs: number }
  /** Until `byMs` milliseconds after a time of the last decision. */
  | { readonly kind: 'await'; readonly what: (typeof WAITS)[number]; readonly byMs: number }

/** A step of a trace: a charge, a change of a client, or a change of the clock. */
export type Step =
  | { readonly charge: ChargeStep }
  | { readonly change: ChangeStep }
  | { readonly turn: TurnStep }

/** Steps. With `first`, each unknown client is charged on these limits before its first step. */
export interface Trace {
  readonly steps: readonly Step[]
  readonly first?: readonly Limit[]
}

/** The clients of a trace. */
export const KEYS: readonly string[] = ['one', 'two']

/**
 * With and without a remainder when divided by eight, shorter than eight milliseconds, and longer than 32
 * bits.
 */
const WINDOWS_MS = [1, 5, 8, 1000, 1001, 60_000, 3_600_000, 2_592_000_000, 6_000_000_000]
const LARGE_UNITS = [1000, 4_294_967_296, 999_999_999_999_999]

/** Their hours and days end at other times than those of the others. */
const CALENDARS: readonly Calendar[] = [
  calendarOf('minute', 'UTC'),
  calendarOf('hour', 'Asia/Kathmandu'),
  calendarOf('hour', 'Australia/Lord_Howe'),
  calendarOf('day', 'America/New_York'),
  calendarOf('week', 'Europe/Berlin'),
  calendarOf('month', 'UTC', 15),
]

const ALGORITHMS: readonly AlgorithmName[] = [...CHOSEN_ALGORITHMS, 'calendar-window']

/** Longer than a whole trace. */
const FOREVER_MS = 1e13

/** A limit without its name and algorithm. */
interface Size {
  readonly units: number
  readonly windowMs: number
  readonly burst: number
  readonly calendar?: Calendar
}

const windowMs = fc.constantFrom(...WINDOWS_MS)
const smallUnits = fc.integer({ min: 1, max: 6 })
const units = fc.oneof(
  { weight: 9, arbitrary: smallUnits },
  { weight: 1, arbitrary: fc.constantFrom(...LARGE_UNITS) },
)

/** The window of a limit. */
function windowOf(algorithm: AlgorithmName): fc.Arbitrary<Pick<Size, 'windowMs' | 'calendar'>> {
  return algorithm === 'calendar-window'
    ? fc
        .constantFrom(...CALENDARS)
        .map((calendar) => ({ windowMs: LONGEST_WINDOW_MS[calendar.per], calendar }))
    : windowMs.map((ms) => ({ windowMs: ms }))
}

function sizeOf(algorithm: AlgorithmName): fc.Arbitrary<Size> {
  if (algorithm !== 'token-bucket') {
    return fc.tuple(units, windowOf(algorithm)).map(([most, size]) => ({ ...size, units: most, burst: most }))
  }
  const many = fc.constantFrom(7, 1000, 86_400)
  return fc.record({ units: fc.oneof(smallUnits, many), windowMs, burst: smallUnits })
}

/**
 * Several forms of the same limits. Their names, algorithms, windows and order are the same, as if a limit
 * function returned them. Only the amounts differ.
 */
const formsOfOne: fc.Arbitrary<Limit[][]> = fc
  .array(
    fc
      .constantFrom(...ALGORITHMS)
      .chain((algorithm) => fc.tuple(fc.constant(algorithm), windowOf(algorithm))),
    { minLength: 1, maxLength: 3 },
  )
  .chain((counters) => {
    const form = fc.tuple(...counters.map(([algorithm]) => sizeOf(algorithm))).map((sizes) =>
      sizes.map(({ units: limit, burst }, index) => {
        const [algorithm, window] = counters[index] ?? ['fixed-window', { windowMs: 1000 }]
        const name = `limit ${index} "%\ud83d`
        return limitOf(limit, { ...window, name, algorithm, burst, ttlMs: FOREVER_MS })
      }),
    )
    return fc.array(form, { minLength: 1, maxLength: 3 })
  })

/** Twice, so that limits of one algorithm can have two windows. */
const CHOICES: readonly AlgorithmName[] = [...ALGORITHMS, ...ALGORITHMS]

/**
 * Limits that are added and removed, and change their order, their algorithm and their window. Limits of one
 * algorithm and one window have the same size here: a script adjusts a bucket that shrinks beside other limits
 * when these limits are charged, and the memory store does so at once.
 */
const formsOfMany: fc.Arbitrary<Limit[][]> = fc
  .tuple(...CHOICES.map(sizeOf))
  .filter((sizes) =>
    ALGORITHMS.every((_, at) => {
      const [one, other] = [sizes[at], sizes[at + ALGORITHMS.length]]
      return one?.windowMs !== other?.windowMs || one?.calendar?.id !== other?.calendar?.id
    }),
  )
  .chain((sizes) => {
    const limit = fc.record({ name: fc.constantFrom('a', 'b', 'c'), which: fc.nat(sizes.length - 1) })
    const form = fc
      .uniqueArray(limit, { minLength: 1, maxLength: 3, selector: ({ name }) => name })
      .map((chosen) =>
        chosen.map(({ name, which }) => {
          const { units: most = 1, ...size } = sizes[which] ?? {}
          return limitOf(most, { ...size, name, algorithm: CHOICES[which] ?? 'fixed-window' })
        }),
      )
    return fc.array(form, { minLength: 1, maxLength: 4 })
  })

const rule = fc
  .record({ after: fc.integer({ min: 1, max: 4 }), windowMs, forMs: windowMs })
  .map(({ after, windowMs: withinMs, forMs }) => banRule(after, withinMs, forMs))

const forward = fc.oneof(
  fc.constantFrom(0, 1, 2, 7, 8, 100, 125, 126, 999, 1000, 7500, 60_000, 3_600_000, 86_400_000),
  fc.integer({ min: 0, max: 3000 }),
)
const back = forward.map((byMs) => -byMs)

function stepsOf(
  forms: readonly (readonly Limit[])[],
  ban: BanRule,
  turns: fc.Arbitrary<number>,
): fc.Arbitrary<Step[]> {
  const key = fc.constantFrom(...KEYS)
  const charge = (kind: 'consume' | 'peek'): fc.Arbitrary<Step> =>
    fc
      .record({
        key,
        limits: fc.constantFrom(...forms),
        share: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1, noNaN: true })),
        ban: fc.option(fc.constant(ban), { nil: undefined }),
        refundable: fc.constantFrom(undefined, true, false),
      })
      .map(({ share, ...rest }) => {
        const most = Math.min(...rest.limits.map(({ burst }) => burst))
        return { charge: { kind, ...rest, cost: Math.max(1, Math.floor(share * most)) } }
      })
  const settle = fc.record({
    kind: fc.constant('settle' as const),
    which: fc.nat(20),
    cost: fc.oneof(fc.constant(0), fc.nat(12), fc.nat(1_000_000)),
  })
  const change: fc.Arbitrary<ChangeStep> = fc.oneof(
    { weight: 3, arbitrary: settle },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('block' as const), key, forMs: windowMs }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('unblock' as const, 'reset' as const), key }) },
  )
  const turn: fc.Arbitrary<TurnStep> = fc.oneof(
    fc.record({ kind: fc.constant('turn' as const), byMs: turns }),
    fc.record({
      kind: fc.constant('await' as const),
      what: fc.constantFrom(...WAITS),
      byMs: fc.constantFrom(-1, 0, 1),
    }),
  )
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 12, arbitrary: charge('consume') },
    { weight: 2, arbitrary: charge('peek') },
    { weight: 5, arbitrary: change.map((one) => ({ change: one })) },
    { weight: 7, arbitrary: turn.map((one) => ({ turn: one })) },
  )
  return fc.array(step, { minLength: 1, maxLength: 80, size: 'max' })
}

/**
 * On a clock that is set forward and back. No client expires: one store forgets an expired client at once and
 * the other later, and a clock that is set back to before the expiry would make them differ. There is one set
 * of limits: a script adjusts the limits of a charge to such a clock, and the memory store adjusts all limits
 * of a client.
 */
export const tracesOnAnyClock: fc.Arbitrary<Trace> = fc
  .record({ forms: formsOfOne, ban: rule })
  .chain(({ forms, ban }) =>
    stepsOf(forms, ban, fc.oneof(forward, back)).map((steps) => ({ steps, first: forms[0] ?? [] })),
  )

/**
 * On a clock that is only set forward, where clients expire and limits change. All limits have the time to
 * live of the longest one: a limit that gets a longer window could otherwise find state that one store has
 * kept and the other has forgotten.
 */
export const tracesOnAClock: fc.Arbitrary<Trace> = fc
  .record({ forms: formsOfMany, ban: rule })
  .chain(({ forms, ban }) => {
    const ttlMs = Math.max(...forms.flat().map((limit) => limit.ttlMs))
    const remembered = forms.map((limits) => limits.map((limit) => ({ ...limit, ttlMs })))
    const gaps = fc.oneof(
      { weight: 9, arbitrary: forward },
      { weight: 1, arbitrary: fc.constantFrom(ttlMs - 1, ttlMs, ttlMs + 1) },
    )
    return stepsOf(remembered, ban, gaps).map((steps) => ({ steps }))
  })
