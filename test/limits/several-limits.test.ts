import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, it } from 'vitest'
import type { Decision, Receipt } from '../../src/limits/decision.ts'
import type { Limit } from '../../src/limits/limit.ts'
import { MemoryStore } from '../../src/stores/memory/memory-store.ts'
import { FakeClock } from '../../src/tools/testing/fake-clock.ts'
import { CountedClient } from '../support/counted-client.ts'
import { someBucket, someLimit, someSlidingLimit } from '../support/some-limit.ts'
import { type Trace, type TraceOptions, traceOf } from './traces.ts'

const FIXED = someLimit(7, 100, 'fixed')
const SLIDING = someSlidingLimit(5, 80, 'sliding')
const BUCKET = someBucket(9, 100, 4, 'bucket')

const POLICIES = [
  [FIXED, SLIDING],
  [SLIDING, BUCKET],
  [BUCKET, FIXED],
  [FIXED, SLIDING, BUCKET],
  [someLimit(2, 10, 'short'), someLimit(6, 100, 'long')],
]

type Numbers = Pick<Decision, 'allowed' | 'retryAfterMs'> & {
  readonly left: Readonly<Record<string, number>>
}

/** Decides on a charge limit by limit: all of them take it, or none does. */
class Counters {
  readonly #counters: readonly CountedClient[]

  constructor(limits: readonly Limit[]) {
    this.#counters = limits.map((limit) => new CountedClient(limit))
  }

  charge(nowMs: number, cost: number): Numbers {
    const asked = this.#counters.map((counter) => counter.peek(nowMs, cost))
    const allowed = asked.every((outcome) => outcome.allowed)
    if (allowed) for (const counter of this.#counters) counter.charge(nowMs, cost)
    const left = this.#counters.map((counter) => [counter.limit.name, counter.peek(nowMs, 0).remaining])
    const retryAfterMs = Math.max(...asked.map((outcome) => outcome.retryAfterMs))
    return { allowed, retryAfterMs, left: Object.fromEntries(left) }
  }

  refund(nowMs: number, which: number): void {
    for (const counter of this.#counters) {
      const taken = counter.receipts[which]
      if (taken !== undefined) counter.refund(nowMs, taken)
    }
  }
}

/** What a store decides on each charge of a trace. */
function decisionsOf(limits: readonly Limit[], { startMs, steps }: Trace): Numbers[] {
  const clock = new FakeClock(startMs)
  const store = new MemoryStore({ clock })
  const receipts: Receipt[] = []
  const decisions = steps.flatMap((step): Numbers[] => {
    clock.advance(step.gapMs)
    if (step.kind === 'refund') {
      const receipt = receipts[step.which]
      // Twice is prevented by the store.
      if (receipt !== undefined) store.refund(receipt)
      return []
    }
    const decision = store.consume({ key: 'client', limits, cost: step.cost })
    if (decision.receipt !== undefined) receipts.push(decision.receipt)
    const left = decision.limits.map(({ name, remaining }) => [name, remaining])
    return [
      { allowed: decision.allowed, retryAfterMs: decision.retryAfterMs, left: Object.fromEntries(left) },
    ]
  })
  store.close()
  return decisions
}

function decisionsOneByOne(limits: readonly Limit[], { startMs, steps }: Trace): Numbers[] {
  const counters = new Counters(limits)
  const spent = new Set<number>()
  let admitted = 0
  let nowMs = startMs
  return steps.flatMap((step) => {
    nowMs += step.gapMs
    if (step.kind === 'charge') {
      const decision = counters.charge(nowMs, step.cost)
      if (decision.allowed) admitted++
      return [decision]
    }
    if (step.which < admitted && !spent.has(step.which)) {
      spent.add(step.which)
      counters.refund(nowMs, step.which)
    }
    return []
  })
}

/** Traces whose charges every limit could take at some time. */
function tracesOf(limits: readonly Limit[], options: TraceOptions): fc.Arbitrary<Trace> {
  const most = Math.min(...limits.map(({ burst }) => burst))
  return fc.oneof(...limits.map((limit) => traceOf(limit, options))).map(({ startMs, steps }) => ({
    startMs,
    steps: steps.map((step) =>
      step.kind === 'charge' ? { ...step, cost: Math.min(step.cost, most) } : step,
    ),
  }))
}

describe.each(POLICIES.map((limits) => ({ limits, names: limits.map(({ name }) => name).join(' and ') })))(
  'the limits $names of one client, on random traces,',
  ({ limits }) => {
    it('all admit a charge or none is charged', () => {
      fc.assert(
        fc.property(tracesOf(limits, { refunds: true, setsBack: true, maxLength: 60 }), (trace) => {
          assert.deepEqual(decisionsOf(limits, trace), decisionsOneByOne(limits, trace))
        }),
        { numRuns: 300 },
      )
    })

    it('decide the same in any order', () => {
      fc.assert(
        fc.property(tracesOf(limits, { refunds: true, setsBack: true }), (trace) => {
          assert.deepEqual(decisionsOf(limits.toReversed(), trace), decisionsOf(limits, trace))
        }),
        { numRuns: 200 },
      )
    })
  },
)
