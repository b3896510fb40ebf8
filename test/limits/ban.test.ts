import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type BanRule,
  type BanState,
  banAt,
  banEndsInMs,
  banned,
  readBan,
  withRefusal,
  writeBan,
} from '../../src/limits/ban.ts'
import { slidingWindowLimit } from '../support/limits-by-algorithm.ts'
import { NumberList, NumberListReader } from './number-list.ts'

/** 3 refusals in 80 ms lead to a ban. Refusals are counted in slices of 10 ms. */
const RULE: BanRule = { refusals: slidingWindowLimit(3, 80), forMs: 500 }

/** The state after refusals at these times. Refusals of a banned client are not counted. */
function refusedAt(timesMs: readonly number[], rule = RULE): BanState | undefined {
  let state: BanState | undefined
  for (const nowMs of timesMs) {
    if (state !== undefined) state = banAt(state, nowMs)
    if (banEndsInMs(state, nowMs) === 0) state = withRefusal(state, nowMs, rule)
  }
  return state
}

describe('a ban', () => {
  it.each([
    [1000, 500],
    [1001, 499],
    [1499, 1],
    // The end of the ban is not part of it.
    [1500, 0],
    [9999, 0],
  ])('of 500 ms that starts at 1000 ms ends, at %i ms, in %i ms', (nowMs, endsInMs) => {
    expect(banEndsInMs(banned(1000, 500), nowMs)).toBe(endsInMs)
  })

  it('ends in 0 ms for a client that was never banned', () => {
    expect(banEndsInMs(undefined, 0)).toBe(0)
    expect(banEndsInMs({}, 0)).toBe(0)
    expect(banEndsInMs(refusedAt([0, 0]), 0)).toBe(0)
  })

  it('contains no refusals', () => {
    expect(banned(1000, 500)).toEqual({ sinceMs: 1000, untilMs: 1500 })
  })
})

describe('a rule of 3 refusals in 80 ms', () => {
  it.each<[string, readonly number[], number]>([
    ['no ban at the second refusal', [0, 79], 0],
    ['a ban at the third refusal', [0, 5, 12], 500],
    ['a ban if all three refusals have the same time', [7, 7, 7], 500],
    ['a ban if the third refusal is in the last millisecond of the window', [0, 10, 79], 500],
    ['no ban if the first refusal is a window old', [0, 10, 80], 0],
    ['a ban if the first refusal is a window old and a fourth one follows', [0, 10, 80, 89], 500],
    // A slice is counted until its last refusal is a window old.
    ['a ban if the first refusal is in one slice with a refusal that is not a window old', [0, 9, 80], 500],
    ['no ban if both refusals of that slice are a window old', [0, 9, 89], 0],
    ['no ban for refusals at longer intervals', [0, 40, 80, 120, 160, 200], 0],
  ])('causes %s', (_what, timesMs, endsInMs) => {
    expect(banEndsInMs(refusedAt(timesMs), timesMs.at(-1) ?? 0)).toBe(endsInMs)
  })

  it('bans at the first refusal if one refusal leads to a ban', () => {
    const state = refusedAt([10], { refusals: slidingWindowLimit(1, 80), forMs: 500 })
    expect(state).toEqual({ sinceMs: 10, untilMs: 510 })
  })

  it('counts from zero after a ban', () => {
    const timesMs = [0, 1, 2]
    // Two refusals after the ban do not add to the three refusals before it, even if the ban was short.
    const short: BanRule = { ...RULE, forMs: 1 }
    expect(banEndsInMs(refusedAt([...timesMs, 3, 4], short), 4)).toBe(0)
    expect(banEndsInMs(refusedAt([...timesMs, 3, 4, 5], short), 5)).toBe(1)
  })

  it('does not extend a ban because of refusals during the ban', () => {
    expect(refusedAt([0, 1, 2, 100, 200, 300, 501])).toEqual({ sinceMs: 2, untilMs: 502 })
  })

  it('bans at the next refusal if the rule becomes stricter and the refusals are already too many', () => {
    const state = refusedAt([0, 1], { ...RULE, refusals: slidingWindowLimit(5, 80) })
    expect(banEndsInMs(withRefusal(state, 2, { ...RULE, refusals: slidingWindowLimit(2, 80) }), 2)).toBe(500)
  })

  it('never changes a state that it receives', () => {
    const state = refusedAt([0, 9])
    const text = JSON.stringify(state)
    withRefusal(state, 10, RULE)
    if (state !== undefined) banAt(state, 5)
    expect(JSON.stringify(state)).toBe(text)
  })
})

describe('a ban rule, on random refusals,', () => {
  const gaps = fc.array(
    fc.oneof(fc.constantFrom(0, 1, 9, 10, 79, 80, 89, 90), fc.integer({ min: 0, max: 60 })),
    { maxLength: 40, size: 'max' },
  )
  const maxRefusalCounts = fc.integer({ min: 1, max: 5 })

  /**
   * For each counted refusal: the times of all refusals since the last ban, and whether this one caused a
   * ban.
   */
  function playRefusals(
    maxRefusals: number,
    gapsMs: readonly number[],
  ): { timesMs: readonly number[]; causesBan: boolean }[] {
    const rule: BanRule = { refusals: slidingWindowLimit(maxRefusals, 80), forMs: 100 }
    let state: BanState | undefined
    let timesMs: readonly number[] = []
    let nowMs = 0
    return gapsMs.flatMap((gapMs) => {
      nowMs += gapMs
      if (banEndsInMs(state, nowMs) > 0) return []
      if (state?.untilMs !== undefined) timesMs = []
      timesMs = [...timesMs, nowMs]
      state = withRefusal(state, nowMs, rule)
      return [{ timesMs, causesBan: banEndsInMs(state, nowMs) > 0 }]
    })
  }

  /** How many of the times are less than `durationMs` before the last one. */
  const countWithin = (durationMs: number, timesMs: readonly number[]): number =>
    timesMs.filter((atMs) => atMs > (timesMs.at(-1) ?? 0) - durationMs).length

  it('bans every client that is refused too often within the window', () => {
    fc.assert(
      fc.property(maxRefusalCounts, gaps, (maxRefusals, gapsMs) => {
        for (const { timesMs, causesBan } of playRefusals(maxRefusals, gapsMs)) {
          if (countWithin(80, timesMs) >= maxRefusals) assert.equal(causesBan, true)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('bans no client that takes more than nine eighths of the window for these refusals', () => {
    fc.assert(
      fc.property(maxRefusalCounts, gaps, (maxRefusals, gapsMs) => {
        for (const { timesMs, causesBan } of playRefusals(maxRefusals, gapsMs)) {
          if (causesBan) assert.ok(countWithin(89, timesMs) >= maxRefusals)
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('the state for a ban, as numbers,', () => {
  function numbersOf(state: BanState): NumberList {
    const list = new NumberList()
    writeBan(state, list)
    return list
  }

  it('is the start and the end of a ban', () => {
    const list = numbersOf(banned(1000, 500))
    expect(list.recorded).toEqual([
      { kind: 'instant', value: 1000 },
      { kind: 'instant', value: 1500 },
    ])
    expect(readBan(new NumberListReader(list), true)).toEqual({ sinceMs: 1000, untilMs: 1500 })
  })

  it('is a sliding window of the refusals before a ban', () => {
    const state = refusedAt([0, 9]) ?? {}
    const list = numbersOf(state)
    expect(list.recorded.map(({ value }) => value)).toEqual([1, 1, 1, 9, 2])
    expect(readBan(new NumberListReader(list), false)).toEqual(state)
  })

  it('can be read again, and the reader stops after its last number', () => {
    const steps = fc.array(fc.integer({ min: -300, max: 200 }), { minLength: 1, maxLength: 40, size: 'max' })
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 6 }), (gapsMs, maxRefusals) => {
        const rule = { refusals: slidingWindowLimit(maxRefusals, 80), forMs: 500 }
        let nowMs = 10_000
        const state = refusedAt(
          gapsMs.map((gapMs) => {
            nowMs += gapMs
            return nowMs
          }),
          rule,
        )
        assert.ok(state !== undefined)
        const list = numbersOf(state)
        list.amount(7)
        const reader = new NumberListReader(list)
        assert.deepEqual(readBan(reader, state.refusals === undefined), state)
        assert.deepEqual([reader.amount(), reader.unreadCount], [7, 0])
      }),
      { numRuns: 300 },
    )
  })
})

describe('a ban that has ended', () => {
  it('is forgotten, so that it cannot start again when the clock is set back later', () => {
    const state = banned(1000, 500)
    expect(banAt(state, 1499)).toBe(state)
    expect(banAt(state, 1500)).toBeUndefined()
    expect(banAt({}, 0)).toBeUndefined()
  })
})

describe('a clock that is set back', () => {
  it('to before the start of a ban makes the ban start again, for its full time', () => {
    expect(banAt(banned(7_200_000, 500), 3_600_000)).toEqual({ sinceMs: 3_600_000, untilMs: 3_600_500 })
  })

  it('to a time within a ban does not change the ban', () => {
    const state = banned(1000, 500)
    expect(banAt(state, 1400)).toBe(state)
    expect(banAt(state, 1000)).toBe(state)
    expect(banEndsInMs(banAt(state, 999), 999)).toBe(500)
  })

  it('moves the times of refusals back', () => {
    const state = refusedAt([7_200_000, 7_200_030]) ?? {}
    const rewound = banAt(state, 3_600_000)
    // 50 ms after the newer refusal, the older refusal is a window old.
    expect(banEndsInMs(withRefusal(rewound, 3_600_049, RULE), 3_600_049)).toBe(500)
    expect(banEndsInMs(withRefusal(rewound, 3_600_050, RULE), 3_600_050)).toBe(0)
  })

  it('does not change refusals that are still in the past', () => {
    const state = refusedAt([0, 30]) ?? {}
    expect(banAt(state, 30)).toBe(state)
    expect(banAt(state, 500)).toBe(state)
  })

  it('never makes a ban longer than its full time', () => {
    const steps = fc.array(fc.integer({ min: -300, max: 200 }), { maxLength: 60, size: 'max' })
    fc.assert(
      fc.property(steps, (gapsMs) => {
        let state: BanState | undefined
        let nowMs = 10_000
        for (const gapMs of gapsMs) {
          nowMs += gapMs
          if (state !== undefined) state = banAt(state, nowMs)
          assert.ok(banEndsInMs(state, nowMs) <= RULE.forMs)
          if (banEndsInMs(state, nowMs) === 0) state = withRefusal(state, nowMs, RULE)
        }
      }),
      { numRuns: 500 },
    )
  })
})
