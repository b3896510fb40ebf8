import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Limit } from '../../src/limits/limit.ts'
import { CountedClient } from '../support/counted-client.ts'
import { longestWaitMs, mostUnitsWithin } from './bounds.ts'
import { costOf, type Event, gapOf, play, playedOut, type Trace, told, traceOf } from './traces.ts'

/**
 * What every algorithm promises of every limit, by the end of a sentence that begins with the limit.
 *
 * A run that fails prints its seed, its path and the smallest trace it found. Keep that trace: as an example
 * of its property it is played before the random ones, for ever. Those below failed once.
 */
export const PROMISES: Readonly<Record<string, (limit: Limit) => void>> = {
  'admits no more than its bound in any stretch of time': boundHolds,
  'admits no more than its bound in any stretch of time, refunded units aside': boundHoldsAfterRefunds,
  'admits everything that it holds to a client that has waited': everybodyGetsIn,
  'has exactly as many units left as it says': remainingIsExact,
  'admits nothing before retryAfterMs, and the charge at it': waitIsExact,
  'brings units back at resetMs, and none before': resetIsExact,
  'decides the same with its refusals left out': refusalsAreFree,
  'gives each of several clients what it would have alone': clientsAreIsolated,
  'takes n units at once as it takes n requests for one': costsAreSums,
  'never changes a state that it was given': statesAreValues,
  'makes nobody wait for longer than ever, wherever the clock goes': waitIsBounded,
  'grants nothing for a clock that is set back': settingBackGrantsNothing,
}

function check<Values extends [unknown, ...unknown[]]>(
  arbitraries: { [Index in keyof Values]: fc.Arbitrary<Values[Index]> },
  holds: (...values: Values) => void,
  examples: Values[] = [],
): void {
  fc.assert(fc.property(...arbitraries, holds), { numRuns: 150, examples })
}

/** Checks all runs of successive events: what was admitted in them against the bound of their duration. */
function assertBound(
  limit: Limit,
  events: readonly { trueMs: number; units: number }[],
  refunds: boolean,
): void {
  for (const [first, { trueMs: fromMs }] of events.entries()) {
    let sum = 0
    for (const { trueMs, units } of events.slice(first)) {
      sum += units
      const most = mostUnitsWithin(limit, trueMs - fromMs, refunds)
      assert.ok(sum <= most, `${sum} units from ${fromMs} to ${trueMs} ms, where ${most} is the most`)
    }
  }
}

// On the clock that nobody sets back: to set the other one back must not let in more in less time.
function boundHolds(limit: Limit): void {
  check([traceOf(limit, { setsBack: true })], (trace) => {
    const admitted = play(limit, trace).filter(({ taken }) => taken !== undefined)
    assertBound(
      limit,
      admitted.map(({ trueMs, cost }) => ({ trueMs, units: cost })),
      false,
    )
  })
}

function boundHoldsAfterRefunds(limit: Limit): void {
  check([traceOf(limit, { setsBack: true, refunds: true })], (trace) => {
    const events = play(limit, trace)
    assertBound(limit, limit.algorithm === 'token-bucket' ? signed(events) : unrefunded(events), true)
  })
}

/** Charges that were never refunded. */
function unrefunded(events: readonly Event[]): { trueMs: number; units: number }[] {
  const refunded = new Set(events.filter(({ outcome }) => outcome === undefined).map(({ taken }) => taken))
  return events
    .filter(({ outcome, taken }) => outcome?.allowed === true && !refunded.has(taken))
    .map(({ trueMs, cost }) => ({ trueMs, units: cost }))
}

/** Charges, and refunds at the instant at which they were made: a bucket has no window to tell them apart by. */
function signed(events: readonly Event[]): { trueMs: number; units: number }[] {
  return events
    .filter(({ taken }) => taken !== undefined)
    .map(({ trueMs, cost, outcome }) => ({ trueMs, units: outcome === undefined ? -cost : cost }))
}

function everybodyGetsIn(limit: Limit): void {
  check([traceOf(limit, { refunds: true, setsBack: true })], (trace) => {
    const { client, nowMs } = playedOut(limit, trace)
    assert.equal(client.peek(nowMs + longestWaitMs(limit), limit.burst).allowed, true)
  })
}

function remainingIsExact(limit: Limit): void {
  check([traceOf(limit, { refunds: true, setsBack: true }), costOf(limit)], (trace, cost) => {
    const { client, nowMs } = playedOut(limit, trace)
    const { remaining } = client.charge(nowMs, cost)
    for (let unit = 0; unit < remaining; unit++) assert.equal(client.charge(nowMs, 1).allowed, true)
    assert.equal(client.charge(nowMs, 1).allowed, false)
    assert.equal(client.charge(nowMs, 0).allowed, true)
  })
}

function waitIsExact(limit: Limit): void {
  check([traceOf(limit, { refunds: true, setsBack: true }), costOf(limit)], (trace, cost) => {
    const { client, nowMs } = playedOut(limit, trace)
    const { allowed, retryAfterMs } = client.peek(nowMs, cost)
    assert.equal(allowed, retryAfterMs === 0)
    for (const waitMs of instantsBefore(retryAfterMs)) {
      assert.equal(client.peek(nowMs + waitMs, cost).allowed, false, `after ${waitMs} ms of ${retryAfterMs}`)
    }
    assert.equal(client.peek(nowMs + retryAfterMs, cost).allowed, true)
  })
}

/** All of them where they are few. */
function instantsBefore(endMs: number): number[] {
  const stepMs = Math.ceil(endMs / 200)
  return [...Array.from({ length: 200 }, (_, index) => index * stepMs), endMs - 1].filter(
    (ms) => ms < endMs && ms >= 0,
  )
}

/** A charge that joins an earlier one in its slice, after a refusal: the slice, the only one, lasts longer now. */
const JOINED: [Trace, number] = [
  {
    startMs: 0,
    steps: [
      { kind: 'charge', gapMs: 0, client: 0, cost: 1 },
      { kind: 'charge', gapMs: 1, client: 0, cost: 1_000_000 },
    ],
  },
  1,
]

// A bucket with something left says how long that takes to come back, which is another matter.
function resetIsExact(limit: Limit): void {
  const holds = (trace: Trace, cost: number): void => {
    const { client, nowMs } = playedOut(limit, trace)
    const { allowed, remaining, resetMs } = client.charge(nowMs, cost)
    if (remaining === limit.burst || (limit.algorithm === 'token-bucket' && allowed && remaining > 0)) return
    for (const waitMs of instantsBefore(resetMs)) {
      assert.equal(client.peek(nowMs + waitMs, 0).remaining, remaining, `after ${waitMs} ms of ${resetMs}`)
    }
    assert.ok(client.peek(nowMs + resetMs, 0).remaining > remaining)
  }
  const cost = fc.oneof(fc.constant(0), costOf(limit))
  check([traceOf(limit, { refunds: true, setsBack: true }), cost], holds, [JOINED])
}

function refusalsAreFree(limit: Limit): void {
  check([traceOf(limit, { refunds: true })], (trace) => {
    const client = new CountedClient(limit)
    const events = play(limit, trace, [client])
    assert.deepEqual(
      play(limit, { startMs: trace.startMs, steps: withoutRefused(trace, events) }).map(numbersOf),
      events.filter(isNotRefused).map(numbersOf),
    )
  })
}

const isNotRefused = ({ outcome }: Event): boolean => outcome?.allowed !== false

const numbersOf = ({ nowMs, outcome }: Event): object => ({ nowMs, ...told(outcome) })

/** The steps of a trace that were not refused, at the instants at which they were made. */
function withoutRefused({ startMs, steps }: Trace, events: readonly Event[]): Trace['steps'] {
  let lastMs = startMs
  return steps.flatMap((step, index) => {
    const event = events[index]
    if (event === undefined || !isNotRefused(event)) return []
    const gapMs = event.nowMs - lastMs
    lastMs = event.nowMs
    return [{ ...step, gapMs }]
  })
}

function clientsAreIsolated(limit: Limit): void {
  check([traceOf(limit, { clients: 3, refunds: true })], (trace) => {
    const together = play(limit, trace)
    for (const client of [0, 1, 2]) {
      let sinceMs = 0
      const steps = trace.steps.flatMap((step) => {
        sinceMs += step.gapMs
        if (step.client !== client) return []
        const gapMs = sinceMs
        sinceMs = 0
        return [{ ...step, gapMs }]
      })
      assert.deepEqual(
        play(limit, { startMs: trace.startMs, steps }).map(numbersOf),
        together.filter((event) => event.client === client).map(numbersOf),
      )
    }
  })
}

function costsAreSums(limit: Limit): void {
  check([traceOf(limit, { refunds: true }), costOf(limit)], (trace, cost) => {
    const { client, nowMs } = playedOut(limit, trace)
    const oneByOne = client.copy()
    if (!client.charge(nowMs, cost).allowed) return
    for (let unit = 0; unit < cost; unit++) oneByOne.charge(nowMs, 1)
    assert.deepEqual(oneByOne.state, client.state)
  })
}

function statesAreValues(limit: Limit): void {
  check([traceOf(limit, { refunds: true, setsBack: true })], (trace) => {
    const client = new CountedClient(limit)
    const seen: [unknown, string][] = []
    let nowMs = trace.startMs
    for (const step of trace.steps) {
      nowMs += step.gapMs
      if (step.kind === 'charge') client.charge(nowMs, step.cost)
      const taken = step.kind === 'refund' ? client.receipts.pop() : undefined
      if (taken !== undefined) client.refund(nowMs, taken)
      seen.push([client.state, JSON.stringify(client.state)])
    }
    for (const [state, text] of seen) assert.equal(JSON.stringify(state), text)
  })
}

function waitIsBounded(limit: Limit): void {
  check([traceOf(limit, { refunds: true, setsBack: true })], (trace) => {
    for (const { outcome } of play(limit, trace)) {
      if (outcome === undefined) continue
      assert.ok(outcome.retryAfterMs <= longestWaitMs(limit), `a wait of ${outcome.retryAfterMs} ms`)
      assert.ok(
        outcome.resetMs > 0 && outcome.resetMs <= longestWaitMs(limit),
        `a reset in ${outcome.resetMs} ms`,
      )
      assert.ok(outcome.remaining >= 0 && outcome.remaining <= limit.burst, `${outcome.remaining} units left`)
    }
  })
}

function settingBackGrantsNothing(limit: Limit): void {
  check([traceOf(limit, { refunds: true, setsBack: true }), gapOf(limit)], (trace, backMs) => {
    const { client, nowMs } = playedOut(limit, trace)
    const { remaining } = client.peek(nowMs, 0)
    assert.ok(client.peek(nowMs - backMs, 0).remaining <= remaining)
  })
}
