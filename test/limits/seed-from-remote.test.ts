import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RemoteState } from '../../src/limits/algorithm.ts'
import { type AlgorithmState, algorithmOf } from '../../src/limits/algorithms.ts'
import type { Limit } from '../../src/limits/limit.ts'
import { CountedClient } from '../support/counted-client.ts'
import {
  calendarLimit,
  fixedWindowLimit,
  slidingWindowLimit,
  tokenBucketLimit,
} from '../support/limits-by-algorithm.ts'
import { refundedState } from '../support/refunded-state.ts'
import { clientAfterTrace, costOf, type Trace, traceOf } from './traces.ts'

const LIMITS: readonly [string, readonly Limit[]][] = [
  ['fixed-window', [fixedWindowLimit(1, 1000), fixedWindowLimit(5, 1000), fixedWindowLimit(100, 60_000)]],
  [
    'sliding-window',
    [slidingWindowLimit(1, 1000), slidingWindowLimit(5, 1000), slidingWindowLimit(100, 60_000)],
  ],
  // Units that take 333.3 ms, three units in a millisecond, and a bucket that holds more than it regains in a
  // window.
  [
    'token-bucket',
    [
      tokenBucketLimit(1, 1000),
      tokenBucketLimit(3, 1000),
      tokenBucketLimit(3, 1),
      tokenBucketLimit(7, 60_000, 20),
      tokenBucketLimit(20, 999, 6),
    ],
  ],
]

const algorithms = LIMITS.map(([name, limits]) => [name, fc.constantFrom(...limits)] as const)

/**
 * One client in the local store, which takes over from the other store. Its state is seeded from the answers
 * there.
 */
class LocalClient {
  readonly limit: Limit
  state: AlgorithmState
  /** How far the local clock is ahead of the clock of the other store. */
  readonly #aheadMs: number

  constructor(limit: Limit, aheadMs = 0, state = algorithmOf(limit).initialState(7)) {
    this.limit = limit
    this.#aheadMs = aheadMs
    this.state = state
  }

  seed(remoteState: RemoteState, nowMs: number): void {
    const [algorithm, localMs] = [algorithmOf(this.limit), nowMs + this.#aheadMs]
    const state = algorithm.rewind(this.state, localMs, this.limit)
    this.state = algorithm.seedFromRemote(state, remoteState, localMs, this.limit)
  }

  peek(
    nowMs: number,
    cost: number,
  ): { allowed: boolean; remaining: number; retryAfterMs: number; resetMs: number } {
    return algorithmOf(this.limit).charge(this.state, nowMs + this.#aheadMs, this.limit, cost)
  }
}

/** The answer of the other store to a charge, and both clients after it. */
interface SeededStep {
  readonly answer: RemoteState
  readonly nowMs: number
  readonly local: LocalClient
  readonly remote: CountedClient
}

/**
 * Plays a trace to one client of the other store. Its charges come from several processes. One process seeds
 * its local client from the answers to its own charges, and calls `check` after each of them.
 */
function playToRemote(
  limit: Limit,
  { startMs, steps }: Trace,
  aheadMs: number,
  check: (step: SeededStep) => void,
): void {
  const remote = new CountedClient(limit)
  const local = new LocalClient(limit, aheadMs)
  let nowMs = startMs
  for (const step of steps) {
    nowMs += step.gapMs
    if (step.kind === 'refund') {
      const taken = remote.takenCharges.splice(step.chargeIndex % (remote.takenCharges.length || 1), 1)[0]
      if (taken !== undefined) remote.refund(nowMs, taken)
      continue
    }
    if (step.kind === 'settle') continue
    const { remaining, resetMs, retryAfterMs } = remote.charge(nowMs, step.cost)
    if (step.client !== 0) continue
    const answer = { remaining, resetMs, retryAfterMs, cost: step.cost }
    local.seed(answer, nowMs)
    check({ answer, nowMs, local, remote })
  }
}

/** Differences between the clocks of two machines, in milliseconds. */
const clockDifferenceMs = fc.constantFrom(0, 0, 1, -1, 37, 125, 86_400_003)

describe.each(algorithms)('a %s that is seeded from the answers of another store', (name, anyLimit) => {
  /** A limit, charges of several processes, and the difference between two clocks. */
  const scenario = anyLimit.chain((limit) =>
    fc.record({
      limit: fc.constant(limit),
      trace: traceOf(limit, { clients: 3, withRefunds: true, maxLength: 40 }),
      aheadMs: clockDifferenceMs,
    }),
  )
  const checkEachStep = (check: (step: SeededStep) => void): void => {
    fc.assert(
      fc.property(scenario, ({ limit, trace, aheadMs }) => playToRemote(limit, trace, aheadMs, check)),
      { numRuns: 400 },
    )
  }

  it('has exactly the remaining units of the answer, whatever its state was before', () => {
    const answers = anyLimit.chain((limit) =>
      fc.record({
        limit: fc.constant(limit),
        trace: traceOf(limit, { withRefunds: true }),
        remaining: fc.nat(limit.burst),
        resetMs: fc.integer({ min: 1, max: 2 * limit.windowMs }),
        retryAfterMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 2 * limit.windowMs })),
        cost: costOf(limit),
      }),
    )
    fc.assert(
      fc.property(answers, ({ limit, trace, ...answer }) => {
        const { client, nowMs } = clientAfterTrace(limit, trace)
        const local = new LocalClient(limit, 0, client.state)
        local.seed(answer, nowMs)
        expect(local.peek(nowMs, 0).remaining).toBe(answer.remaining)
      }),
      { numRuns: 400 },
    )
  })

  it('has the same units left as the other store, and refuses what the other store refuses', () => {
    checkEachStep(({ answer, nowMs, local, remote }) => {
      expect(local.peek(nowMs, 0).remaining).toBe(answer.remaining)
      expect(remote.peek(nowMs, 0).remaining).toBe(answer.remaining)
      if (answer.retryAfterMs > 0) expect(local.peek(nowMs, answer.cost).allowed).toBe(false)
    })
  })

  it('makes a refused client wait as long as the other store answered', () => {
    checkEachStep(({ answer, nowMs, local }) => {
      const { retryAfterMs } = local.peek(nowMs, answer.cost)
      if (answer.retryAfterMs === 0) return
      if (name === 'sliding-window') expect(retryAfterMs).toBeGreaterThanOrEqual(answer.retryAfterMs)
      else expect(retryAfterMs).toBe(answer.retryAfterMs)
      const allowedAtMs = nowMs + answer.retryAfterMs
      expect(local.peek(allowedAtMs - 1, answer.cost).allowed).toBe(false)
      if (name !== 'sliding-window') expect(local.peek(allowedAtMs, answer.cost).allowed).toBe(true)
    })
  })

  it('never has more units left than the other store would have, at any later time', () => {
    // For a sliding window, an answer does not show when other processes took their units. So its charges
    // come from one process only, and the clocks do not differ, so that both stores have the same slices.
    const isSliding = name === 'sliding-window'
    const laterSevenths = fc.array(fc.nat(3), { maxLength: 6 })
    const singleProcess = anyLimit.chain((limit) =>
      fc.record({ limit: fc.constant(limit), trace: traceOf(limit), aheadMs: fc.constant(0) }),
    )
    fc.assert(
      fc.property(
        isSliding ? singleProcess : scenario,
        laterSevenths,
        ({ limit, trace, aheadMs }, sevenths) => {
          playToRemote(limit, trace, aheadMs, ({ nowMs, local, remote }) => {
            let laterMs = nowMs
            for (const seventh of sevenths) {
              laterMs += Math.ceil((limit.windowMs * seventh) / 7)
              const { remaining } = remote.copy().peek(laterMs, 0)
              expect(local.peek(laterMs, 0).remaining).toBeLessThanOrEqual(remaining)
            }
          })
        },
      ),
      { numRuns: 300 },
    )
  })

  it('refunds no charge from before the answer, because the answer does not show this charge', () => {
    const charged = anyLimit.chain((limit) =>
      fc.record({ limit: fc.constant(limit), trace: traceOf(limit), remaining: fc.nat(limit.burst) }),
    )
    let refunds = 0
    fc.assert(
      fc.property(charged, ({ limit, trace, remaining }) => {
        const { client, nowMs } = clientAfterTrace(limit, trace)
        const local = new LocalClient(limit, 0, client.state)
        local.seed({ remaining, resetMs: limit.windowMs, retryAfterMs: 0, cost: 1 }, nowMs)
        for (const { state, cost } of client.takenCharges) {
          refunds++
          local.state = refundedState(algorithmOf(limit), local.state, state, nowMs, limit, cost)
        }
        expect(local.peek(nowMs, 0).remaining).toBe(remaining)
      }),
      { numRuns: 300 },
    )
    expect(refunds).toBeGreaterThan(300)
  })

  it('refunds its own charges as usual', () => {
    const charged = anyLimit.chain((limit) =>
      fc.record({
        limit: fc.constant(limit),
        remaining: fc.integer({ min: 1, max: limit.burst }),
        cost: costOf(limit),
      }),
    )
    fc.assert(
      fc.property(charged, ({ limit, remaining, cost }) => {
        const local = new LocalClient(limit)
        local.seed({ remaining, resetMs: limit.windowMs, retryAfterMs: 0, cost: 1 }, 5000)
        const taken = algorithmOf(limit).charge(local.state, 5000, limit, Math.min(cost, remaining))
        expect(taken.allowed).toBe(true)
        local.state = refundedState(
          algorithmOf(limit),
          taken.state,
          taken.state,
          5000,
          limit,
          Math.min(cost, remaining),
        )
        expect(local.peek(5000, 0).remaining).toBe(remaining)
      }),
    )
  })

  it('gives the same results as for a new client if the answer shows that all units are left', () => {
    fc.assert(
      fc.property(scenario, ({ limit, trace }) => {
        const { client, nowMs } = clientAfterTrace(limit, trace)
        const local = new LocalClient(limit, 0, client.state)
        const resetMs = limit.windowMs
        local.seed({ remaining: limit.burst, resetMs, retryAfterMs: 0, cost: 1 }, nowMs)
        const newClient = new CountedClient(limit)
        const { state: _state, ...expected } = newClient.peek(nowMs, limit.burst)
        expect(local.peek(nowMs, limit.burst)).toMatchObject(expected)
      }),
      { numRuns: 200 },
    )
  })
})

describe('a calendar-window that is seeded from the answer of another store', () => {
  const endMs = Date.UTC(2026, 11, 1)

  it.each([0, 1, 40, 1000])('ends with the window here, though the answer is %i ms old', (oldMs) => {
    const local = new LocalClient(calendarLimit(5, 'month'))
    local.seed({ remaining: 2, resetMs: 60_000, retryAfterMs: 0, cost: 1 }, endMs - 60_000 + oldMs)
    expect(local.peek(endMs - 1, 1)).toMatchObject({ remaining: 1, resetMs: 1 })
    expect(local.peek(endMs, 1)).toMatchObject({ remaining: 4, resetMs: 31 * 86_400_000 })
  })

  it.each([-3_600_000, -1500, 1001, 3_600_000])(
    'ends when the answer says, where the clock here is %i ms ahead of that of the other store',
    (aheadMs) => {
      const local = new LocalClient(calendarLimit(5, 'month'), aheadMs)
      local.seed({ remaining: 2, resetMs: 7_200_000, retryAfterMs: 0, cost: 1 }, endMs - 7_200_000)
      expect(local.peek(endMs - 1, 1).remaining).toBe(1)
      expect(local.peek(endMs + 1000, 1).remaining).toBe(4)
    },
  )
})
