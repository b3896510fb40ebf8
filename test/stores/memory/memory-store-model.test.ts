import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { BanRule } from '../../../src/limits/ban.ts'
import type { Receipt } from '../../../src/limits/decision.ts'
import { LARGEST_LIMIT, type Limit } from '../../../src/limits/limit.ts'
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts'
import type { Charge } from '../../../src/stores/store.ts'
import { FakeClock } from '../../../src/tools/testing/fake-clock.ts'
import { banRule, limitOf } from '../../support/charges.ts'
import { calendarLimit } from '../../support/limits-by-algorithm.ts'
import { type ReferenceReceipt, ReferenceStore } from './reference-store.ts'

// Timers are faked: they run when a test lets them.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

const CENTURY_MS = 100 * 365 * 86_400_000

const KEYS = ['api:read:192.0.2.1', 'api:read:192.0.2.2', '', '\u{1f980}', 'x'.repeat(40)]

const fixed = limitOf(5, { name: 'fixed', windowMs: 5000, ttlMs: 8000 })
const sliding = limitOf(7, { name: 'sliding', windowMs: 8000, ttlMs: 9000, algorithm: 'sliding-window' })
const bucket = limitOf(6, { name: 'bucket', windowMs: 4000, algorithm: 'token-bucket', burst: 5 })
const slow = limitOf(6, { name: 'slow', windowMs: 7000, ttlMs: 7000, algorithm: 'token-bucket' })
const huge = limitOf(LARGEST_LIMIT, { name: 'huge', windowMs: 60_000 })
const hugeSliding = limitOf(LARGEST_LIMIT, { name: 'huge', windowMs: 1000, algorithm: 'sliding-window' })
const hugeBucket = limitOf(10 ** 12, { name: 'huge bucket', windowMs: 1000, algorithm: 'token-bucket' })
const century = limitOf(5, { name: 'century', windowMs: CENTURY_MS })
const slidingCentury = limitOf(5, { name: 'century', windowMs: CENTURY_MS, algorithm: 'sliding-window' })
const centuryBucket = limitOf(3, { name: 'century', windowMs: CENTURY_MS, algorithm: 'token-bucket' })
/** Calendar windows of one name, with counters of their own. */
const minute = calendarLimit(5, 'minute', 'UTC')
const hour = calendarLimit(4, 'hour', 'Asia/Kathmandu')
const otherHour = calendarLimit(4, 'hour', 'Asia/Kolkata')
/** Remembered so long that the largest steps of the clock still make it expire. */
const remembered = limitOf(5, { name: 'remembered', windowMs: 1000, ttlMs: 1e9 })

const anotherNumber = (limit: Limit, units: number): Limit => ({ ...limit, limit: units, burst: units })

/** Ordinary limits, limits that share names with others, and limits that do not fit a narrow row. */
const LIMIT_ARRAYS: readonly (readonly Limit[])[] = [
  [fixed],
  [fixed],
  [anotherNumber(fixed, 3)],
  [anotherNumber(fixed, 9)],
  [sliding],
  [anotherNumber(sliding, 4)],
  [bucket],
  [slow],
  [anotherNumber(slow, 11)],
  [{ ...sliding, name: 'fixed' }],
  [fixed, sliding, bucket],
  [bucket, fixed, sliding],
  [sliding, anotherNumber(fixed, 8)],
  [huge],
  [hugeSliding],
  [hugeBucket, fixed],
  [century],
  [slidingCentury, slow],
  [centuryBucket],
  [remembered],
  [minute],
  [{ ...minute, maxDebt: 2 }, fixed],
  [hour, { ...bucket, name: 'hour' }],
  [otherHour],
  [fixed, sliding, bucket, slow, huge, hugeBucket, century, remembered],
]

const RULES: readonly (BanRule | undefined)[] = [
  undefined,
  undefined,
  banRule(1, 3000, 2500),
  banRule(3, 6000, 4000),
  banRule(4, 2000, CENTURY_MS),
]

interface Request {
  readonly kind: 'consume' | 'peek'
  readonly key: string
  readonly limits: readonly Limit[]
  /** The part of what the limits allow at once. */
  readonly share: number
  readonly ban: BanRule | undefined
  readonly isRefundable: boolean
}

type Step =
  | Request
  | { readonly kind: 'refund'; readonly which: number }
  | { readonly kind: 'block'; readonly key: string; readonly forMs: number }
  | { readonly kind: 'unblock' | 'reset'; readonly key: string }
  | { readonly kind: 'resetAll' }
  | { readonly kind: 'advance'; readonly ms: number }

const key = fc.constantFrom(...KEYS)

/** A few of the arrays for each trace, so that keys are often charged with the same ones. */
const someArrays = fc.shuffledSubarray([...LIMIT_ARRAYS], { minLength: 1, maxLength: 4 })

function stepsWith(
  arrays: readonly (readonly Limit[])[],
  clockSteps: fc.Arbitrary<number>,
): fc.Arbitrary<Step[]> {
  const charge = (kind: 'consume' | 'peek'): fc.Arbitrary<Step> =>
    fc.record({
      kind: fc.constant(kind),
      key,
      limits: fc.constantFrom(...arrays),
      share: fc.constantFrom(0, 0, 0, 0.3, 0.5, 1),
      ban: fc.constantFrom(...RULES),
      isRefundable: fc.boolean(),
    })
  const forMs = fc.constantFrom(1, 1500, 5000, 90_000, CENTURY_MS)
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 30, arbitrary: charge('consume') },
    { weight: 8, arbitrary: charge('peek') },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('refund' as const), which: fc.nat() }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('block' as const), key, forMs }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('unblock' as const, 'reset' as const), key }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('resetAll' as const) }) },
    { weight: 14, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: clockSteps }) },
  )
  return fc.array(step, { maxLength: 60, size: 'max' })
}

const shortSteps = fc.oneof(fc.nat({ max: 600 }), fc.nat({ max: 6000 }), fc.constant(100_000))
const longSteps = fc.constantFrom(2e9, 6e11, CENTURY_MS, 2 * CENTURY_MS)
const stepsForward = fc.oneof({ weight: 9, arbitrary: shortSteps }, { weight: 1, arbitrary: longSteps })
const stepsBothDirections = fc.oneof(
  { weight: 5, arbitrary: stepsForward },
  { weight: 2, arbitrary: fc.integer({ min: -9000, max: -1 }) },
  // 25 years back is before the instant from which a store counts its expiries.
  { weight: 1, arbitrary: fc.constantFrom(-100_000, -2e9, -8e11) },
)

/** A store beside its reference. */
class SideBySide {
  readonly clock = new FakeClock(CENTURY_MS)
  readonly store: MemoryStore
  readonly reference = new ReferenceStore()
  readonly #receipts: (readonly [Receipt, ReferenceReceipt])[] = []

  constructor() {
    // A failed run leaves its timer, which would run instead of the timer of this store.
    vi.clearAllTimers()
    this.store = new MemoryStore({ clock: this.clock })
  }

  take(step: Step): void {
    const { store, reference } = this
    const nowMs = this.clock.now()
    if (step.kind === 'consume' || step.kind === 'peek') {
      this.#decide(step.kind, chargeOf(step), nowMs)
    } else if (step.kind === 'refund') {
      const [receipt, twin] = this.#receipts[step.which % Math.max(1, this.#receipts.length)] ?? []
      if (receipt === undefined || twin === undefined) return
      store.settle(receipt, 0)
      reference.settle(twin, 0, nowMs)
    } else if (step.kind === 'block') {
      store.block(step.key, step.forMs)
      reference.block(step.key, step.forMs, nowMs)
    } else if (step.kind === 'advance') {
      // A clock below 0 is not supported.
      this.clock.set(nowMs + Math.max(step.ms, 1 - nowMs))
    } else if (step.kind === 'resetAll') {
      store.resetAll()
      reference.resetAll()
    } else {
      store[step.kind](step.key)
      reference[step.kind](step.key, nowMs)
    }
  }

  #decide(kind: 'consume' | 'peek', charge: Charge, nowMs: number): void {
    const { receipt, ...decision } = this.store[kind](charge)
    if (kind === 'peek') {
      expect(decision).toEqual(this.reference.peek(charge, nowMs))
      expect(receipt).toBeUndefined()
      return
    }
    const answer = this.reference.consume(charge, nowMs)
    expect(decision).toEqual(answer.decision)
    expect(receipt !== undefined).toBe(answer.receipt !== undefined && charge.refundable !== false)
    if (receipt !== undefined && answer.receipt !== undefined) this.#receipts.push([receipt, answer.receipt])
  }

  /** Makes both forget expired clients. The timer checks so few clients in one run. */
  prune(): void {
    vi.advanceTimersToNextTimer()
    this.reference.prune(this.clock.now())
  }

  /** Compares all clients, with the limits of the trace. */
  compareAll(arrays: readonly (readonly Limit[])[]): void {
    for (const each of KEYS) {
      for (const limits of arrays) {
        this.#decide('peek', { key: each, limits: limitsOf(each, limits), cost: 1 }, this.clock.now())
      }
    }
  }
}

/** Each array as another limiter has it: the same names with a longer window. */
const ELSEWHERE = new Map(
  LIMIT_ARRAYS.map((limits) => [
    limits,
    limits.map((limit) => ({ ...limit, windowMs: 3 * limit.windowMs, ttlMs: 3 * limit.ttlMs })),
  ]),
)

/** The limits of a key. Every other key belongs to the other limiter. */
function limitsOf(key: string, limits: readonly Limit[]): readonly Limit[] {
  return KEYS.indexOf(key) % 2 === 0 ? limits : (ELSEWHERE.get(limits) ?? limits)
}

/** A charge of between one unit and all that the limits allow at once. */
function chargeOf({ key, limits, share, ban, isRefundable }: Request): Charge {
  const most = Math.min(...limits.map(({ burst }) => burst))
  const cost = Math.max(1, Math.floor(most * share))
  const charge = { key, limits: limitsOf(key, limits), cost, ban }
  // A charge is refundable by default.
  return isRefundable ? charge : { ...charge, refundable: false }
}

describe('a MemoryStore answers as a store of plain objects does', () => {
  it('on any clock, and forgets the same clients when its timer runs after each step', () => {
    const traces = someArrays.chain((arrays) =>
      fc.tuple(fc.constant(arrays), stepsWith(arrays, stepsBothDirections)),
    )
    fc.assert(
      fc.property(traces, ([arrays, steps]) => {
        const both = new SideBySide()
        for (const step of steps) {
          both.take(step)
          both.prune()
          expect(both.store.size).toBe(both.reference.size)
        }
        both.compareAll(arrays)
        both.store.close()
      }),
      { numRuns: 500 },
    )
  })

  it('whenever it forgets expired clients, on a clock that is not set back', () => {
    const traces = someArrays.chain((arrays) =>
      fc.tuple(fc.constant(arrays), stepsWith(arrays, stepsForward)),
    )
    fc.assert(
      fc.property(traces, ([arrays, steps]) => {
        const both = new SideBySide()
        for (const step of steps) {
          both.take(step)
          expect(both.store.size).toBeLessThanOrEqual(both.reference.size)
        }
        both.compareAll(arrays)
        both.store.close()
      }),
      { numRuns: 300 },
    )
  })
})
