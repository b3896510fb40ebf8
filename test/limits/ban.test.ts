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
import { someSlidingLimit } from '../support/some-limit.ts'
import { NumberList, NumberListReader } from './number-list.ts'

/** 3 refusals in 80 ms are too many; they are counted in slices of 10 ms. */
const RULE: BanRule = { refusals: someSlidingLimit(3, 80), forMs: 500 }

/** The state after refusals at these instants. A banned client is refused without being counted. */
function refusedAt(instants: readonly number[], rule = RULE): BanState | undefined {
  let state: BanState | undefined
  for (const nowMs of instants) {
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
    // The instant of the end is outside of it.
    [1500, 0],
    [9999, 0],
  ])('of 500 ms from 1000 on ends, at %i, in %i ms', (nowMs, endsInMs) => {
    expect(banEndsInMs(banned(1000, 500), nowMs)).toBe(endsInMs)
  })

  it('is over for a client that never was banned', () => {
    expect(banEndsInMs(undefined, 0)).toBe(0)
    expect(banEndsInMs({}, 0)).toBe(0)
    expect(banEndsInMs(refusedAt([0, 0]), 0)).toBe(0)
  })

  it('remembers no refusals', () => {
    expect(banned(1000, 500)).toEqual({ sinceMs: 1000, untilMs: 1500 })
  })
})

describe('a rule of 3 refusals in 80 ms', () => {
  it.each<[string, readonly number[], number]>([
    ['no ban after the second refusal', [0, 79], 0],
    ['one that begins with the third', [0, 5, 12], 500],
    ['one where all three are in one instant', [7, 7, 7], 500],
    ['one where the third is in the last instant of the window', [0, 10, 79], 500],
    ['none where the first is a window old', [0, 10, 80], 0],
    ['one where the first left and another came', [0, 10, 80, 89], 500],
    // A slice is counted until its last refusal is a window old.
    ['one where the first shares its slice with one that is not a window old', [0, 9, 80], 500],
    ['none where it is a window old too', [0, 9, 89], 0],
    ['none for refusals that come more slowly', [0, 40, 80, 120, 160, 200], 0],
  ])('makes %s', (_what, instants, endsInMs) => {
    expect(banEndsInMs(refusedAt(instants), instants.at(-1) ?? 0)).toBe(endsInMs)
  })

  it('bans at the first refusal where one is too many', () => {
    const state = refusedAt([10], { refusals: someSlidingLimit(1, 80), forMs: 500 })
    expect(state).toEqual({ sinceMs: 10, untilMs: 510 })
  })

  it('counts from nothing when a ban is over', () => {
    const times = [0, 1, 2]
    // Two more do not add to the three that made the ban, however short it was.
    const short: BanRule = { ...RULE, forMs: 1 }
    expect(banEndsInMs(refusedAt([...times, 3, 4], short), 4)).toBe(0)
    expect(banEndsInMs(refusedAt([...times, 3, 4, 5], short), 5)).toBe(1)
  })

  it('is no longer for refusals in a ban', () => {
    expect(refusedAt([0, 1, 2, 100, 200, 300, 501])).toEqual({ sinceMs: 2, untilMs: 502 })
  })

  it('bans at once where a lower number is passed already', () => {
    const state = refusedAt([0, 1], { ...RULE, refusals: someSlidingLimit(5, 80) })
    expect(banEndsInMs(withRefusal(state, 2, { ...RULE, refusals: someSlidingLimit(2, 80) }), 2)).toBe(500)
  })

  it('never changes a state that it was given', () => {
    const state = refusedAt([0, 9])
    const text = JSON.stringify(state)
    withRefusal(state, 10, RULE)
    if (state !== undefined) banAt(state, 5)
    expect(JSON.stringify(state)).toBe(text)
  })
})

describe('a rule, on random refusals,', () => {
  const gaps = fc.array(
    fc.oneof(fc.constantFrom(0, 1, 9, 10, 79, 80, 89, 90), fc.integer({ min: 0, max: 60 })),
    { maxLength: 40, size: 'max' },
  )
  const limits = fc.integer({ min: 1, max: 5 })

  /** After each refusal that was counted: the instants of all since the last ban, and whether it made one. */
  function play(most: number, gapsMs: readonly number[]): { instants: readonly number[]; bans: boolean }[] {
    const rule: BanRule = { refusals: someSlidingLimit(most, 80), forMs: 100 }
    let state: BanState | undefined
    let instants: readonly number[] = []
    let nowMs = 0
    return gapsMs.flatMap((gapMs) => {
      nowMs += gapMs
      if (banEndsInMs(state, nowMs) > 0) return []
      if (state?.untilMs !== undefined) instants = []
      instants = [...instants, nowMs]
      state = withRefusal(state, nowMs, rule)
      return [{ instants, bans: banEndsInMs(state, nowMs) > 0 }]
    })
  }

  /** How many of the instants are less than so long before the last. */
  const countWithin = (durationMs: number, instants: readonly number[]): number =>
    instants.filter((atMs) => atMs > (instants.at(-1) ?? 0) - durationMs).length

  it('lets nobody escape who is refused so often in so long', () => {
    fc.assert(
      fc.property(limits, gaps, (most, gapsMs) => {
        for (const { instants, bans } of play(most, gapsMs)) {
          if (countWithin(80, instants) >= most) assert.equal(bans, true)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('catches nobody who takes an eighth longer for it', () => {
    fc.assert(
      fc.property(limits, gaps, (most, gapsMs) => {
        for (const { instants, bans } of play(most, gapsMs)) {
          if (bans) assert.ok(countWithin(89, instants) >= most)
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('what is remembered for a ban, as numbers,', () => {
  function numbersOf(state: BanState): NumberList {
    const list = new NumberList()
    writeBan(state, list)
    return list
  }

  it('is of a ban when it began and when it ends', () => {
    const list = numbersOf(banned(1000, 500))
    expect(list.noted).toEqual([
      { kind: 'instant', value: 1000 },
      { kind: 'instant', value: 1500 },
    ])
    expect(readBan(new NumberListReader(list), true)).toEqual({ sinceMs: 1000, untilMs: 1500 })
  })

  it('is of refusals a sliding window of them', () => {
    const state = refusedAt([0, 9]) ?? {}
    const list = numbersOf(state)
    expect(list.noted.map(({ value }) => value)).toEqual([1, 1, 1, 9, 2])
    expect(readBan(new NumberListReader(list), false)).toEqual(state)
  })

  it('can be read again whatever it is, and leaves what follows it alone', () => {
    const steps = fc.array(fc.integer({ min: -300, max: 200 }), { minLength: 1, maxLength: 40, size: 'max' })
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 6 }), (gapsMs, most) => {
        const rule = { refusals: someSlidingLimit(most, 80), forMs: 500 }
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
        assert.deepEqual([reader.amount(), reader.left], [7, 0])
      }),
      { numRuns: 300 },
    )
  })
})

describe('a ban that is over', () => {
  it('is forgotten, and so cannot begin anew where the clock is set back afterwards', () => {
    const state = banned(1000, 500)
    expect(banAt(state, 1499)).toBe(state)
    expect(banAt(state, 1500)).toBeUndefined()
    expect(banAt({}, 0)).toBeUndefined()
  })
})

describe('a clock that is set back', () => {
  it('before a ban began makes it begin anew: it lasts as long as it was to last', () => {
    expect(banAt(banned(7_200_000, 500), 3_600_000)).toEqual({ sinceMs: 3_600_000, untilMs: 3_600_500 })
  })

  it('within a ban leaves it where it is', () => {
    const state = banned(1000, 500)
    expect(banAt(state, 1400)).toBe(state)
    expect(banAt(state, 1000)).toBe(state)
    expect(banEndsInMs(banAt(state, 999), 999)).toBe(500)
  })

  it('moves refusals with it', () => {
    const state = refusedAt([7_200_000, 7_200_030]) ?? {}
    const rewound = banAt(state, 3_600_000)
    // 50 ms after the newest of them the older one is a window old.
    expect(banEndsInMs(withRefusal(rewound, 3_600_049, RULE), 3_600_049)).toBe(500)
    expect(banEndsInMs(withRefusal(rewound, 3_600_050, RULE), 3_600_050)).toBe(0)
  })

  it('leaves refusals as they are that it does not reach', () => {
    const state = refusedAt([0, 30]) ?? {}
    expect(banAt(state, 30)).toBe(state)
    expect(banAt(state, 500)).toBe(state)
  })

  it('bans nobody for longer than ever, wherever it goes', () => {
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
