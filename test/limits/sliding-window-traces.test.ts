import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Limit } from '../../src/limits/limit.ts'
import { SLICES_PER_WINDOW } from '../../src/limits/sliding-window.ts'
import { CountedClient } from '../support/counted-client.ts'
import { someSlidingLimit } from '../support/some-limit.ts'
import { ChargeLog } from './charge-log.ts'
import { LIFE_PROMISES } from './life-promises.ts'
import { assertAgrees } from './model.ts'
import { PROMISES } from './promises.ts'
import { forgetsInTime, neverGivesTooMuch, undoesAtOnce } from './refund-promises.ts'
import { costOf, endOf, play, playedOut, type Trace, traceOf } from './traces.ts'

const LIMITS = [
  someSlidingLimit(7, 800),
  // Windows that 8 does not divide.
  someSlidingLimit(5, 1001),
  someSlidingLimit(3, 10),
  someSlidingLimit(1, 50),
]

/** Windows whose slices are a millisecond long: nothing is rounded. */
const EXACT_LIMITS = [someSlidingLimit(4, 8), someSlidingLimit(3, 5), someSlidingLimit(2, 1)]

/** How much later than in a log of all charges a unit can come back, at the most. */
const latenessMs = ({ windowMs }: Limit): number => Math.ceil(windowMs / SLICES_PER_WINDOW) - 1

/** The log of the charges that an algorithm admitted, refunded ones crossed out. */
function logOf(limit: Limit, trace: Trace, client: CountedClient): ChargeLog {
  const log = new ChargeLog(limit)
  for (const { nowMs, cost, outcome, taken } of play(limit, trace, [client])) {
    if (taken === undefined) continue
    if (outcome === undefined) log.refund(nowMs, client.receipts.indexOf(taken))
    else {
      assert.ok(log.admits(nowMs, cost), `the log refuses ${cost} at ${nowMs} ms`)
      log.write(nowMs, cost)
    }
  }
  return log
}

describe.each(LIMITS)('a sliding window of $limit units in $windowMs ms, on random traces,', (limit) => {
  it('admits nothing that a log of all charges refuses', () => {
    fc.assert(
      fc.property(traceOf(limit, { refunds: true, maxLength: 60 }), (trace) => {
        logOf(limit, trace, new CountedClient(limit))
      }),
      { numRuns: 300 },
    )
  })

  it('admits what the log would, less than an eighth of the window later', () => {
    fc.assert(
      fc.property(traceOf(limit, { refunds: true, maxLength: 60 }), costOf(limit), (trace, cost) => {
        const client = new CountedClient(limit)
        const log = logOf(limit, trace, client)
        const endMs = endOf(trace)
        for (let nowMs = endMs; nowMs <= endMs + limit.windowMs; nowMs++) {
          if (!log.admits(nowMs, cost)) continue
          assert.ok(client.peek(nowMs + latenessMs(limit), cost).allowed, `the log admits it at ${nowMs} ms`)
        }
      }),
      { numRuns: 100 },
    )
  })

  it('has a whole limit for a client that never stops asking, in any nine eighths of the window', () => {
    fc.assert(
      fc.property(traceOf(limit, { refunds: true }), (trace) => {
        const { client, nowMs } = playedOut(limit, trace)
        const endMs = nowMs + limit.windowMs + latenessMs(limit)
        let admitted = 0
        // What was taken up to now has left by then, and only the client's own asking was in its way.
        for (let askMs = nowMs + 1; askMs <= endMs; askMs++) {
          while (client.charge(askMs, 1).allowed) admitted++
        }
        assert.ok(admitted >= limit.limit, `${admitted} in ${endMs - nowMs} ms`)
      }),
      { numRuns: 50 },
    )
  })

  it.each(Object.entries({ ...PROMISES, ...LIFE_PROMISES }))('%s', (_promise, check) => check(limit))

  it('never gives more back than a charge took that is still counted', () => neverGivesTooMuch(limit))

  it('gives nothing back that came back by itself', () => forgetsInTime(limit))

  // Not to the millisecond: a slice does not forget that it was prolonged.
  it('undoes a charge that is given back in its instant, but for the wait of others in its slice', () => {
    fc.assert(
      fc.property(traceOf(limit, { refunds: true }), costOf(limit), (trace, cost) => {
        const { client, nowMs } = playedOut(limit, trace)
        const other = client.copy()
        const [receipt] = client.charge(nowMs, cost).allowed ? client.receipts.slice(-1) : []
        if (receipt !== undefined) client.refund(nowMs, receipt)
        for (let laterMs = nowMs; laterMs <= nowMs + limit.windowMs; laterMs++) {
          const { remaining } = other.peek(laterMs, 0)
          assert.ok(client.peek(laterMs, 0).remaining <= remaining)
          assert.ok(client.peek(laterMs + latenessMs(limit), 0).remaining >= remaining)
        }
      }),
      { numRuns: 100 },
    )
  })
})

describe.each(EXACT_LIMITS)(
  'a sliding window of $limit units in $windowMs ms, on random traces,',
  (limit) => {
    it('decides as a log of all charges does', () => {
      fc.assert(
        fc.property(traceOf(limit, { clients: 3, refunds: true, maxLength: 60 }), (trace) => {
          assertAgrees(limit, trace, (own) => new ChargeLog(own))
        }),
        { numRuns: 300 },
      )
    })

    it.each(Object.entries(PROMISES))('%s', (_promise, check) => check(limit))

    it('undoes charges that are given back in their instant, as if they had never been', () =>
      undoesAtOnce(limit))
  },
)

describe('the time by which a sliding window is late', () => {
  it.each(LIMITS.filter(({ limit }) => limit > 1))(
    'is reached, with $limit units in $windowMs ms',
    (limit) => {
      const client = new CountedClient(limit)
      const log = new ChargeLog(limit)
      const sliceMs = latenessMs(limit) + 1
      // All units but one at the beginning of a slice, the last at its end.
      for (const [nowMs, cost] of [
        [sliceMs, limit.limit - 1],
        [2 * sliceMs - 1, 1],
      ] as const) {
        expect(client.charge(nowMs, cost).allowed).toBe(true)
        log.write(nowMs, cost)
      }
      const backMs = sliceMs + limit.windowMs
      expect([log.admits(backMs - 1, 1), log.admits(backMs, 1)]).toEqual([false, true])
      expect(client.peek(backMs + latenessMs(limit) - 1, 1).allowed).toBe(false)
      expect(client.peek(backMs + latenessMs(limit), 1).allowed).toBe(true)
    },
  )
})
