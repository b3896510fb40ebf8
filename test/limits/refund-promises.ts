import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Limit } from '../../src/limits/limit.ts'
import type { CountedClient } from '../support/counted-client.ts'
import { longestWaitMs } from './bounds.ts'
import { costOf, endOf, gapOf, play, playedOut, type Trace, told, traceOf } from './traces.ts'

/**
 * Several charges are made in one instant and some of them given back in it, in any order. From then on the
 * client is told what one is told that made the others only.
 */
export function undoesAtOnce(limit: Limit): void {
  const charges = fc.array(fc.record({ cost: costOf(limit), isKept: fc.boolean(), turn: fc.nat() }), {
    minLength: 1,
    maxLength: 4,
  })
  fc.assert(
    fc.property(traceOf(limit, { refunds: true }), charges, traceOf(limit), (before, made, after) => {
      const { client, nowMs } = playedOut(limit, before)
      const other = client.copy()
      const taken = made.flatMap((charge) => {
        const { allowed } = client.charge(nowMs, charge.cost)
        const receipt = client.receipts.at(-1)
        return allowed && receipt !== undefined ? [{ ...charge, receipt }] : []
      })
      for (const { cost, isKept } of taken) if (isKept) other.charge(nowMs, cost)
      for (const { isKept, receipt } of taken.toSorted((one, next) => one.turn - next.turn)) {
        if (!isKept) client.refund(nowMs, receipt)
      }
      const rest = { startMs: nowMs, steps: after.steps }
      assert.deepEqual(
        play(limit, rest, [client]).map(({ outcome }) => told(outcome)),
        play(limit, rest, [other]).map(({ outcome }) => told(outcome)),
      )
    }),
    { numRuns: 300, examples: [REOPENED] },
  )
}

/** The only charge of a window is given back: the next one, a millisecond later, opens a window of its own. */
const REOPENED: [Trace, { cost: number; isKept: boolean; turn: number }[], Trace] = [
  { startMs: 0, steps: [] },
  [{ cost: 1, isKept: false, turn: 0 }],
  { startMs: 0, steps: [{ kind: 'charge', gapMs: 1, client: 0, cost: 1 }] },
]

/**
 * One charge is given back a while after it was made, others having come in between. Never are there more
 * units left than with a client that did not make it and was charged all the same otherwise.
 */
export function neverGivesTooMuch(limit: Limit): void {
  fc.assert(
    fc.property(
      traceOf(limit),
      costOf(limit),
      traceOf(limit),
      gapOf(limit),
      traceOf(limit),
      (before, cost, meanwhile, gapMs, after) => {
        const { client, nowMs } = playedOut(limit, before)
        const other = client.copy()
        if (!client.charge(nowMs, cost).allowed) return
        const [receipt] = client.receipts.slice(-1)
        const refundMs = chargeBoth(client, other, nowMs, meanwhile.steps) + gapMs
        if (receipt !== undefined) client.refund(refundMs, receipt)
        chargeBoth(client, other, refundMs, after.steps)
      },
    ),
    { numRuns: 300 },
  )
}

/** Charges the other client what the first one is admitted, and compares what both have left all along. */
function chargeBoth(
  client: CountedClient,
  other: CountedClient,
  startMs: number,
  steps: readonly { gapMs: number; cost?: number }[],
): number {
  let nowMs = startMs
  for (const { gapMs, cost = 0 } of steps) {
    nowMs += gapMs
    if (client.charge(nowMs, cost).allowed)
      assert.ok(other.charge(nowMs, cost).allowed, `${cost} at ${nowMs} ms`)
    assert.ok(client.peek(nowMs, 0).remaining <= other.peek(nowMs, 0).remaining, `left at ${nowMs} ms`)
  }
  return nowMs
}

/** A charge that came back by itself is not given back. */
export function forgetsInTime(limit: Limit): void {
  fc.assert(
    fc.property(traceOf(limit), costOf(limit), traceOf(limit), (before, cost, after) => {
      const { client, nowMs } = playedOut(limit, before)
      const { allowed } = client.charge(nowMs, cost)
      const [receipt] = client.receipts.slice(-1)
      if (!allowed || receipt === undefined) return
      const laterMs = nowMs + longestWaitMs(limit)
      const rest = { startMs: laterMs, steps: after.steps }
      play(limit, rest, [client])
      const endMs = endOf(rest)
      const standing = told(client.peek(endMs, 0))
      client.refund(endMs, receipt)
      assert.deepEqual(told(client.peek(endMs, 0)), standing)
    }),
    { numRuns: 200 },
  )
}
