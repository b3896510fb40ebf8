import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Limit } from '../../src/limits/limit.ts'
import { CountedClient } from '../support/counted-client.ts'
import { longestWaitMs, maxUnitsWithin } from './bounds.ts'
import {
  clientAfterTrace,
  costOf,
  gapMsOf,
  playTrace,
  type StepResult,
  type Trace,
  traceOf,
  withoutState,
} from './traces.ts'

/**
 * What every algorithm guarantees for every limit. Each key continues a test title that begins with the
 * limit.
 *
 * A run that fails prints its seed, its path and the smallest trace that it found. Add this trace to the
 * examples of its property, so that it is played before the random traces in every run. The examples below
 * are traces that failed once.
 */
export const ALGORITHM_PROPERTIES: Readonly<Record<string, (limit: Limit) => void>> = {
  'allows no more units than its bound in any stretch of time': boundHolds,
  'allows no more units than its bound in any stretch of time, without the refunded units':
    boundHoldsAfterRefunds,
  'allows all units at once to a client that has waited long enough': waitingClientIsAllowed,
  'allows exactly as many units as remaining shows': remainingIsExact,
  'refuses the charge before retryAfterMs, and allows it at retryAfterMs': retryAfterIsExact,
  'has the same units left before resetMs, and more units at resetMs': resetIsExact,
  'gives the same results if the refused charges are left out': refusalsChangeNothing,
  'gives each of several clients the same results as if it were the only client': clientsAreIsolated,
  'takes n units at once in the same way as n times one unit': costsAreSums,
  'never changes a state that it receives': statesAreNotChanged,
  'never makes a client wait longer than its longest wait, however the clock is set': waitIsBounded,
  'allows no additional units if the clock is set back': settingClockBackAddsNoUnits,
}

function check<Values extends [unknown, ...unknown[]]>(
  arbitraries: { [Index in keyof Values]: fc.Arbitrary<Values[Index]> },
  holds: (...values: Values) => void,
  examples: Values[] = [],
): void {
  fc.assert(fc.property(...arbitraries, holds), { numRuns: 150, examples })
}

/**
 * Compares the units of each sequence of consecutive charges with the bound for the duration of the sequence.
 */
function assertBound(
  limit: Limit,
  charges: readonly { trueMs: number; units: number }[],
  withRefunds: boolean,
): void {
  for (const [first, { trueMs: fromMs }] of charges.entries()) {
    let sum = 0
    for (const { trueMs, units } of charges.slice(first)) {
      sum += units
      const most = maxUnitsWithin(limit, trueMs - fromMs, withRefunds)
      assert.ok(sum <= most, `${sum} units from ${fromMs} to ${trueMs} ms: more than the bound ${most}`)
    }
  }
}

// Time is measured on a clock that is never set back. So setting back the other clock must not allow more
// units in less time.
function boundHolds(limit: Limit): void {
  check([traceOf(limit, { withClockSetBack: true })], (trace) => {
    const allowed = playTrace(limit, trace).filter(({ taken }) => taken !== undefined)
    assertBound(
      limit,
      allowed.map(({ trueMs, cost }) => ({ trueMs, units: cost })),
      false,
    )
  })
}

function boundHoldsAfterRefunds(limit: Limit): void {
  check([traceOf(limit, { withClockSetBack: true, withRefunds: true })], (trace) => {
    const steps = playTrace(limit, trace)
    assertBound(limit, limit.algorithm === 'token-bucket' ? signedUnits(steps) : notRefunded(steps), true)
  })
}

/** Charges that were never refunded. */
function notRefunded(steps: readonly StepResult[]): { trueMs: number; units: number }[] {
  const refunded = new Set(steps.filter(({ result }) => result === undefined).map(({ taken }) => taken))
  return steps
    .filter(({ result, taken }) => result?.allowed === true && !refunded.has(taken))
    .map(({ trueMs, cost }) => ({ trueMs, units: cost }))
}

/**
 * Charges as positive units, and refunds as negative units at the time of the refund. A bucket has no window
 * to which a refunded charge could belong.
 */
function signedUnits(steps: readonly StepResult[]): { trueMs: number; units: number }[] {
  return steps
    .filter(({ taken }) => taken !== undefined)
    .map(({ trueMs, cost, result }) => ({ trueMs, units: result === undefined ? -cost : cost }))
}

function waitingClientIsAllowed(limit: Limit): void {
  check([traceOf(limit, { withRefunds: true, withClockSetBack: true })], (trace) => {
    const { client, nowMs } = clientAfterTrace(limit, trace)
    assert.equal(client.peek(nowMs + longestWaitMs(limit), limit.burst).allowed, true)
  })
}

function remainingIsExact(limit: Limit): void {
  check([traceOf(limit, { withRefunds: true, withClockSetBack: true }), costOf(limit)], (trace, cost) => {
    const { client, nowMs } = clientAfterTrace(limit, trace)
    const { remaining } = client.charge(nowMs, cost)
    for (let unit = 0; unit < remaining; unit++) assert.equal(client.charge(nowMs, 1).allowed, true)
    assert.equal(client.charge(nowMs, 1).allowed, false)
    assert.equal(client.charge(nowMs, 0).allowed, true)
  })
}

function retryAfterIsExact(limit: Limit): void {
  check([traceOf(limit, { withRefunds: true, withClockSetBack: true }), costOf(limit)], (trace, cost) => {
    const { client, nowMs } = clientAfterTrace(limit, trace)
    const { allowed, retryAfterMs } = client.peek(nowMs, cost)
    assert.equal(allowed, retryAfterMs === 0)
    for (const waitMs of timesBefore(retryAfterMs)) {
      assert.equal(client.peek(nowMs + waitMs, cost).allowed, false, `after ${waitMs} ms of ${retryAfterMs}`)
    }
    assert.equal(client.peek(nowMs + retryAfterMs, cost).allowed, true)
  })
}

/** Times before `endMs`: every millisecond if there are at most 200, else about 200 of them. */
function timesBefore(endMs: number): number[] {
  const stepMs = Math.ceil(endMs / 200)
  return [...Array.from({ length: 200 }, (_, index) => index * stepMs), endMs - 1].filter(
    (ms) => ms < endMs && ms >= 0,
  )
}

/** A charge, after a refusal, that extends the only slice of the client. */
const EXTENDED_SLICE: [Trace, number] = [
  {
    startMs: 0,
    steps: [
      { kind: 'charge', gapMs: 0, client: 0, cost: 1 },
      { kind: 'charge', gapMs: 1, client: 0, cost: 1_000_000 },
    ],
  },
  1,
]

// If a bucket has units left, its resetMs has another meaning: the time to regain them. It is not checked
// here.
function resetIsExact(limit: Limit): void {
  const holds = (trace: Trace, cost: number): void => {
    const { client, nowMs } = clientAfterTrace(limit, trace)
    const { allowed, remaining, resetMs } = client.charge(nowMs, cost)
    if (remaining === limit.burst || (limit.algorithm === 'token-bucket' && allowed && remaining > 0)) return
    for (const waitMs of timesBefore(resetMs)) {
      assert.equal(client.peek(nowMs + waitMs, 0).remaining, remaining, `after ${waitMs} ms of ${resetMs}`)
    }
    assert.ok(client.peek(nowMs + resetMs, 0).remaining > remaining)
  }
  const cost = fc.oneof(fc.constant(0), costOf(limit))
  check([traceOf(limit, { withRefunds: true, withClockSetBack: true }), cost], holds, [EXTENDED_SLICE])
}

function refusalsChangeNothing(limit: Limit): void {
  check([traceOf(limit, { withRefunds: true })], (trace) => {
    const client = new CountedClient(limit)
    const played = playTrace(limit, trace, [client])
    assert.deepEqual(
      playTrace(limit, { startMs: trace.startMs, steps: withoutRefused(trace, played) }).map(numbersOf),
      played.filter(isNotRefused).map(numbersOf),
    )
  })
}

const isNotRefused = ({ result }: StepResult): boolean => result?.allowed !== false

const numbersOf = ({ nowMs, result }: StepResult): object => ({ nowMs, ...withoutState(result) })

/** The steps of a trace that were not refused, at the same times. */
function withoutRefused({ startMs, steps }: Trace, played: readonly StepResult[]): Trace['steps'] {
  let lastMs = startMs
  return steps.flatMap((step, index) => {
    const stepResult = played[index]
    if (stepResult === undefined || !isNotRefused(stepResult)) return []
    const gapMs = stepResult.nowMs - lastMs
    lastMs = stepResult.nowMs
    return [{ ...step, gapMs }]
  })
}

function clientsAreIsolated(limit: Limit): void {
  check([traceOf(limit, { clients: 3, withRefunds: true })], (trace) => {
    const together = playTrace(limit, trace)
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
        playTrace(limit, { startMs: trace.startMs, steps }).map(numbersOf),
        together.filter((played) => played.client === client).map(numbersOf),
      )
    }
  })
}

function costsAreSums(limit: Limit): void {
  check([traceOf(limit, { withRefunds: true }), costOf(limit)], (trace, cost) => {
    const { client, nowMs } = clientAfterTrace(limit, trace)
    const oneByOne = client.copy()
    if (!client.charge(nowMs, cost).allowed) return
    for (let unit = 0; unit < cost; unit++) oneByOne.charge(nowMs, 1)
    assert.deepEqual(oneByOne.state, client.state)
  })
}

function statesAreNotChanged(limit: Limit): void {
  check([traceOf(limit, { withRefunds: true, withClockSetBack: true })], (trace) => {
    const client = new CountedClient(limit)
    const seen: [unknown, string][] = []
    let nowMs = trace.startMs
    for (const step of trace.steps) {
      nowMs += step.gapMs
      if (step.kind === 'charge') client.charge(nowMs, step.cost)
      const taken = step.kind === 'refund' ? client.takenCharges.pop() : undefined
      if (taken !== undefined) client.refund(nowMs, taken)
      seen.push([client.state, JSON.stringify(client.state)])
    }
    for (const [state, text] of seen) assert.equal(JSON.stringify(state), text)
  })
}

function waitIsBounded(limit: Limit): void {
  check([traceOf(limit, { withRefunds: true, withClockSetBack: true })], (trace) => {
    for (const { result } of playTrace(limit, trace)) {
      if (result === undefined) continue
      assert.ok(result.retryAfterMs <= longestWaitMs(limit), `a wait of ${result.retryAfterMs} ms`)
      assert.ok(
        result.resetMs > 0 && result.resetMs <= longestWaitMs(limit),
        `a reset in ${result.resetMs} ms`,
      )
      assert.ok(result.remaining >= 0 && result.remaining <= limit.burst, `${result.remaining} units left`)
    }
  })
}

function settingClockBackAddsNoUnits(limit: Limit): void {
  check([traceOf(limit, { withRefunds: true, withClockSetBack: true }), gapMsOf(limit)], (trace, backMs) => {
    const { client, nowMs } = clientAfterTrace(limit, trace)
    const { remaining } = client.peek(nowMs, 0)
    assert.ok(client.peek(nowMs - backMs, 0).remaining <= remaining)
  })
}
