import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type Limit, maxDebtOf } from '../../src/limits/limit.ts'
import { CountedClient } from '../support/counted-client.ts'
import { longestWaitMs } from './bounds.ts'
import { clientAfterTrace, costOf, playTrace, type Trace, traceOf } from './traces.ts'

/**
 * What every algorithm guarantees for every limit if charges are settled. Each key continues a test title that begins
 * with the limit and `on random traces`.
 */
export const SETTLEMENT_PROPERTIES: Readonly<Record<string, (limit: Limit) => void>> = {
  'says exactly how long a client in debt has to wait': waitIsExactInDebt,
  'shows nothing as remaining in debt, and when one unit is left again': resetIsExactInDebt,
  'records what a settlement asks for, or as much as leads to the largest debt': recordsWhatIsAsked,
  'has the same state after a settlement to what is recorded already': sameValueChangesNothing,
}

const settledTrace = (limit: Limit): fc.Arbitrary<Trace> =>
  traceOf(limit, { withRefunds: true, withSettlements: true })

const NUM_RUNS = 150

/** The longest wait of a client that owes as much as it can. */
const longestDebtMs = (limit: Limit): number =>
  limit.algorithm === 'token-bucket'
    ? Math.ceil(((limit.burst + maxDebtOf(limit)) * limit.windowMs) / limit.limit)
    : longestWaitMs(limit)

/** A client that owes units, if a settlement can make it owe some. */
function clientInDebt(limit: Limit, trace: Trace, cost: number): { client: CountedClient; nowMs: number } {
  const played = clientAfterTrace(limit, trace)
  const { client, nowMs } = played
  if (client.charge(nowMs, cost).allowed) {
    const taken = client.takenCharges.at(-1)
    if (taken !== undefined) client.settle(nowMs, taken, 3 * limit.burst)
  }
  return played
}

function waitIsExactInDebt(limit: Limit): void {
  let inDebt = 0
  fc.assert(
    fc.property(settledTrace(limit), costOf(limit), (trace, cost) => {
      const { client, nowMs } = clientInDebt(limit, trace, cost)
      const { allowed, retryAfterMs } = client.peek(nowMs, cost)
      if (!client.peek(nowMs, 0).allowed) inDebt++
      assert.equal(allowed, retryAfterMs === 0)
      assert.ok(retryAfterMs <= longestDebtMs(limit))
      if (retryAfterMs > 0) assert.equal(client.copy().peek(nowMs + retryAfterMs - 1, cost).allowed, false)
      assert.equal(client.peek(nowMs + retryAfterMs, cost).allowed, true)
    }),
    { numRuns: NUM_RUNS },
  )
  assert.ok(inDebt > NUM_RUNS / 4)
}

function resetIsExactInDebt(limit: Limit): void {
  fc.assert(
    fc.property(settledTrace(limit), costOf(limit), (trace, cost) => {
      const { client, nowMs } = clientInDebt(limit, trace, cost)
      const { allowed, remaining, resetMs } = client.peek(nowMs, 0)
      if (allowed) return
      assert.equal(remaining, 0)
      assert.equal(client.copy().peek(nowMs + resetMs - 1, 0).remaining, 0)
      assert.ok(client.peek(nowMs + resetMs, 0).remaining > 0)
    }),
    { numRuns: NUM_RUNS },
  )
}

function recordsWhatIsAsked(limit: Limit): void {
  fc.assert(
    fc.property(
      settledTrace(limit),
      costOf(limit),
      fc.integer({ min: 1, max: 4 * limit.burst }),
      (trace, cost, units) => {
        const { client, nowMs } = clientAfterTrace(limit, trace)
        const { allowed, remaining } = client.charge(nowMs, cost)
        const taken = client.takenCharges.at(-1)
        if (!allowed || taken === undefined) return
        // Nobody else has charged the client: this is all that is left, and the debt.
        const most = cost + remaining + maxDebtOf(limit)
        assert.equal(client.settle(nowMs, taken, units), Math.min(units, most))
      },
    ),
    { numRuns: NUM_RUNS },
  )
}

function sameValueChangesNothing(limit: Limit): void {
  fc.assert(
    fc.property(settledTrace(limit), fc.integer({ min: 0, max: longestWaitMs(limit) }), (trace, gapMs) => {
      const client = new CountedClient(limit)
      const lastMs = playTrace(limit, trace, [client]).at(-1)?.nowMs ?? trace.startMs
      const taken = client.takenCharges.findLast(({ record: [units] }) => units > 0)
      if (taken === undefined) return
      const before = client.peek(lastMs + gapMs, 0)
      assert.equal(client.settle(lastMs + gapMs, taken, taken.record[0]), taken.record[0])
      assert.deepEqual(client.peek(lastMs + gapMs, 0), before)
    }),
    { numRuns: NUM_RUNS },
  )
}
