import { describe, expect, it } from 'vitest'
import { LARGEST_LIMIT } from '../../src/limits/limit.ts'
import { SLICES_PER_WINDOW, type SlidingWindowState, slidingWindow } from '../../src/limits/sliding-window.ts'
import { CountedClient } from '../support/counted-client.ts'
import { someSlidingLimit } from '../support/some-limit.ts'
import { expectTable, type Row } from './charge-table.ts'
import { NumberList, NumberListReader } from './number-list.ts'

const DAY_MS = 86_400_000

describe('a sliding window of 5 units in 80 ms, in slices of 10 ms,', () => {
  it.each<[string, readonly Row[]]>([
    [
      'gives every unit back a window after it was taken',
      [
        // A new client: until its first unit comes back.
        { at: 5, cost: 1, allowed: true, remaining: 4, retryAfterMs: 0, resetMs: 80 },
        { at: 25, cost: 2, allowed: true, remaining: 2, retryAfterMs: 0, resetMs: 60 },
        // Up to the limit.
        { at: 45, cost: 2, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 40 },
        // The wait is for the oldest unit, which leaves at 85.
        { at: 50, cost: 1, allowed: false, remaining: 0, retryAfterMs: 35, resetMs: 35 },
        // For 2 units it is until the 2 of 25 leave as well, for 4 until those of 45 do.
        { at: 50, cost: 2, allowed: false, remaining: 0, retryAfterMs: 55, resetMs: 35 },
        { at: 50, cost: 3, allowed: false, remaining: 0, retryAfterMs: 55, resetMs: 35 },
        { at: 50, cost: 4, allowed: false, remaining: 0, retryAfterMs: 75, resetMs: 35 },
        // The refusals pushed nothing away: here is the instant before the release, and the release.
        { at: 84, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1, resetMs: 1 },
        { at: 85, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 20 },
        // One came back, and no more.
        { at: 85, cost: 1, allowed: false, remaining: 0, retryAfterMs: 20 },
      ],
    ],
    [
      'gives the units of one slice back together, a window after the last of them',
      [
        { at: 10, cost: 2, allowed: true, remaining: 3, retryAfterMs: 0, resetMs: 80 },
        // The last millisecond of the slice. All that is counted now leaves together, at 99.
        { at: 19, cost: 1, allowed: true, remaining: 2, retryAfterMs: 0, resetMs: 80 },
        // The next slice.
        { at: 20, cost: 2, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 79 },
        // In a log of all charges 2 units would be back by now. This is the price: 9 ms, less than a slice.
        { at: 90, cost: 1, allowed: false, remaining: 0, retryAfterMs: 9 },
        { at: 98, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
        { at: 99, cost: 3, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 1 },
        // The units of 20 were taken at once, and come back exactly a window later.
        { at: 100, cost: 2, allowed: true, remaining: 0, retryAfterMs: 0 },
      ],
    ],
    [
      'admits no more than 5 around the edge where a fixed window would admit 9',
      [
        { at: 0, cost: 1, allowed: true, remaining: 4, retryAfterMs: 0 },
        { at: 79, cost: 4, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 1 },
        // One unit comes back, not five.
        { at: 80, cost: 5, allowed: false, remaining: 1, retryAfterMs: 79, resetMs: 79 },
        { at: 80, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0 },
      ],
    ],
    [
      'takes all of a cost or nothing',
      [
        { at: 0, cost: 3, allowed: true, remaining: 2, retryAfterMs: 0 },
        { at: 1, cost: 3, allowed: false, remaining: 2, retryAfterMs: 79 },
        // The refusal wrote nothing: the 2 are still there, and the 3 leave when they would have.
        { at: 10, cost: 2, allowed: true, remaining: 0, retryAfterMs: 0 },
        { at: 79, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
        { at: 80, cost: 3, allowed: true, remaining: 0, retryAfterMs: 0 },
        // The whole limit at once, from a client that has waited.
        { at: 160, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 80 },
        { at: 239, cost: 5, allowed: false, remaining: 0, retryAfterMs: 1 },
        { at: 240, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0 },
      ],
    ],
    [
      'answers a cost of 0 and takes nothing',
      [
        { at: 0, cost: 0, allowed: true, remaining: 5, retryAfterMs: 0, resetMs: 80 },
        { at: 3, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 80 },
        // Nothing fits even when nothing is left. It makes the slice last no longer either.
        { at: 9, cost: 0, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 74 },
        { at: 82, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
        { at: 83, cost: 0, allowed: true, remaining: 5, retryAfterMs: 0, resetMs: 80 },
      ],
    ],
    [
      'moves with a clock that is set back',
      [
        { at: 7_200_000, cost: 2, allowed: true, remaining: 3, retryAfterMs: 0 },
        { at: 7_200_030, cost: 2, allowed: true, remaining: 1, retryAfterMs: 0 },
        // An hour back: what was newest happened now, what was 30 ms before it still is.
        { at: 3_600_000, cost: 2, allowed: false, remaining: 1, retryAfterMs: 50, resetMs: 50 },
        { at: 3_600_049, cost: 2, allowed: false, remaining: 1, retryAfterMs: 1 },
        { at: 3_600_050, cost: 2, allowed: true, remaining: 1, retryAfterMs: 0, resetMs: 30 },
        { at: 3_600_080, cost: 3, allowed: true, remaining: 0, retryAfterMs: 0 },
      ],
    ],
    [
      'heeds no step back that ends after the last charge',
      [
        { at: 100, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0 },
        { at: 130, cost: 1, allowed: false, remaining: 0, retryAfterMs: 50 },
        { at: 110, cost: 1, allowed: false, remaining: 0, retryAfterMs: 70 },
        { at: 180, cost: 1, allowed: true, remaining: 4, retryAfterMs: 0 },
      ],
    ],
    [
      'gives a charge back, and no other',
      [
        { at: 0, cost: 2, allowed: true, remaining: 3, retryAfterMs: 0 },
        { at: 10, cost: 1, allowed: true, remaining: 2, retryAfterMs: 0 },
        { at: 10, cost: 2, allowed: true, remaining: 0, retryAfterMs: 0 },
        // At once.
        { at: 10, refundOf: 3 },
        { at: 10, cost: 0, allowed: true, remaining: 2, retryAfterMs: 0, resetMs: 70 },
        // A while later: 1 of the 2 that are still counted, and the slice of 0 stays as it is.
        { at: 50, refundOf: 2 },
        { at: 50, cost: 0, allowed: true, remaining: 3, retryAfterMs: 0, resetMs: 30 },
        // The oldest: nothing is left, and the client is like new.
        { at: 60, refundOf: 1 },
        { at: 60, cost: 0, allowed: true, remaining: 5, retryAfterMs: 0, resetMs: 80 },
      ],
    ],
    [
      'gives nothing back that came back by itself',
      [
        { at: 0, cost: 2, allowed: true, remaining: 3, retryAfterMs: 0 },
        { at: 80, cost: 4, allowed: true, remaining: 1, retryAfterMs: 0 },
        { at: 80, refundOf: 1 },
        { at: 80, cost: 0, allowed: true, remaining: 1, retryAfterMs: 0 },
        // Nothing is counted any more, and nothing was charged since.
        { at: 160, refundOf: 2 },
        { at: 160, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0 },
      ],
    ],
    [
      'lets a refunded charge make the others of its slice late, by less than a slice',
      [
        { at: 0, cost: 4, allowed: true, remaining: 1, retryAfterMs: 0 },
        { at: 9, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0 },
        { at: 9, refundOf: 2 },
        // The slice does not remember that its last unit but one was taken at 0.
        { at: 88, cost: 5, allowed: false, remaining: 1, retryAfterMs: 1 },
        { at: 89, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0 },
      ],
    ],
  ])('%s', (_what, rows) => {
    expectTable(someSlidingLimit(5, 80), rows)
  })
})

describe('a sliding window of one unit', () => {
  it('in a second admits one exactly a second after the last', () => {
    expectTable(someSlidingLimit(1, 1000), [
      { at: 124, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 1000 },
      { at: 1123, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
      { at: 1124, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 1000 },
    ])
  })

  it('in a millisecond admits one in every millisecond', () => {
    expectTable(someSlidingLimit(1, 1), [
      { at: 0, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 1 },
      { at: 0, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
      { at: 1, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0 },
      { at: 1, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
    ])
  })

  it('in 30 days ends after 30 days: no timer is involved that could overflow', () => {
    expectTable(someSlidingLimit(1, 30 * DAY_MS), [
      { at: 0, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 30 * DAY_MS },
      { at: 30 * DAY_MS - 1, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
      { at: 30 * DAY_MS, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0 },
    ])
  })
})

describe('a sliding window of 3 units in 10 ms, which 8 does not divide,', () => {
  it('has slices of 2 ms, an eighth rounded up', () => {
    expectTable(someSlidingLimit(3, 10), [
      { at: 2, cost: 1, allowed: true, remaining: 2, retryAfterMs: 0 },
      // The same slice.
      { at: 3, cost: 1, allowed: true, remaining: 1, retryAfterMs: 0, resetMs: 10 },
      // Another one.
      { at: 4, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 9 },
      { at: 12, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
      { at: 13, cost: 2, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 1 },
      { at: 14, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0 },
    ])
  })
})

describe('a sliding window', () => {
  it('counts up to the most digits a header takes', () => {
    expectTable(someSlidingLimit(LARGEST_LIMIT, 8000), [
      { at: 0, cost: LARGEST_LIMIT - 1, allowed: true, remaining: 1, retryAfterMs: 0 },
      { at: 1000, cost: 2, allowed: false, remaining: 1, retryAfterMs: 7000 },
      { at: 1000, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0 },
      { at: 1000, cost: LARGEST_LIMIT, allowed: false, remaining: 0, retryAfterMs: 8000 },
    ])
  })

  it('has nothing left, and not less, when a function lowers the limit', () => {
    const { state } = slidingWindow.charge(undefined, 0, someSlidingLimit(10, 80), 8)
    expect(slidingWindow.charge(state, 10, someSlidingLimit(5, 80), 1)).toMatchObject({
      allowed: false,
      remaining: 0,
      retryAfterMs: 70,
    })
    expect(slidingWindow.charge(state, 10, someSlidingLimit(20, 80), 1)).toMatchObject({
      allowed: true,
      remaining: 11,
    })
  })

  it('asks for a window of patience where more than the limit is asked for', () => {
    const limit = someSlidingLimit(5, 80)
    const { state } = slidingWindow.charge(undefined, 0, limit, 3)
    expect(slidingWindow.charge(state, 10, limit, 6)).toMatchObject({ allowed: false, retryAfterMs: 80 })
    expect(slidingWindow.charge(undefined, 10, limit, 6)).toMatchObject({ allowed: false, retryAfterMs: 80 })
  })

  it('loses a ninth of its limit to the worst of clients, and no more', () => {
    const limit = someSlidingLimit(9, 800)
    const client = new CountedClient(limit)
    let nowMs = 0
    // All units but one at the beginning of a slice and the last at its end: all are counted until then.
    for (let turn = 0; turn < 8; turn++) {
      expect(client.charge(nowMs, 8).allowed).toBe(true)
      expect(client.charge(nowMs + 99, 1).allowed).toBe(true)
      expect(client.peek(nowMs + 898, 1).allowed).toBe(false)
      nowMs += 900
    }
    // 72 units in 7200 ms, in which 9 windows have room for 81.
    expect([nowMs, client.receipts.length]).toEqual([7200, 16])
  })

  it(`keeps ${SLICES_PER_WINDOW + 1} slices of a client at most, that is charged every millisecond`, () => {
    const client = new CountedClient(someSlidingLimit(1000, 80))
    let most = 0
    for (let nowMs = 0; nowMs < 400; nowMs++) {
      const { state } = client.charge(nowMs, 1)
      most = Math.max(most, 'slices' in state ? state.slices.length : 0)
    }
    expect(most).toBe(SLICES_PER_WINDOW + 1)
  })

  it(`keeps ${SLICES_PER_WINDOW + 1} slices of a client at most, on a clock that is set back again and again`, () => {
    const client = new CountedClient(someSlidingLimit(1000, 80))
    let most = 0
    for (let turn = 0; turn < 200; turn++) {
      // To and fro across what may be the edge of a slice.
      const { state } = client.charge(1009 + (turn % 2), 1)
      most = Math.max(most, 'slices' in state ? state.slices.length : 0)
    }
    expect(most).toBeLessThanOrEqual(SLICES_PER_WINDOW + 1)
  })

  it('numbers the slices of a client from the id that it begins with, and goes round', () => {
    const limit = someSlidingLimit(50, 80)
    let state = slidingWindow.initialState(2 ** 32 - 3)
    expect(state).toEqual({ slices: [], lastId: 2 ** 32 - 3 })
    for (const nowMs of [0, 9, 10, 20, 30]) state = slidingWindow.charge(state, nowMs, limit, 1).state
    expect(state.slices.map(({ id }) => id)).toEqual([2 ** 32 - 2, 2 ** 32 - 1, 0, 1])
    expect(state.lastId).toBe(1)
    // What is taken last is found by its id, on either side of the turn.
    const [taken] = state.slices
    if (taken === undefined) throw new Error('no slice')
    const refunded = slidingWindow.refund(state, { slices: [taken], lastId: taken.id }, 30, limit, 1)
    expect(refunded.slices.map(({ id, units }) => [id, units])).toEqual([
      [2 ** 32 - 2, 1],
      [2 ** 32 - 1, 1],
      [0, 1],
      [1, 1],
    ])
  })

  it('gives nothing back for a receipt of the life before, though its slice is as old', () => {
    const limit = someSlidingLimit(5, 80)
    const [before, now] = [7, 1007].map(
      (id) => slidingWindow.charge(slidingWindow.initialState(id), 100, limit, 2).state,
    )
    if (before === undefined || now === undefined) throw new Error('no states')
    expect(before).toEqual({ slices: [{ id: 8, lastMs: 100, units: 2 }], lastId: 8 })
    expect(slidingWindow.refund(now, before, 100, limit, 2)).toBe(now)
    expect(slidingWindow.refund(now, now, 100, limit, 2)).toEqual({ slices: [], lastId: 1008 })
  })

  it('does not begin its ids anew when nothing is left of it', () => {
    const limit = someSlidingLimit(5, 80)
    const before = slidingWindow.charge(slidingWindow.initialState(7), 0, limit, 2).state
    const later = slidingWindow.charge(before, 80, limit, 1).state
    expect(later).toEqual({ slices: [{ id: 9, lastMs: 80, units: 1 }], lastId: 9 })
    const empty = slidingWindow.refund(later, later, 80, limit, 1)
    expect(slidingWindow.charge(empty, 80, limit, 1).state.lastId).toBe(10)
  })

  it('is written as how many slices it has, the last id, and each slice', () => {
    const state: SlidingWindowState = {
      slices: [
        { id: 6, lastMs: 90, units: 1 },
        { id: 7, lastMs: 100, units: 4 },
      ],
      lastId: 7,
    }
    const list = new NumberList()
    slidingWindow.write(state, list)
    expect(list.noted.map(({ value }) => value)).toEqual([2, 7, 6, 90, 1, 7, 100, 4])
    expect(list.noted.flatMap(({ kind }, place) => (kind === 'instant' ? [place] : []))).toEqual([3, 6])
    expect(slidingWindow.read(new NumberListReader(list))).toEqual(state)
  })

  it('gives back the state itself where there is nothing to set back or to refund', () => {
    const limit = someSlidingLimit(5, 80)
    const { state } = slidingWindow.charge(undefined, 100, limit, 2)
    const later = slidingWindow.charge(state, 180, limit, 1).state
    expect(slidingWindow.rewind(state, 100, limit)).toBe(state)
    expect(slidingWindow.rewind(state, 500, limit)).toBe(state)
    expect(slidingWindow.refund(later, state, 180, limit, 2)).toBe(later)
    const none: SlidingWindowState = { slices: [], lastId: 7 }
    expect(slidingWindow.rewind(none, 0, limit)).toBe(none)
  })
})
