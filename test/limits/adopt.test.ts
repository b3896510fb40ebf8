import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RemoteState } from '../../src/limits/algorithm.ts'
import { type AlgorithmState, algorithmOf } from '../../src/limits/algorithms.ts'
import type { Limit } from '../../src/limits/limit.ts'
import { CountedClient } from '../support/counted-client.ts'
import { someBucket, someLimit, someSlidingLimit } from '../support/some-limit.ts'
import { costOf, playedOut, type Trace, traceOf } from './traces.ts'

const LIMITS: readonly [string, readonly Limit[]][] = [
  ['fixed-window', [someLimit(1, 1000), someLimit(5, 1000), someLimit(100, 60_000)]],
  ['sliding-window', [someSlidingLimit(1, 1000), someSlidingLimit(5, 1000), someSlidingLimit(100, 60_000)]],
  // Units that take 333.3 ms, ones of which three come back in a millisecond, and a bucket larger than its rate.
  [
    'token-bucket',
    [
      someBucket(1, 1000),
      someBucket(3, 1000),
      someBucket(3, 1),
      someBucket(7, 60_000, 20),
      someBucket(20, 999, 6),
    ],
  ],
]

const algorithms = LIMITS.map(([name, limits]) => [name, fc.constantFrom(...limits)] as const)

/** What goes on where the other store fails: one client, whose state was told. */
class Told {
  readonly limit: Limit
  state: AlgorithmState
  /** How far this clock is ahead of that of the other store. */
  readonly #aheadMs: number

  constructor(limit: Limit, aheadMs = 0, state = algorithmOf(limit).initialState(7)) {
    this.limit = limit
    this.#aheadMs = aheadMs
    this.state = state
  }

  adopt(told: RemoteState, nowMs: number): void {
    const [algorithm, localMs] = [algorithmOf(this.limit), nowMs + this.#aheadMs]
    const state = algorithm.rewind(this.state, localMs, this.limit)
    this.state = algorithm.seedFromRemote(state, told, localMs, this.limit)
  }

  peek(
    nowMs: number,
    cost: number,
  ): { allowed: boolean; remaining: number; retryAfterMs: number; resetMs: number } {
    return algorithmOf(this.limit).charge(this.state, nowMs + this.#aheadMs, this.limit, cost)
  }
}

/** Where another store stands after a charge, and what this one makes of it. */
interface Step {
  readonly told: RemoteState
  readonly nowMs: number
  readonly local: Told
  readonly remote: CountedClient
}

/**
 * Plays a trace to one client of another store, whose charges come from several processes. One of them is told what
 * its own came to, and of each of those `check` is called.
 */
function replay(limit: Limit, { startMs, steps }: Trace, aheadMs: number, check: (step: Step) => void): void {
  const remote = new CountedClient(limit)
  const local = new Told(limit, aheadMs)
  let nowMs = startMs
  for (const step of steps) {
    nowMs += step.gapMs
    if (step.kind === 'refund') {
      const taken = remote.receipts.splice(step.which % (remote.receipts.length || 1), 1)[0]
      if (taken !== undefined) remote.refund(nowMs, taken)
      continue
    }
    const { remaining, resetMs, retryAfterMs } = remote.charge(nowMs, step.cost)
    if (step.client !== 0) continue
    const told = { remaining, resetMs, retryAfterMs, cost: step.cost }
    local.adopt(told, nowMs)
    check({ told, nowMs, local, remote })
  }
}

/** How far the clocks of two machines can be apart, in milliseconds. */
const aheadOf = fc.constantFrom(0, 0, 1, -1, 37, 125, 86_400_003)

describe.each(algorithms)('a %s that is told what another store said', (name, anyLimit) => {
  /** A limit, what charges of several processes came to, and the difference between two clocks. */
  const played = anyLimit.chain((limit) =>
    fc.record({
      limit: fc.constant(limit),
      trace: traceOf(limit, { clients: 3, refunds: true, maxLength: 40 }),
      aheadMs: aheadOf,
    }),
  )
  const eachStep = (check: (step: Step) => void): void => {
    fc.assert(
      fc.property(played, ({ limit, trace, aheadMs }) => replay(limit, trace, aheadMs, check)),
      { numRuns: 400 },
    )
  }

  it('leaves exactly what is said to remain, whatever was known before', () => {
    const told = anyLimit.chain((limit) =>
      fc.record({
        limit: fc.constant(limit),
        trace: traceOf(limit, { refunds: true }),
        remaining: fc.nat(limit.burst),
        resetMs: fc.integer({ min: 1, max: 2 * limit.windowMs }),
        retryAfterMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 2 * limit.windowMs })),
        cost: costOf(limit),
      }),
    )
    fc.assert(
      fc.property(told, ({ limit, trace, ...standing }) => {
        const { client, nowMs } = playedOut(limit, trace)
        const local = new Told(limit, 0, client.state)
        local.adopt(standing, nowMs)
        expect(local.peek(nowMs, 0).remaining).toBe(standing.remaining)
      }),
      { numRuns: 400 },
    )
  })

  it('leaves what remains there, and refuses what is refused there', () => {
    eachStep(({ told, nowMs, local, remote }) => {
      expect(local.peek(nowMs, 0).remaining).toBe(told.remaining)
      expect(remote.peek(nowMs, 0).remaining).toBe(told.remaining)
      if (told.retryAfterMs > 0) expect(local.peek(nowMs, told.cost).allowed).toBe(false)
    })
  })

  it('keeps a client that was refused waiting as long as it was told', () => {
    eachStep(({ told, nowMs, local }) => {
      const { retryAfterMs } = local.peek(nowMs, told.cost)
      if (told.retryAfterMs === 0) return
      if (name === 'sliding-window') expect(retryAfterMs).toBeGreaterThanOrEqual(told.retryAfterMs)
      else expect(retryAfterMs).toBe(told.retryAfterMs)
      const releasedMs = nowMs + told.retryAfterMs
      expect(local.peek(releasedMs - 1, told.cost).allowed).toBe(false)
      if (name !== 'sliding-window') expect(local.peek(releasedMs, told.cost).allowed).toBe(true)
    })
  })

  it('never grants what the other store would not, however long it goes on', () => {
    // Of units of a sliding window that others have taken it is not known when: here are none, and the slices agree.
    const isSliding = name === 'sliding-window'
    const later = fc.array(fc.nat(3), { maxLength: 6 })
    const alone = anyLimit.chain((limit) =>
      fc.record({ limit: fc.constant(limit), trace: traceOf(limit), aheadMs: fc.constant(0) }),
    )
    fc.assert(
      fc.property(isSliding ? alone : played, later, ({ limit, trace, aheadMs }, parts) => {
        replay(limit, trace, aheadMs, ({ nowMs, local, remote }) => {
          let ms = nowMs
          for (const part of parts) {
            ms += Math.ceil((limit.windowMs * part) / 7)
            expect(local.peek(ms, 0).remaining).toBeLessThanOrEqual(remote.copy().peek(ms, 0).remaining)
          }
        })
      }),
      { numRuns: 300 },
    )
  })

  it('takes no receipt of before: what is told knows nothing of its charge', () => {
    const charged = anyLimit.chain((limit) =>
      fc.record({ limit: fc.constant(limit), trace: traceOf(limit), remaining: fc.nat(limit.burst) }),
    )
    let refunded = 0
    fc.assert(
      fc.property(charged, ({ limit, trace, remaining }) => {
        const { client, nowMs } = playedOut(limit, trace)
        const local = new Told(limit, 0, client.state)
        local.adopt({ remaining, resetMs: limit.windowMs, retryAfterMs: 0, cost: 1 }, nowMs)
        for (const { state, cost } of client.receipts) {
          refunded++
          local.state = algorithmOf(limit).refund(local.state, state, nowMs, limit, cost)
        }
        expect(local.peek(nowMs, 0).remaining).toBe(remaining)
      }),
      { numRuns: 300 },
    )
    expect(refunded).toBeGreaterThan(300)
  })

  it('gives charges of its own back as ever', () => {
    const charged = anyLimit.chain((limit) =>
      fc.record({
        limit: fc.constant(limit),
        remaining: fc.integer({ min: 1, max: limit.burst }),
        cost: costOf(limit),
      }),
    )
    fc.assert(
      fc.property(charged, ({ limit, remaining, cost }) => {
        const local = new Told(limit)
        local.adopt({ remaining, resetMs: limit.windowMs, retryAfterMs: 0, cost: 1 }, 5000)
        const taken = algorithmOf(limit).charge(local.state, 5000, limit, Math.min(cost, remaining))
        expect(taken.allowed).toBe(true)
        local.state = algorithmOf(limit).refund(
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

  it('is a newcomer again where all of a limit is left', () => {
    fc.assert(
      fc.property(played, ({ limit, trace }) => {
        const { client, nowMs } = playedOut(limit, trace)
        const local = new Told(limit, 0, client.state)
        const resetMs = limit.windowMs
        local.adopt({ remaining: limit.burst, resetMs, retryAfterMs: 0, cost: 1 }, nowMs)
        const fresh = new CountedClient(limit)
        const { state: _state, ...expected } = fresh.peek(nowMs, limit.burst)
        expect(local.peek(nowMs, limit.burst)).toMatchObject(expected)
      }),
      { numRuns: 200 },
    )
  })
})
