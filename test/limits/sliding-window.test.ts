import { describe, expect, it } from 'vitest'
import { LARGEST_LIMIT } from '../../src/limits/limit.ts'
import { SLICES_PER_WINDOW, type SlidingWindowState } from '../../src/limits/slices.ts'
import { slidingWindow } from '../../src/limits/sliding-window.ts'
import { CountedClient } from '../support/counted-client.ts'
import { slidingWindowLimit } from '../support/limits-by-algorithm.ts'
import { refundedState } from '../support/refunded-state.ts'
import { type ChargeTableRow, expectChargeTable } from './charge-table.ts'
import { NumberList, NumberListReader } from './number-list.ts'

const DAY_MS = 86_400_000

describe('a sliding window of 5 units in 80 ms, in slices of 10 ms,', () => {
  it.each<[string, readonly ChargeTableRow[]]>([
    [
      'brings each unit back one window after it was taken',
      [
        // A new client. resetMs is the time until its first unit comes back.
        { at: 5, cost: 1, allowed: true, remaining: 4, retryAfterMs: 0, resetMs: 80 },
        { at: 25, cost: 2, allowed: true, remaining: 2, retryAfterMs: 0, resetMs: 60 },
        // Up to the limit.
        { at: 45, cost: 2, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 40 },
        // The client has to wait for the oldest unit, which comes back at 85.
        { at: 50, cost: 1, allowed: false, remaining: 0, retryAfterMs: 35, resetMs: 35 },
        // For 2 units it has to wait for the 2 units of 25 as well. For 4 units, for the units of 45 as well.
        { at: 50, cost: 2, allowed: false, remaining: 0, retryAfterMs: 55, resetMs: 35 },
        { at: 50, cost: 3, allowed: false, remaining: 0, retryAfterMs: 55, resetMs: 35 },
        { at: 50, cost: 4, allowed: false, remaining: 0, retryAfterMs: 75, resetMs: 35 },
        // The refusals did not move these times. One millisecond too early, and at the right time:
        { at: 84, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1, resetMs: 1 },
        { at: 85, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 20 },
        // Only one unit came back.
        { at: 85, cost: 1, allowed: false, remaining: 0, retryAfterMs: 20 },
      ],
    ],
    [
      'brings the units of one slice back together, one window after the last charge in it',
      [
        { at: 10, cost: 2, allowed: true, remaining: 3, retryAfterMs: 0, resetMs: 80 },
        // This is the last millisecond of the slice. All units so far come back together at 99.
        { at: 19, cost: 1, allowed: true, remaining: 2, retryAfterMs: 0, resetMs: 80 },
        // The next slice.
        { at: 20, cost: 2, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 79 },
        // In a log of all charges, 2 units would have come back by now. They come back 9 ms late, less than a
        // slice.
        { at: 90, cost: 1, allowed: false, remaining: 0, retryAfterMs: 9 },
        { at: 98, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
        { at: 99, cost: 3, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 1 },
        // The units of 20 were taken at once. They come back exactly one window later.
        { at: 100, cost: 2, allowed: true, remaining: 0, retryAfterMs: 0 },
      ],
    ],
    [
      'allows at most 5 units around the end of a window, where a fixed window would allow 9',
      [
        { at: 0, cost: 1, allowed: true, remaining: 4, retryAfterMs: 0 },
        { at: 79, cost: 4, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 1 },
        // Only one unit comes back, not five.
        { at: 80, cost: 5, allowed: false, remaining: 1, retryAfterMs: 79, resetMs: 79 },
        { at: 80, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0 },
      ],
    ],
    [
      'takes all units of a cost or none',
      [
        { at: 0, cost: 3, allowed: true, remaining: 2, retryAfterMs: 0 },
        { at: 1, cost: 3, allowed: false, remaining: 2, retryAfterMs: 79 },
        // The refusal took nothing. The 2 units are still left, and the 3 units come back at the same time as
        // before.
        { at: 10, cost: 2, allowed: true, remaining: 0, retryAfterMs: 0 },
        { at: 79, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
        { at: 80, cost: 3, allowed: true, remaining: 0, retryAfterMs: 0 },
        // A client that has waited can use the whole limit at once.
        { at: 160, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 80 },
        { at: 239, cost: 5, allowed: false, remaining: 0, retryAfterMs: 1 },
        { at: 240, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0 },
      ],
    ],
    [
      'allows a cost of 0 and takes nothing',
      [
        { at: 0, cost: 0, allowed: true, remaining: 5, retryAfterMs: 0, resetMs: 80 },
        { at: 3, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 80 },
        // A cost of 0 is allowed even if nothing is left. It does not extend the slice.
        { at: 9, cost: 0, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 74 },
        { at: 82, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
        { at: 83, cost: 0, allowed: true, remaining: 5, retryAfterMs: 0, resetMs: 80 },
      ],
    ],
    [
      'moves all charges back with a clock that is set back',
      [
        { at: 7_200_000, cost: 2, allowed: true, remaining: 3, retryAfterMs: 0 },
        { at: 7_200_030, cost: 2, allowed: true, remaining: 1, retryAfterMs: 0 },
        // The clock is an hour back. The newest charge counts as made now, and the other charge as made 30 ms
        // before.
        { at: 3_600_000, cost: 2, allowed: false, remaining: 1, retryAfterMs: 50, resetMs: 50 },
        { at: 3_600_049, cost: 2, allowed: false, remaining: 1, retryAfterMs: 1 },
        { at: 3_600_050, cost: 2, allowed: true, remaining: 1, retryAfterMs: 0, resetMs: 30 },
        { at: 3_600_080, cost: 3, allowed: true, remaining: 0, retryAfterMs: 0 },
      ],
    ],
    [
      'does not change if the clock is set back to a time after the last charge',
      [
        { at: 100, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0 },
        { at: 130, cost: 1, allowed: false, remaining: 0, retryAfterMs: 50 },
        { at: 110, cost: 1, allowed: false, remaining: 0, retryAfterMs: 70 },
        { at: 180, cost: 1, allowed: true, remaining: 4, retryAfterMs: 0 },
      ],
    ],
    [
      'refunds one charge and no other',
      [
        { at: 0, cost: 2, allowed: true, remaining: 3, retryAfterMs: 0 },
        { at: 10, cost: 1, allowed: true, remaining: 2, retryAfterMs: 0 },
        { at: 10, cost: 2, allowed: true, remaining: 0, retryAfterMs: 0 },
        // A refund at once.
        { at: 10, refundOf: 3 },
        { at: 10, cost: 0, allowed: true, remaining: 2, retryAfterMs: 0, resetMs: 70 },
        // A refund some time later, of one of the two charges that are still counted. The slice of 0 does not
        // change.
        { at: 50, refundOf: 2 },
        { at: 50, cost: 0, allowed: true, remaining: 3, retryAfterMs: 0, resetMs: 30 },
        // A refund of the oldest charge. Now no charge is counted, as for a new client.
        { at: 60, refundOf: 1 },
        { at: 60, cost: 0, allowed: true, remaining: 5, retryAfterMs: 0, resetMs: 80 },
      ],
    ],
    [
      'refunds no units that have come back by themselves',
      [
        { at: 0, cost: 2, allowed: true, remaining: 3, retryAfterMs: 0 },
        { at: 80, cost: 4, allowed: true, remaining: 1, retryAfterMs: 0 },
        { at: 80, refundOf: 1 },
        { at: 80, cost: 0, allowed: true, remaining: 1, retryAfterMs: 0 },
        // No charge is counted any more, and there was no charge since.
        { at: 160, refundOf: 2 },
        { at: 160, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0 },
      ],
    ],
    [
      'can delay the other units of a slice because of a refunded charge, by less than a slice',
      [
        { at: 0, cost: 4, allowed: true, remaining: 1, retryAfterMs: 0 },
        { at: 9, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0 },
        { at: 9, refundOf: 2 },
        // The slice does not know that its remaining units were taken at 0.
        { at: 88, cost: 5, allowed: false, remaining: 1, retryAfterMs: 1 },
        { at: 89, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0 },
      ],
    ],
  ])('%s', (_what, rows) => {
    expectChargeTable(slidingWindowLimit(5, 80), rows)
  })
})

describe('a sliding window of one unit', () => {
  it('in a second allows one unit exactly a second after the last one', () => {
    expectChargeTable(slidingWindowLimit(1, 1000), [
      { at: 124, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 1000 },
      { at: 1123, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
      { at: 1124, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 1000 },
    ])
  })

  it('in a millisecond allows one unit in every millisecond', () => {
    expectChargeTable(slidingWindowLimit(1, 1), [
      { at: 0, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 1 },
      { at: 0, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
      { at: 1, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0 },
      { at: 1, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
    ])
  })

  it('in 30 days ends after 30 days, because no timer is used that could overflow', () => {
    expectChargeTable(slidingWindowLimit(1, 30 * DAY_MS), [
      { at: 0, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 30 * DAY_MS },
      { at: 30 * DAY_MS - 1, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
      { at: 30 * DAY_MS, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0 },
    ])
  })
})

describe('a sliding window of 3 units in 10 ms, which is not a multiple of 8 ms,', () => {
  it('has slices of 2 ms, which is an eighth, rounded up', () => {
    expectChargeTable(slidingWindowLimit(3, 10), [
      { at: 2, cost: 1, allowed: true, remaining: 2, retryAfterMs: 0 },
      // The same slice.
      { at: 3, cost: 1, allowed: true, remaining: 1, retryAfterMs: 0, resetMs: 10 },
      // Another slice.
      { at: 4, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 9 },
      { at: 12, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
      { at: 13, cost: 2, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 1 },
      { at: 14, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0 },
    ])
  })
})

describe('a sliding window', () => {
  it('counts up to the largest number that a header can hold', () => {
    expectChargeTable(slidingWindowLimit(LARGEST_LIMIT, 8000), [
      { at: 0, cost: LARGEST_LIMIT - 1, allowed: true, remaining: 1, retryAfterMs: 0 },
      { at: 1000, cost: 2, allowed: false, remaining: 1, retryAfterMs: 7000 },
      { at: 1000, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0 },
      { at: 1000, cost: LARGEST_LIMIT, allowed: false, remaining: 0, retryAfterMs: 8000 },
    ])
  })

  it('has 0 units left, and not fewer, if a limit function lowers the limit', () => {
    const { state } = slidingWindow.charge(undefined, 0, slidingWindowLimit(10, 80), 8)
    expect(slidingWindow.charge(state, 10, slidingWindowLimit(5, 80), 1)).toMatchObject({
      allowed: false,
      remaining: 0,
      retryAfterMs: 70,
    })
    expect(slidingWindow.charge(state, 10, slidingWindowLimit(20, 80), 1)).toMatchObject({
      allowed: true,
      remaining: 11,
    })
  })

  it('answers a wait of one window if the cost is above the limit', () => {
    const limit = slidingWindowLimit(5, 80)
    const { state } = slidingWindow.charge(undefined, 0, limit, 3)
    expect(slidingWindow.charge(state, 10, limit, 6)).toMatchObject({ allowed: false, retryAfterMs: 80 })
    expect(slidingWindow.charge(undefined, 10, limit, 6)).toMatchObject({ allowed: false, retryAfterMs: 80 })
  })

  it('loses a ninth of its limit with the worst pattern of charges', () => {
    const limit = slidingWindowLimit(9, 800)
    const client = new CountedClient(limit)
    let nowMs = 0
    // This is the worst pattern. All units except one are taken at the start of a slice, and the last one at
    // its end. Then all of them are counted until a window after the end.
    for (let turn = 0; turn < 8; turn++) {
      expect(client.charge(nowMs, 8).allowed).toBe(true)
      expect(client.charge(nowMs + 99, 1).allowed).toBe(true)
      expect(client.peek(nowMs + 898, 1).allowed).toBe(false)
      nowMs += 900
    }
    // 72 units are allowed in 7200 ms. 9 windows could allow 81 units in this time.
    expect([nowMs, client.takenCharges.length]).toEqual([7200, 16])
  })

  it(`keeps ${SLICES_PER_WINDOW + 1} slices of a client at most if it is charged every millisecond`, () => {
    const client = new CountedClient(slidingWindowLimit(1000, 80))
    let maxSlices = 0
    for (let nowMs = 0; nowMs < 400; nowMs++) {
      const { state } = client.charge(nowMs, 1)
      maxSlices = Math.max(maxSlices, 'slices' in state ? state.slices.length : 0)
    }
    expect(maxSlices).toBe(SLICES_PER_WINDOW + 1)
  })

  it(`keeps ${SLICES_PER_WINDOW + 1} slices of a client at most if the clock is set back repeatedly`, () => {
    const client = new CountedClient(slidingWindowLimit(1000, 80))
    let maxSlices = 0
    for (let turn = 0; turn < 200; turn++) {
      // The time alternates between two milliseconds that belong to different slices.
      const { state } = client.charge(1009 + (turn % 2), 1)
      maxSlices = Math.max(maxSlices, 'slices' in state ? state.slices.length : 0)
    }
    expect(maxSlices).toBeLessThanOrEqual(SLICES_PER_WINDOW + 1)
  })

  it('gives each slice an id, counted from the initial id, with 0 after the largest id', () => {
    const limit = slidingWindowLimit(50, 80)
    let state = slidingWindow.initialState(2 ** 32 - 3)
    expect(state).toEqual({ slices: [], lastId: 2 ** 32 - 3 })
    for (const nowMs of [0, 9, 10, 20, 30]) state = slidingWindow.charge(state, nowMs, limit, 1).state
    expect(state.slices.map(({ id }) => id)).toEqual([2 ** 32 - 2, 2 ** 32 - 1, 0, 1])
    expect(state.lastId).toBe(1)
    // A refund finds its slice by the id, also if later slices have smaller ids.
    const [taken] = state.slices
    if (taken === undefined) throw new Error('no slice')
    const refunded = refundedState(slidingWindow, state, { slices: [taken], lastId: taken.id }, 30, limit, 1)
    expect(refunded.slices.map(({ id, units }) => [id, units])).toEqual([
      [2 ** 32 - 2, 1],
      [2 ** 32 - 1, 1],
      [0, 1],
      [1, 1],
    ])
  })

  it('refunds no charge from before the client was forgotten, even if the slice has the same time', () => {
    const limit = slidingWindowLimit(5, 80)
    const [before, now] = [7, 1007].map(
      (id) => slidingWindow.charge(slidingWindow.initialState(id), 100, limit, 2).state,
    )
    if (before === undefined || now === undefined) throw new Error('no states')
    expect(before).toEqual({ slices: [{ id: 8, lastMs: 100, units: 2 }], lastId: 8 })
    expect(refundedState(slidingWindow, now, before, 100, limit, 2)).toBe(now)
    expect(refundedState(slidingWindow, now, now, 100, limit, 2)).toEqual({ slices: [], lastId: 1008 })
  })

  it('continues its ids after all its slices are gone', () => {
    const limit = slidingWindowLimit(5, 80)
    const before = slidingWindow.charge(slidingWindow.initialState(7), 0, limit, 2).state
    const later = slidingWindow.charge(before, 80, limit, 1).state
    expect(later).toEqual({ slices: [{ id: 9, lastMs: 80, units: 1 }], lastId: 9 })
    const empty = refundedState(slidingWindow, later, later, 80, limit, 1)
    expect(slidingWindow.charge(empty, 80, limit, 1).state.lastId).toBe(10)
  })

  it('is written as the number of slices, the last id, and each slice', () => {
    const state: SlidingWindowState = {
      slices: [
        { id: 6, lastMs: 90, units: 1 },
        { id: 7, lastMs: 100, units: 4 },
      ],
      lastId: 7,
    }
    const list = new NumberList()
    slidingWindow.write(state, list)
    expect(list.recorded.map(({ value }) => value)).toEqual([2, 7, 6, 90, 1, 7, 100, 4])
    expect(list.recorded.flatMap(({ kind }, index) => (kind === 'instant' ? [index] : []))).toEqual([3, 6])
    expect(slidingWindow.read(new NumberListReader(list))).toEqual(state)
  })

  it('returns the same state object if there is nothing to rewind or to refund', () => {
    const limit = slidingWindowLimit(5, 80)
    const { state } = slidingWindow.charge(undefined, 100, limit, 2)
    const later = slidingWindow.charge(state, 180, limit, 1).state
    expect(slidingWindow.rewind(state, 100, limit)).toBe(state)
    expect(slidingWindow.rewind(state, 500, limit)).toBe(state)
    expect(refundedState(slidingWindow, later, state, 180, limit, 2)).toBe(later)
    const none: SlidingWindowState = { slices: [], lastId: 7 }
    expect(slidingWindow.rewind(none, 0, limit)).toBe(none)
  })
})
