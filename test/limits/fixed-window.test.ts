import { describe, expect, it } from 'vitest'
import { type FixedWindowState, fixedWindow } from '../../src/limits/fixed-window.ts'
import { LARGEST_LIMIT } from '../../src/limits/limit.ts'
import { CountedClient } from '../support/counted-client.ts'
import { fixedWindowLimit } from '../support/limits-by-algorithm.ts'
import { refundedState } from '../support/refunded-state.ts'
import { type ChargeTableRow, expectChargeTable } from './charge-table.ts'
import { NumberList, NumberListReader } from './number-list.ts'

const DAY_MS = 86_400_000

describe('a fixed window of 5 units in 60 s', () => {
  it.each<[string, readonly ChargeTableRow[]]>([
    [
      'opens with the first charge and closes 60 s later',
      [
        // Each client has its own window. This one opens at 1000, not at 0.
        { at: 1000, cost: 1, allowed: true, remaining: 4, retryAfterMs: 0, resetMs: 60_000 },
        // Charges do not move its end.
        { at: 31_000, cost: 1, allowed: true, remaining: 3, retryAfterMs: 0, resetMs: 30_000 },
        // Up to the limit.
        { at: 31_000, cost: 3, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 30_000 },
        // Nothing is left. The client has to wait until the end of the window.
        { at: 31_000, cost: 1, allowed: false, remaining: 0, retryAfterMs: 30_000, resetMs: 30_000 },
        // The refusal did not move the end of the window. This is the last millisecond of the window.
        { at: 60_999, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1, resetMs: 1 },
        // The end belongs to the next window. All units come back together.
        { at: 61_000, cost: 1, allowed: true, remaining: 4, retryAfterMs: 0, resetMs: 60_000 },
      ],
    ],
    [
      'takes all units of a cost or none',
      [
        { at: 0, cost: 3, allowed: true, remaining: 2, retryAfterMs: 0 },
        // 3 do not fit in 2.
        { at: 0, cost: 3, allowed: false, remaining: 2, retryAfterMs: 60_000 },
        // The 2 units are still left, because the refusal took nothing.
        { at: 0, cost: 2, allowed: true, remaining: 0, retryAfterMs: 0 },
        { at: 59_999, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
        // The whole limit at once.
        { at: 60_000, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0 },
        { at: 60_000, cost: 1, allowed: false, remaining: 0, retryAfterMs: 60_000 },
      ],
    ],
    [
      'opens only when the client is charged',
      [
        { at: 0, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0 },
        // Ten windows later, the next window opens at the charge, not at a multiple of 60 s.
        { at: 612_345, cost: 1, allowed: true, remaining: 4, retryAfterMs: 0, resetMs: 60_000 },
        { at: 672_344, cost: 4, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 1 },
        { at: 672_345, cost: 1, allowed: true, remaining: 4, retryAfterMs: 0, resetMs: 60_000 },
      ],
    ],
    [
      'allows a cost of 0 and takes nothing',
      [
        { at: 0, cost: 0, allowed: true, remaining: 5, retryAfterMs: 0, resetMs: 60_000 },
        // The charge of 0 units opened no window. This charge opens it.
        { at: 100, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 60_000 },
        // A cost of 0 is allowed even if nothing is left.
        { at: 10_100, cost: 0, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 50_000 },
        { at: 10_100, cost: 1, allowed: false, remaining: 0, retryAfterMs: 50_000 },
      ],
    ],
    [
      'starts again at the present time of a clock that was set back',
      [
        { at: 7_200_000, cost: 4, allowed: true, remaining: 1, retryAfterMs: 0 },
        // The clock is an hour back. The used units remain used. The window lasts 60 s from now.
        { at: 3_600_000, cost: 2, allowed: false, remaining: 1, retryAfterMs: 60_000 },
        // The state was adjusted at the refusal. So the client does not wait for an hour and a minute.
        { at: 3_659_999, cost: 2, allowed: false, remaining: 1, retryAfterMs: 1 },
        { at: 3_660_000, cost: 2, allowed: true, remaining: 3, retryAfterMs: 0 },
      ],
    ],
    [
      'ends at the same time if the clock is set back to a time within the window',
      [
        { at: 100_000, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0 },
        { at: 130_000, cost: 1, allowed: false, remaining: 0, retryAfterMs: 30_000 },
        { at: 110_000, cost: 1, allowed: false, remaining: 0, retryAfterMs: 50_000 },
        { at: 160_000, cost: 1, allowed: true, remaining: 4, retryAfterMs: 0 },
      ],
    ],
    [
      'refunds a charge in its own window',
      [
        { at: 0, cost: 2, allowed: true, remaining: 3, retryAfterMs: 0 },
        { at: 10_000, cost: 3, allowed: true, remaining: 0, retryAfterMs: 0 },
        // This refunds the first charge only, and at once.
        { at: 20_000, refundOf: 1 },
        { at: 20_000, cost: 0, allowed: true, remaining: 2, retryAfterMs: 0 },
        // The window that the first charge opened continues, because it contains other charges.
        { at: 20_000, cost: 3, allowed: false, remaining: 2, retryAfterMs: 40_000 },
      ],
    ],
    [
      'counts as never opened if all its charges are refunded',
      [
        { at: 0, cost: 2, allowed: true, remaining: 3, retryAfterMs: 0 },
        { at: 0, refundOf: 1 },
        // The window opens here, as if there had been no earlier charge.
        { at: 30_000, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 60_000 },
        // The refunded charge does not count in this window.
        { at: 89_999, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
        { at: 90_000, cost: 1, allowed: true, remaining: 4, retryAfterMs: 0 },
      ],
    ],
    [
      'refunds nothing in a later window',
      [
        { at: 0, cost: 2, allowed: true, remaining: 3, retryAfterMs: 0 },
        { at: 60_000, cost: 4, allowed: true, remaining: 1, retryAfterMs: 0 },
        // The 2 units came back by themselves when their window ended.
        { at: 60_000, refundOf: 1 },
        { at: 60_000, cost: 0, allowed: true, remaining: 1, retryAfterMs: 0 },
        // Here the window of the charge has ended and no other window has opened. The refund changes nothing
        // either.
        { at: 120_000, refundOf: 2 },
        { at: 120_000, cost: 1, allowed: true, remaining: 4, retryAfterMs: 0 },
      ],
    ],
  ])('%s', (_what, rows) => {
    expectChargeTable(fixedWindowLimit(5, 60_000), rows)
  })
})

describe('a fixed window of one unit', () => {
  it('in a millisecond allows one unit in every millisecond', () => {
    expectChargeTable(fixedWindowLimit(1, 1), [
      { at: 0, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 1 },
      { at: 0, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
      { at: 1, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0 },
      { at: 1, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
    ])
  })

  it('in 30 days ends after 30 days, because no timer is used that could overflow', () => {
    expectChargeTable(fixedWindowLimit(1, 30 * DAY_MS), [
      { at: 0, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 30 * DAY_MS },
      { at: 30 * DAY_MS - 1, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
      { at: 30 * DAY_MS, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0 },
    ])
  })
})

describe('a fixed window', () => {
  it('counts up to the largest number that a header can hold', () => {
    expectChargeTable(fixedWindowLimit(LARGEST_LIMIT, 1000), [
      { at: 0, cost: LARGEST_LIMIT - 1, allowed: true, remaining: 1, retryAfterMs: 0 },
      { at: 0, cost: 2, allowed: false, remaining: 1, retryAfterMs: 1000 },
      { at: 0, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0 },
      { at: 0, cost: LARGEST_LIMIT, allowed: false, remaining: 0, retryAfterMs: 1000 },
    ])
  })

  it('allows at most 2 * limit - 1 units in a stretch of one window that touches two windows', () => {
    expectChargeTable(fixedWindowLimit(5, 60_000), [
      // This charge is outside the stretch, because it is a whole window before the last charge of the
      // stretch.
      { at: 0, cost: 1, allowed: true, remaining: 4, retryAfterMs: 0 },
      { at: 59_999, cost: 4, allowed: true, remaining: 0, retryAfterMs: 0 },
      { at: 60_000, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0 },
      // The tenth unit has to wait until the end of the second window.
      { at: 60_001, cost: 1, allowed: false, remaining: 0, retryAfterMs: 59_999 },
    ])
  })

  it('allows 2 * limit units in a short time if the charge that opened the first window is refunded', () => {
    expectChargeTable(fixedWindowLimit(5, 60_000), [
      { at: 0, cost: 1, allowed: true, remaining: 4, retryAfterMs: 0 },
      { at: 59_998, cost: 1, allowed: true, remaining: 3, retryAfterMs: 0 },
      // The window contains another charge by now. So it remains open until 60 000.
      { at: 59_999, refundOf: 1 },
      { at: 59_999, cost: 4, allowed: true, remaining: 0, retryAfterMs: 0 },
      { at: 60_000, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0 },
    ])
  })

  it('has 0 units left, and not fewer, if a limit function lowers the limit', () => {
    const { state } = fixedWindow.charge(undefined, 0, fixedWindowLimit(10, 60_000), 8)
    expect(fixedWindow.charge(state, 1000, fixedWindowLimit(5, 60_000), 1)).toMatchObject({
      allowed: false,
      remaining: 0,
      retryAfterMs: 59_000,
    })
    expect(fixedWindow.charge(state, 1000, fixedWindowLimit(20, 60_000), 1)).toMatchObject({
      allowed: true,
      remaining: 11,
    })
  })

  it('returns the same state object if there is nothing to rewind or to refund', () => {
    const limit = fixedWindowLimit(5, 60_000)
    const state: FixedWindowState = { startMs: 1000, used: 2, windowId: 3 }
    expect(fixedWindow.rewind(state, 1000, limit)).toBe(state)
    expect(fixedWindow.rewind(state, 5000, limit)).toBe(state)
    expect(refundedState(fixedWindow, state, { ...state, windowId: 2 }, 5000, limit, 1)).toBe(state)
    expect(refundedState(fixedWindow, state, { ...state, windowId: 4 }, 5000, limit, 1)).toBe(state)
  })

  it('gives each window an id, counted from the initial id, with 0 after the largest id', () => {
    const limit = fixedWindowLimit(5, 1000)
    const ids: number[] = []
    let state = fixedWindow.initialState(2 ** 32 - 3)
    expect(state).toEqual({ startMs: 0, used: 0, windowId: 2 ** 32 - 3 })
    for (const nowMs of [10, 500, 1010, 2010, 2999, 3010]) {
      state = fixedWindow.charge(state, nowMs, limit, 1).state
      ids.push(state.windowId)
    }
    expect(ids).toEqual([2 ** 32 - 2, 2 ** 32 - 2, 2 ** 32 - 1, 0, 0, 1])
  })

  it('refunds no charge from before the client was forgotten, even if the window has the same start', () => {
    const limit = fixedWindowLimit(5, 60_000)
    const [before, now] = [7, 1007].map(
      (id) => fixedWindow.charge(fixedWindow.initialState(id), 1000, limit, 2).state,
    )
    if (before === undefined || now === undefined) throw new Error('no states')
    expect(before).toEqual({ startMs: 1000, used: 2, windowId: 8 })
    expect(refundedState(fixedWindow, now, before, 1000, limit, 2)).toBe(now)
    expect(refundedState(fixedWindow, now, now, 1000, limit, 2)).toEqual({
      startMs: 1000,
      used: 0,
      windowId: 1008,
    })
  })

  it('is written as its start, the units used in it, and its id', () => {
    const list = new NumberList()
    fixedWindow.write({ startMs: 1000, used: 2, windowId: 3 }, list)
    expect(list.recorded).toEqual([
      { kind: 'instant', value: 1000 },
      { kind: 'amount', value: 2 },
      { kind: 'amount', value: 3 },
    ])
    expect(fixedWindow.read(new NumberListReader(list))).toEqual({ startMs: 1000, used: 2, windowId: 3 })
  })

  it('never has fewer than 0 used units', () => {
    const client = new CountedClient(fixedWindowLimit(5, 60_000))
    client.charge(0, 2)
    const [taken] = client.takenCharges
    if (taken !== undefined) client.refund(0, { ...taken, cost: 3 })
    expect(client.state).toEqual({ startMs: 0, used: 0, windowId: 1 })
  })
})
