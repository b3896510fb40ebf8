import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, it } from 'vitest'
import type { Decision, Receipt } from '../../src/limits/decision.ts'
import type { Limit } from '../../src/limits/limit.ts'
import { MemoryStore } from '../../src/stores/memory/memory-store.ts'
import { FakeClock } from '../../src/tools/testing/fake-clock.ts'
import { CountedClient } from '../support/counted-client.ts'
import { fixedWindowLimit, slidingWindowLimit, tokenBucketLimit } from '../support/limits-by-algorithm.ts'
import { type Trace, type TraceOptions, traceOf } from './traces.ts'

const FIXED = fixedWindowLimit(7, 100, 'fixed')
const SLIDING = slidingWindowLimit(5, 80, 'sliding')
const BUCKET = tokenBucketLimit(9, 100, 4, 'bucket')

const POLICIES = [
  [FIXED, SLIDING],
  [SLIDING, BUCKET],
  [BUCKET, FIXED],
  [FIXED, SLIDING, BUCKET],
  [fixedWindowLimit(2, 10, 'short'), fixedWindowLimit(6, 100, 'long')],
]

type DecisionNumbers = Pick<Decision, 'allowed' | 'retryAfterMs'> & {
  /** The units left of each limit, by its name. */
  readonly remaining: Readonly<Record<string, number>>
}

/**
 * Decides each charge with one independent counter for each limit: all of them take the charge, or none does.
 */
class SeparateCounters {
  readonly #counters: readonly CountedClient[]

  constructor(limits: readonly Limit[]) {
    this.#counters = limits.map((limit) => new CountedClient(limit))
  }

  charge(nowMs: number, cost: number): DecisionNumbers {
    const results = this.#counters.map((counter) => counter.peek(nowMs, cost))
    const allowed = results.every((result) => result.allowed)
    if (allowed) for (const counter of this.#counters) counter.charge(nowMs, cost)
    const remaining = this.#counters.map((counter) => [counter.limit.name, counter.peek(nowMs, 0).remaining])
    const retryAfterMs = Math.max(...results.map((result) => result.retryAfterMs))
    return { allowed, retryAfterMs, remaining: Object.fromEntries(remaining) }
  }

  refund(nowMs: number, chargeIndex: number): void {
    for (const counter of this.#counters) {
      const taken = counter.takenCharges[chargeIndex]
      if (taken !== undefined) counter.refund(nowMs, taken)
    }
  }
}

/** The decisions of a store on the charges of a trace. */
function storeDecisions(limits: readonly Limit[], { startMs, steps }: Trace): DecisionNumbers[] {
  const clock = new FakeClock(startMs)
  const store = new MemoryStore({ clock })
  const receipts: Receipt[] = []
  const decisions = steps.flatMap((step): DecisionNumbers[] => {
    clock.set(clock.now() + step.gapMs)
    if (step.kind === 'refund') {
      const receipt = receipts[step.chargeIndex]
      // The store prevents that a charge is refunded twice.
      if (receipt !== undefined) store.refund(receipt)
      return []
    }
    const decision = store.consume({ key: 'client', limits, cost: step.cost })
    if (decision.receipt !== undefined) receipts.push(decision.receipt)
    const remaining = decision.limits.map((state) => [state.name, state.remaining])
    const { allowed, retryAfterMs } = decision
    return [{ allowed, retryAfterMs, remaining: Object.fromEntries(remaining) }]
  })
  store.close()
  return decisions
}

/** The decisions of separate counters on the charges of a trace. */
function counterDecisions(limits: readonly Limit[], { startMs, steps }: Trace): DecisionNumbers[] {
  const counters = new SeparateCounters(limits)
  const refunded = new Set<number>()
  let allowedCount = 0
  let nowMs = startMs
  return steps.flatMap((step) => {
    nowMs += step.gapMs
    if (step.kind === 'charge') {
      const decision = counters.charge(nowMs, step.cost)
      if (decision.allowed) allowedCount++
      return [decision]
    }
    if (step.chargeIndex < allowedCount && !refunded.has(step.chargeIndex)) {
      refunded.add(step.chargeIndex)
      counters.refund(nowMs, step.chargeIndex)
    }
    return []
  })
}

/** Traces whose costs are not above the burst of any limit. */
function tracesOf(limits: readonly Limit[], options: TraceOptions): fc.Arbitrary<Trace> {
  const maxCost = Math.min(...limits.map(({ burst }) => burst))
  return fc.oneof(...limits.map((limit) => traceOf(limit, options))).map(({ startMs, steps }) => ({
    startMs,
    steps: steps.map((step) =>
      step.kind === 'charge' ? { ...step, cost: Math.min(step.cost, maxCost) } : step,
    ),
  }))
}

describe.each(POLICIES.map((limits) => ({ limits, names: limits.map(({ name }) => name).join(' and ') })))(
  'the limits $names of one client, on random traces,',
  ({ limits }) => {
    it('all take a charge, or none of them does', () => {
      fc.assert(
        fc.property(
          tracesOf(limits, { withRefunds: true, withClockSetBack: true, maxLength: 60 }),
          (trace) => {
            assert.deepEqual(storeDecisions(limits, trace), counterDecisions(limits, trace))
          },
        ),
        { numRuns: 300 },
      )
    })

    it('give the same decisions in any order', () => {
      fc.assert(
        fc.property(tracesOf(limits, { withRefunds: true, withClockSetBack: true }), (trace) => {
          assert.deepEqual(storeDecisions(limits.toReversed(), trace), storeDecisions(limits, trace))
        }),
        { numRuns: 200 },
      )
    })
  },
)
