import { describe, expect, it } from 'vitest'
import { type FixedWindowState, fixedWindow } from '../../src/limits/fixed-window.ts'
import { LARGEST_LIMIT } from '../../src/limits/limit.ts'
import { CountedClient } from '../support/counted-client.ts'
import { someLimit } from '../support/some-limit.ts'
import { expectTable, type Row } from './charge-table.ts'
import { NumberList, NumberListReader } from './number-list.ts'

const DAY_MS = 86_400_000

describe('a fixed window of 5 units in 60 s', () => {
  it.each<[string, readonly Row[]]>([
    [
      'opens with the first charge and closes a window later',
      [
        // The window is the client's own: it opens at 1000, not at 0.
        { at: 1000, cost: 1, allowed: true, remaining: 4, retryAfterMs: 0, resetMs: 60_000 },
        // Charges do not move its end.
        { at: 31_000, cost: 1, allowed: true, remaining: 3, retryAfterMs: 0, resetMs: 30_000 },
        // Up to the limit.
        { at: 31_000, cost: 3, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 30_000 },
        // Nothing is left, and the wait is to the end of the window.
        { at: 31_000, cost: 1, allowed: false, remaining: 0, retryAfterMs: 30_000, resetMs: 30_000 },
        // The refusal pushed the end no further away: here is the last instant of the window.
        { at: 60_999, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1, resetMs: 1 },
        // The instant of the end belongs to the next window, and all units are back at once.
        { at: 61_000, cost: 1, allowed: true, remaining: 4, retryAfterMs: 0, resetMs: 60_000 },
      ],
    ],
    [
      'takes all of a cost or nothing',
      [
        { at: 0, cost: 3, allowed: true, remaining: 2, retryAfterMs: 0 },
        // 3 do not fit in 2.
        { at: 0, cost: 3, allowed: false, remaining: 2, retryAfterMs: 60_000 },
        // The 2 are still there: the refusal wrote nothing.
        { at: 0, cost: 2, allowed: true, remaining: 0, retryAfterMs: 0 },
        { at: 59_999, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
        // The whole limit at once.
        { at: 60_000, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0 },
        { at: 60_000, cost: 1, allowed: false, remaining: 0, retryAfterMs: 60_000 },
      ],
    ],
    [
      'does not run while nobody asks',
      [
        { at: 0, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0 },
        // Ten windows later the next one opens now, not at a multiple of 60 s.
        { at: 612_345, cost: 1, allowed: true, remaining: 4, retryAfterMs: 0, resetMs: 60_000 },
        { at: 672_344, cost: 4, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 1 },
        { at: 672_345, cost: 1, allowed: true, remaining: 4, retryAfterMs: 0, resetMs: 60_000 },
      ],
    ],
    [
      'answers a cost of 0 and takes nothing',
      [
        { at: 0, cost: 0, allowed: true, remaining: 5, retryAfterMs: 0, resetMs: 60_000 },
        // The question opened no window: it opens now.
        { at: 100, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 60_000 },
        // Nothing fits even when nothing is left.
        { at: 10_100, cost: 0, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 50_000 },
        { at: 10_100, cost: 1, allowed: false, remaining: 0, retryAfterMs: 50_000 },
      ],
    ],
    [
      'starts again where a clock that was set back now is',
      [
        { at: 7_200_000, cost: 4, allowed: true, remaining: 1, retryAfterMs: 0 },
        // An hour back: what was used stays used, and the window lasts as long as ever from here on.
        { at: 3_600_000, cost: 2, allowed: false, remaining: 1, retryAfterMs: 60_000 },
        // The refusal remembered where the clock is: nobody is locked out for an hour and a minute.
        { at: 3_659_999, cost: 2, allowed: false, remaining: 1, retryAfterMs: 1 },
        { at: 3_660_000, cost: 2, allowed: true, remaining: 3, retryAfterMs: 0 },
      ],
    ],
    [
      'ends where it did where the clock is set back within it',
      [
        { at: 100_000, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0 },
        { at: 130_000, cost: 1, allowed: false, remaining: 0, retryAfterMs: 30_000 },
        { at: 110_000, cost: 1, allowed: false, remaining: 0, retryAfterMs: 50_000 },
        { at: 160_000, cost: 1, allowed: true, remaining: 4, retryAfterMs: 0 },
      ],
    ],
    [
      'gives a charge back in its own window',
      [
        { at: 0, cost: 2, allowed: true, remaining: 3, retryAfterMs: 0 },
        { at: 10_000, cost: 3, allowed: true, remaining: 0, retryAfterMs: 0 },
        // The first one and no other, and at once.
        { at: 20_000, refundOf: 1 },
        { at: 20_000, cost: 0, allowed: true, remaining: 2, retryAfterMs: 0 },
        // The window that it opened goes on for those who are in it.
        { at: 20_000, cost: 3, allowed: false, remaining: 2, retryAfterMs: 40_000 },
      ],
    ],
    [
      'never was where everything in it is given back',
      [
        { at: 0, cost: 2, allowed: true, remaining: 3, retryAfterMs: 0 },
        { at: 0, refundOf: 1 },
        // As if there had been no charge: the window opens here.
        { at: 30_000, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 60_000 },
        // The charge of the window that never was is gone: nothing comes of giving it back in this one.
        { at: 89_999, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
        { at: 90_000, cost: 1, allowed: true, remaining: 4, retryAfterMs: 0 },
      ],
    ],
    [
      'gives nothing back in a later window',
      [
        { at: 0, cost: 2, allowed: true, remaining: 3, retryAfterMs: 0 },
        { at: 60_000, cost: 4, allowed: true, remaining: 1, retryAfterMs: 0 },
        // The 2 came back by themselves when their window ended.
        { at: 60_000, refundOf: 1 },
        { at: 60_000, cost: 0, allowed: true, remaining: 1, retryAfterMs: 0 },
        // A window that has ended, with no other after it: nothing to see of the refund either.
        { at: 120_000, refundOf: 2 },
        { at: 120_000, cost: 1, allowed: true, remaining: 4, retryAfterMs: 0 },
      ],
    ],
  ])('%s', (_what, rows) => {
    expectTable(someLimit(5, 60_000), rows)
  })
})

describe('a fixed window of one unit', () => {
  it('in a millisecond admits one in every millisecond', () => {
    expectTable(someLimit(1, 1), [
      { at: 0, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 1 },
      { at: 0, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
      { at: 1, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0 },
      { at: 1, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
    ])
  })

  it('in 30 days ends after 30 days: no timer is involved that could overflow', () => {
    expectTable(someLimit(1, 30 * DAY_MS), [
      { at: 0, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 30 * DAY_MS },
      { at: 30 * DAY_MS - 1, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
      { at: 30 * DAY_MS, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0 },
    ])
  })
})

describe('a fixed window', () => {
  it('counts up to the most digits a header takes', () => {
    expectTable(someLimit(LARGEST_LIMIT, 1000), [
      { at: 0, cost: LARGEST_LIMIT - 1, allowed: true, remaining: 1, retryAfterMs: 0 },
      { at: 0, cost: 2, allowed: false, remaining: 1, retryAfterMs: 1000 },
      { at: 0, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0 },
      { at: 0, cost: LARGEST_LIMIT, allowed: false, remaining: 0, retryAfterMs: 1000 },
    ])
  })

  it('admits 2 * limit - 1 units at most in a window that straddles two', () => {
    expectTable(someLimit(5, 60_000), [
      // Not among them: it lies a whole window before the last of them.
      { at: 0, cost: 1, allowed: true, remaining: 4, retryAfterMs: 0 },
      { at: 59_999, cost: 4, allowed: true, remaining: 0, retryAfterMs: 0 },
      { at: 60_000, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0 },
      // The tenth waits for the end of the second window.
      { at: 60_001, cost: 1, allowed: false, remaining: 0, retryAfterMs: 59_999 },
    ])
  })

  it('admits 2 * limit units in a moment where the charge that opened the first window is given back', () => {
    expectTable(someLimit(5, 60_000), [
      { at: 0, cost: 1, allowed: true, remaining: 4, retryAfterMs: 0 },
      { at: 59_998, cost: 1, allowed: true, remaining: 3, retryAfterMs: 0 },
      // Somebody else is in the window by now: it stays where it is.
      { at: 59_999, refundOf: 1 },
      { at: 59_999, cost: 4, allowed: true, remaining: 0, retryAfterMs: 0 },
      { at: 60_000, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0 },
    ])
  })

  it('has nothing left, and not less, when a function lowers the limit', () => {
    const { state } = fixedWindow.charge(undefined, 0, someLimit(10, 60_000), 8)
    expect(fixedWindow.charge(state, 1000, someLimit(5, 60_000), 1)).toMatchObject({
      allowed: false,
      remaining: 0,
      retryAfterMs: 59_000,
    })
    expect(fixedWindow.charge(state, 1000, someLimit(20, 60_000), 1)).toMatchObject({
      allowed: true,
      remaining: 11,
    })
  })

  it('gives back the state itself where there is nothing to set back or to refund', () => {
    const limit = someLimit(5, 60_000)
    const state: FixedWindowState = { startMs: 1000, used: 2, windowId: 3 }
    expect(fixedWindow.rewind(state, 1000, limit)).toBe(state)
    expect(fixedWindow.rewind(state, 5000, limit)).toBe(state)
    expect(fixedWindow.refund(state, { ...state, windowId: 2 }, 5000, limit, 1)).toBe(state)
    expect(fixedWindow.refund(state, { ...state, windowId: 4 }, 5000, limit, 1)).toBe(state)
  })

  it('numbers the windows of a client from the id that it begins with, and goes round', () => {
    const limit = someLimit(5, 1000)
    const ids: number[] = []
    let state = fixedWindow.initialState(2 ** 32 - 3)
    expect(state).toEqual({ startMs: 0, used: 0, windowId: 2 ** 32 - 3 })
    for (const nowMs of [10, 500, 1010, 2010, 2999, 3010]) {
      state = fixedWindow.charge(state, nowMs, limit, 1).state
      ids.push(state.windowId)
    }
    expect(ids).toEqual([2 ** 32 - 2, 2 ** 32 - 2, 2 ** 32 - 1, 0, 0, 1])
  })

  it('gives nothing back for a receipt of the life before, though the window is as old', () => {
    const limit = someLimit(5, 60_000)
    const [before, now] = [7, 1007].map(
      (id) => fixedWindow.charge(fixedWindow.initialState(id), 1000, limit, 2).state,
    )
    if (before === undefined || now === undefined) throw new Error('no states')
    expect(before).toEqual({ startMs: 1000, used: 2, windowId: 8 })
    expect(fixedWindow.refund(now, before, 1000, limit, 2)).toBe(now)
    expect(fixedWindow.refund(now, now, 1000, limit, 2)).toEqual({ startMs: 1000, used: 0, windowId: 1008 })
  })

  it('is written as when it opened, what was used in it, and its id', () => {
    const list = new NumberList()
    fixedWindow.write({ startMs: 1000, used: 2, windowId: 3 }, list)
    expect(list.noted).toEqual([
      { kind: 'instant', value: 1000 },
      { kind: 'amount', value: 2 },
      { kind: 'amount', value: 3 },
    ])
    expect(fixedWindow.read(new NumberListReader(list))).toEqual({ startMs: 1000, used: 2, windowId: 3 })
  })

  it('never counts below zero', () => {
    const client = new CountedClient(someLimit(5, 60_000))
    client.charge(0, 2)
    const [taken] = client.receipts
    if (taken !== undefined) client.refund(0, { ...taken, cost: 3 })
    expect(client.state).toEqual({ startMs: 0, used: 0, windowId: 1 })
  })
})
