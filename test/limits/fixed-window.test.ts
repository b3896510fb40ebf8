import { describe, expect, it } from 'vitest'
import { type FixedWindowState, fixedWindow } from '../../src/limits/fixed-window.ts'
import { CountedClient } from './counted-client.ts'
import { someLimit } from './some-limit.ts'

/** A charge of one client, and what it is told. Time in milliseconds. */
interface Row {
  readonly at: number
  readonly cost: number
  readonly allowed: boolean
  readonly remaining: number
  readonly retryAfterMs: number
  readonly resetMs: number
}

const row = (
  at: number,
  cost: number,
  [allowed, remaining, retryAfterMs, resetMs]: [boolean, number, number, number],
): Row => ({ at, cost, allowed, remaining, retryAfterMs, resetMs })

const DAY_MS = 86_400_000

describe('a fixed window of 5 units in 60 s', () => {
  it.each<[string, readonly Row[]]>([
    [
      'opens with the first charge and closes a window later',
      [
        // The window is the client's own: it opens at 1000, not at 0.
        row(1000, 1, [true, 4, 0, 60_000]),
        // Charges do not move its end.
        row(31_000, 1, [true, 3, 0, 30_000]),
        row(31_000, 3, [true, 0, 0, 30_000]),
        // Nothing is left, and the wait is to the end of the window.
        row(31_000, 1, [false, 0, 30_000, 30_000]),
        // Refusals push the end no further away.
        row(60_999, 1, [false, 0, 1, 1]),
        // The instant of the end belongs to the next window.
        row(61_000, 1, [true, 4, 0, 60_000]),
      ],
    ],
    [
      'takes all of a cost or nothing',
      [
        row(0, 3, [true, 2, 0, 60_000]),
        // 3 do not fit in 2: refused, and the 2 are still there.
        row(0, 3, [false, 2, 60_000, 60_000]),
        row(0, 2, [true, 0, 0, 60_000]),
        row(59_999, 1, [false, 0, 1, 1]),
        // The whole limit at once.
        row(60_000, 5, [true, 0, 0, 60_000]),
        row(60_000, 1, [false, 0, 60_000, 60_000]),
      ],
    ],
    [
      'does not run while nobody asks',
      [
        row(0, 5, [true, 0, 0, 60_000]),
        // Ten windows later the next one opens now, not at a multiple of 60 s.
        row(612_345, 1, [true, 4, 0, 60_000]),
        row(672_344, 4, [true, 0, 0, 1]),
        row(672_345, 1, [true, 4, 0, 60_000]),
      ],
    ],
    [
      'answers a cost of 0 and takes nothing',
      [
        row(0, 0, [true, 5, 0, 60_000]),
        row(0, 5, [true, 0, 0, 60_000]),
        // Nothing fits even when nothing is left.
        row(10_000, 0, [true, 0, 0, 50_000]),
        row(10_000, 1, [false, 0, 50_000, 50_000]),
      ],
    ],
    [
      'starts again where a clock that was set back now is',
      [
        row(7_200_000, 5, [true, 0, 0, 60_000]),
        // An hour back: what was used stays used, and nobody is locked out for an hour and a minute.
        row(3_600_000, 1, [false, 0, 60_000, 60_000]),
        row(3_659_999, 1, [false, 0, 1, 1]),
        row(3_660_000, 1, [true, 4, 0, 60_000]),
      ],
    ],
    [
      'lasts as long as it did where the clock is set back within it',
      [
        row(100_000, 5, [true, 0, 0, 60_000]),
        row(130_000, 1, [false, 0, 30_000, 30_000]),
        row(110_000, 1, [false, 0, 50_000, 50_000]),
        row(160_000, 1, [true, 4, 0, 60_000]),
      ],
    ],
  ])('%s', (_what, rows) => {
    const client = new CountedClient(someLimit(5, 60_000))
    for (const { at, cost, ...expected } of rows) {
      const { allowed, remaining, retryAfterMs, resetMs } = client.charge(at, cost)
      expect({ allowed, remaining, retryAfterMs, resetMs }, `at ${at}`).toEqual(expected)
    }
  })
})

describe('a fixed window', () => {
  it('of 30 days ends after 30 days: no timer is involved that could overflow', () => {
    const client = new CountedClient(someLimit(1, 30 * DAY_MS))
    expect(client.charge(0, 1).allowed).toBe(true)
    expect(client.charge(30 * DAY_MS - 1, 1)).toMatchObject({ allowed: false, retryAfterMs: 1 })
    expect(client.charge(30 * DAY_MS, 1).allowed).toBe(true)
  })

  it('counts up to the most digits a header takes', () => {
    const client = new CountedClient(someLimit(999_999_999_999_999, 1000))
    expect(client.charge(0, 999_999_999_999_998).remaining).toBe(1)
    expect(client.charge(0, 1)).toMatchObject({ allowed: true, remaining: 0 })
    expect(client.charge(0, 1)).toMatchObject({ allowed: false, remaining: 0 })
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

  it('admits 2 * limit - 1 units at most in a window that straddles two', () => {
    const client = new CountedClient(someLimit(5, 60_000))
    client.charge(0, 1)
    expect(client.charge(59_999, 4).allowed).toBe(true)
    expect(client.charge(60_000, 5).allowed).toBe(true)
    // Nine units between 0 exclusive and 60 s inclusive; the tenth waits for the end of the second window.
    expect(client.charge(60_001, 1)).toMatchObject({ allowed: false, retryAfterMs: 59_999 })
  })

  it('never changes a state it was given', () => {
    const state: FixedWindowState = Object.freeze({ startMs: 1000, used: 2, windowId: 3 })
    expect(fixedWindow.charge(state, 2000, someLimit(5, 60_000), 1).state).toEqual({ ...state, used: 3 })
    expect(fixedWindow.rewind(state, 500)).toEqual({ ...state, startMs: 500 })
    expect(fixedWindow.refund(state, 3, 1)).toEqual({ ...state, used: 1 })
  })

  it('gives back the state itself where there is nothing to set back or to refund', () => {
    const state: FixedWindowState = { startMs: 1000, used: 2, windowId: 3 }
    expect(fixedWindow.rewind(state, 1000)).toBe(state)
    expect(fixedWindow.rewind(state, 5000)).toBe(state)
    expect(fixedWindow.refund(state, 2, 1)).toBe(state)
    expect(fixedWindow.refund(state, 4, 1)).toBe(state)
  })

  it('never counts below zero', () => {
    expect(fixedWindow.refund({ startMs: 0, used: 2, windowId: 1 }, 1, 3).used).toBe(0)
  })
})
