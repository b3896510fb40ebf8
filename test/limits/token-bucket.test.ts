import { describe, expect, it } from 'vitest'
import { LARGEST_LIMIT, type Limit } from '../../src/limits/limit.ts'
import { isExact, type TokenBucketState, tokenBucket } from '../../src/limits/token-bucket.ts'
import { CountedClient } from '../support/counted-client.ts'
import { someBucket } from '../support/some-limit.ts'
import { expectTable, type Row } from './charge-table.ts'
import { ExactGcra } from './exact-gcra.ts'
import { NumberList, NumberListReader } from './number-list.ts'
import { told } from './traces.ts'

const DAY_MS = 86_400_000

describe('a token bucket that regains 5 units in a second and holds 5', () => {
  it.each<[string, readonly Row[]]>([
    [
      'gives units back one by one, 200 ms each',
      [
        // One unit less: what remains would take 800 ms to come back.
        { at: 1000, cost: 1, allowed: true, remaining: 4, retryAfterMs: 0, resetMs: 800 },
        // Up to all it holds. Nothing is left, and the next unit comes back in 200 ms.
        { at: 1000, cost: 4, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 200 },
        { at: 1000, cost: 1, allowed: false, remaining: 0, retryAfterMs: 200, resetMs: 200 },
        // 3 units take three times as long; the next one comes back no later for that.
        { at: 1000, cost: 3, allowed: false, remaining: 0, retryAfterMs: 600, resetMs: 200 },
        // The refusals pushed nothing away: here is the instant before the release, and the release.
        { at: 1199, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1, resetMs: 1 },
        { at: 1200, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 200 },
        // One came back, and no more.
        { at: 1200, cost: 1, allowed: false, remaining: 0, retryAfterMs: 200 },
        // Two and three quarters are back: the third comes in 50 ms.
        { at: 1750, cost: 3, allowed: false, remaining: 2, retryAfterMs: 50, resetMs: 50 },
        { at: 1750, cost: 2, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 50 },
      ],
    ],
    [
      'is full after a second, and holds no more than that however long one waits',
      [
        { at: 0, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0 },
        { at: 999, cost: 5, allowed: false, remaining: 4, retryAfterMs: 1 },
        { at: 1000, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0 },
        { at: 3_600_000, cost: 1, allowed: true, remaining: 4, retryAfterMs: 0 },
        { at: 3_600_000, cost: 5, allowed: false, remaining: 4, retryAfterMs: 200 },
      ],
    ],
    [
      'takes all of a cost or nothing',
      [
        { at: 0, cost: 3, allowed: true, remaining: 2, retryAfterMs: 0 },
        // 3 do not fit in 2, and will when one has come back.
        { at: 0, cost: 3, allowed: false, remaining: 2, retryAfterMs: 200 },
        // The 2 are still there: the refusal wrote nothing.
        { at: 0, cost: 2, allowed: true, remaining: 0, retryAfterMs: 0 },
      ],
    ],
    [
      'answers a cost of 0 and takes nothing',
      [
        { at: 0, cost: 0, allowed: true, remaining: 5, retryAfterMs: 0, resetMs: 1000 },
        { at: 0, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0 },
        // Nothing fits even when nothing is left.
        { at: 50, cost: 0, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 150 },
        // Half a unit is no unit.
        { at: 299, cost: 0, allowed: true, remaining: 1, retryAfterMs: 0, resetMs: 200 },
        { at: 299, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 101 },
      ],
    ],
    [
      'is empty where a clock that was set back leaves more to wait for than that',
      [
        { at: 7_200_000, cost: 2, allowed: true, remaining: 3, retryAfterMs: 0 },
        // An hour back. When it was charged is not known any more; it fills in a second as ever.
        { at: 3_600_000, cost: 1, allowed: false, remaining: 0, retryAfterMs: 200 },
        { at: 3_600_199, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
        { at: 3_600_200, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0 },
        { at: 3_601_200, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0 },
      ],
    ],
    [
      'fills when it would have where the clock is set back a little',
      [
        { at: 1000, cost: 2, allowed: true, remaining: 3, retryAfterMs: 0 },
        { at: 1400, cost: 0, allowed: true, remaining: 5, retryAfterMs: 0 },
        // It is full at 1400, as before.
        { at: 900, cost: 3, allowed: false, remaining: 2, retryAfterMs: 100 },
        { at: 1000, cost: 3, allowed: true, remaining: 0, retryAfterMs: 0 },
      ],
    ],
    [
      'gives a charge back at once',
      [
        { at: 0, cost: 2, allowed: true, remaining: 3, retryAfterMs: 0 },
        { at: 0, cost: 3, allowed: true, remaining: 0, retryAfterMs: 0 },
        { at: 0, refundOf: 1 },
        { at: 0, cost: 0, allowed: true, remaining: 2, retryAfterMs: 0, resetMs: 400 },
        { at: 0, refundOf: 2 },
        { at: 0, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0 },
      ],
    ],
    [
      'gives back what has not come back by itself',
      [
        { at: 0, cost: 2, allowed: true, remaining: 3, retryAfterMs: 0 },
        // One and a half of the two are back: half of one is given.
        { at: 300, refundOf: 1 },
        { at: 300, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 200 },
      ],
    ],
    [
      'gives back what comes back by itself in the order in which it was taken',
      [
        { at: 0, cost: 2, allowed: true, remaining: 3, retryAfterMs: 0 },
        { at: 0, cost: 3, allowed: true, remaining: 0, retryAfterMs: 0 },
        // What came back since then is the first charge, to the last part of it: the second is still whole.
        { at: 400, refundOf: 1 },
        { at: 400, cost: 0, allowed: true, remaining: 2, retryAfterMs: 0 },
        { at: 400, refundOf: 2 },
        { at: 400, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0 },
      ],
    ],
    [
      'gives nothing back that came back by itself',
      [
        { at: 0, cost: 2, allowed: true, remaining: 3, retryAfterMs: 0 },
        { at: 400, cost: 4, allowed: true, remaining: 1, retryAfterMs: 0 },
        { at: 400, refundOf: 1 },
        { at: 400, cost: 0, allowed: true, remaining: 1, retryAfterMs: 0 },
        // Nothing is missing any more: a full bucket stays full.
        { at: 2000, refundOf: 2 },
        { at: 2000, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 200 },
      ],
    ],
    [
      'gives nothing back that came back early, because others in the line were given back',
      [
        { at: 0, cost: 1, allowed: true, remaining: 4, retryAfterMs: 0 },
        { at: 0, cost: 1, allowed: true, remaining: 3, retryAfterMs: 0 },
        { at: 0, refundOf: 1 },
        // With the first one out of its way the second is back by now: the bucket is full.
        { at: 200, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0 },
        // Its place in the line was until 400, but that was another line.
        { at: 200, refundOf: 2 },
        { at: 200, cost: 1, allowed: false, remaining: 0, retryAfterMs: 200 },
      ],
    ],
    [
      'gives a charge back by its turn in the line as it was taken, whoever ahead of it was given back since',
      [
        { at: 0, cost: 1, allowed: true, remaining: 4, retryAfterMs: 0 },
        { at: 0, cost: 1, allowed: true, remaining: 3, retryAfterMs: 0 },
        { at: 0, cost: 1, allowed: true, remaining: 2, retryAfterMs: 0 },
        { at: 0, refundOf: 1 },
        // One unit is out, that of the third: with the first one gone the second is back.
        { at: 200, cost: 4, allowed: true, remaining: 0, retryAfterMs: 0 },
        // Its turn was until 400. So there is a unit more than the bound in this instant, for one in flight.
        { at: 200, refundOf: 2 },
        { at: 200, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0 },
        { at: 200, cost: 1, allowed: false, remaining: 0, retryAfterMs: 200 },
      ],
    ],
  ])('%s', (_what, rows) => {
    expectTable(someBucket(5, 1000), rows)
  })
})

describe('a token bucket that regains 7 units in a second', () => {
  it('waits for whole milliseconds and loses no part of one', () => {
    expectTable(someBucket(7, 1000, 1), [
      // A unit takes 142 6/7 ms.
      { at: 0, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 143 },
      { at: 142, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
      // A client that is on time each time gets its 7 in the second, the last of them at 858 of 857 1/7.
      { at: 143, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 143 },
      { at: 286, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 143 },
      { at: 429, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 143 },
    ])
  })

  it('keeps the parts of a millisecond of a client that is late', () => {
    expectTable(someBucket(7, 1000, 7), [
      { at: 0, cost: 7, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 143 },
      // 1/7 ms late.
      { at: 143, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 143 },
      { at: 286, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 143 },
      { at: 429, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 143 },
      { at: 572, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 143 },
      { at: 715, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 143 },
      { at: 858, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 142 },
      // The seventh unit comes back after a second exactly: nothing was lost to rounding.
      { at: 1000, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 143 },
    ])
  })
})

describe('a token bucket', () => {
  it('that holds less than it regains in its window gives that at once, and the rest as it comes back', () => {
    expectTable(someBucket(60, 60_000, 2), [
      { at: 0, cost: 2, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 1000 },
      { at: 0, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1000 },
      { at: 999, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
      { at: 1000, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0 },
      // Full again after 2 s, and not after a minute.
      { at: 3000, cost: 2, allowed: true, remaining: 0, retryAfterMs: 0 },
    ])
  })

  it('that holds more than it regains in its window fills in as many windows as it takes', () => {
    expectTable(someBucket(2, 1000, 10), [
      { at: 0, cost: 10, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 500 },
      { at: 1000, cost: 10, allowed: false, remaining: 2, retryAfterMs: 4000, resetMs: 500 },
      { at: 4999, cost: 10, allowed: false, remaining: 9, retryAfterMs: 1 },
      { at: 5000, cost: 10, allowed: true, remaining: 0, retryAfterMs: 0 },
    ])
  })

  it('of one unit admits one each window', () => {
    expectTable(someBucket(1, 1000), [
      { at: 0, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 1000 },
      { at: 999, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
      { at: 1000, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0 },
    ])
  })

  it('regains several units in a millisecond', () => {
    expectTable(someBucket(3, 1, 4), [
      { at: 0, cost: 4, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 1 },
      { at: 0, cost: 4, allowed: false, remaining: 0, retryAfterMs: 2, resetMs: 1 },
      { at: 1, cost: 2, allowed: true, remaining: 1, retryAfterMs: 0 },
      { at: 2, cost: 4, allowed: true, remaining: 0, retryAfterMs: 0 },
    ])
  })

  it('of 30 days fills in 30 days: no timer is involved that could overflow', () => {
    expectTable(someBucket(2, 30 * DAY_MS), [
      { at: 0, cost: 2, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 15 * DAY_MS },
      { at: 15 * DAY_MS - 1, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
      { at: 15 * DAY_MS, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0 },
      { at: 45 * DAY_MS, cost: 2, allowed: true, remaining: 0, retryAfterMs: 0 },
    ])
  })

  it('waits for the next unit where more is asked for than it holds', () => {
    expectTable(someBucket(5, 1000, 5), [
      { at: 0, cost: 6, allowed: false, remaining: 5, retryAfterMs: 200, resetMs: 200 },
    ])
  })

  it('gives back the state itself where there is nothing to set back or to refund', () => {
    const limit = someBucket(7, 1000)
    const { state } = tokenBucket.charge(undefined, 1000, limit, 2)
    expect(state).toEqual({ fullAtMs: 1285, fullAtParts: 5, fillId: 1 })
    expect(tokenBucket.rewind(state, 1000, limit)).toBe(state)
    expect(tokenBucket.rewind(state, 5000, limit)).toBe(state)
    // As far back as an empty bucket would be full when this one is.
    expect(tokenBucket.rewind(state, 286, limit)).toBe(state)
    expect(tokenBucket.rewind(state, 285, limit)).toMatchObject({ fullAtMs: 1285, fullAtParts: 0 })
    const empty = tokenBucket.charge(undefined, 1000, limit, 7).state
    expect(tokenBucket.rewind(empty, 1000, limit)).toBe(empty)
    expect(tokenBucket.refund(state, state, 1286, limit, 2)).toBe(state)
    // Its last parts of a millisecond are still out.
    expect(tokenBucket.refund(state, state, 1285, limit, 2)).toMatchObject({ fullAtMs: 1285, fullAtParts: 0 })
  })

  it('counts the charges that found it full, from the id that the client begins with, and goes round', () => {
    const limit = someBucket(5, 1000)
    const ids: number[] = []
    let state = tokenBucket.initialState(2 ** 32 - 3)
    expect(state).toEqual({ fullAtMs: Number.NEGATIVE_INFINITY, fullAtParts: 0, fillId: 2 ** 32 - 3 })
    // A unit takes 200 ms: at 199 and at 799 the bucket lacks a millisecond of being full.
    for (const nowMs of [0, 199, 400, 600, 799, 1000, 2000]) {
      state = tokenBucket.charge(state, nowMs, limit, 1).state
      ids.push(state.fillId)
    }
    expect(ids).toEqual([2 ** 32 - 2, 2 ** 32 - 2, 2 ** 32 - 1, 0, 0, 1, 2])
  })

  it('gives a charge back until the next one that finds the bucket full', () => {
    const limit = someBucket(5, 1000)
    const first = tokenBucket.charge(undefined, 0, limit, 5).state
    const second = tokenBucket.charge(first, 999, limit, 1).state
    expect(second.fillId).toBe(first.fillId)
    // Of the five a part of one is still out, which is what is given back.
    expect(tokenBucket.refund(second, first, 999, limit, 5)).toEqual({ ...second, fullAtMs: 1199 })
    const third = tokenBucket.charge(first, 1000, limit, 1).state
    expect(third.fillId).toBe(first.fillId + 1)
    expect(tokenBucket.refund(third, first, 1000, limit, 5)).toBe(third)
    expect(tokenBucket.refund(third, third, 1000, limit, 1)).toMatchObject({ fullAtMs: 1000, fullAtParts: 0 })
  })

  it('gives a charge back once, though the next one finds the bucket full in the same instant', () => {
    const limit = someBucket(5, 1000)
    const first = tokenBucket.charge(undefined, 0, limit, 2).state
    const second = tokenBucket.charge(tokenBucket.refund(first, first, 0, limit, 2), 0, limit, 2).state
    expect(tokenBucket.refund(second, first, 0, limit, 2)).toBe(second)
  })

  it('gives nothing back for a receipt of the life before, though it was as full', () => {
    const limit = someBucket(5, 1000)
    const [before, now] = [7, 1007].map(
      (id) => tokenBucket.charge(tokenBucket.initialState(id), 100, limit, 2).state,
    )
    if (before === undefined || now === undefined) throw new Error('no states')
    expect(before).toEqual({ fullAtMs: 500, fullAtParts: 0, fillId: 8 })
    expect(tokenBucket.refund(now, before, 100, limit, 2)).toBe(now)
    expect(tokenBucket.refund(now, now, 100, limit, 2)).toMatchObject({ fullAtMs: 100 })
  })

  it('keeps its id where it is set back, and where something is refunded', () => {
    const limit = someBucket(7, 1000)
    const { state } = tokenBucket.charge(tokenBucket.initialState(40), 5000, limit, 7)
    expect(tokenBucket.rewind(state, 1000, limit)).toEqual({ fullAtMs: 2000, fullAtParts: 0, fillId: 41 })
    expect(tokenBucket.refund(state, state, 5000, limit, 1)).toMatchObject({ fullAtMs: 5857, fillId: 41 })
  })

  it('is written as when it is full, in milliseconds and parts of one, and its id', () => {
    const list = new NumberList()
    tokenBucket.write({ fullAtMs: 1285, fullAtParts: 5, fillId: 1 }, list)
    expect(list.noted).toEqual([
      { kind: 'instant', value: 1285 },
      { kind: 'amount', value: 5 },
      { kind: 'amount', value: 1 },
    ])
    expect(tokenBucket.read(new NumberListReader(list))).toEqual({
      fullAtMs: 1285,
      fullAtParts: 5,
      fillId: 1,
    })
  })

  it('never holds more than it can, whatever is refunded', () => {
    const limit = someBucket(5, 1000)
    const client = new CountedClient(limit)
    client.charge(0, 2)
    const [taken] = client.receipts
    for (let turn = 0; turn < 2; turn++) if (taken !== undefined) client.refund(0, taken)
    expect(client.charge(0, 5)).toMatchObject({ allowed: true, remaining: 0 })
    expect(client.charge(0, 1).allowed).toBe(false)
  })

  it('has nothing left, and not less, when it comes to hold less', () => {
    const { state } = tokenBucket.charge(undefined, 0, someBucket(5, 1000, 10), 8)
    expect(tokenBucket.charge(state, 0, someBucket(5, 1000, 6), 1)).toMatchObject({
      allowed: false,
      remaining: 0,
      // 8 units are out, and one of them has to come back before 6 are, and one more.
      retryAfterMs: 600,
      resetMs: 600,
    })
  })

  it('counts parts of a millisecond as whole ones at the most where a function has changed the limit', () => {
    // 999 units of 1000 in a second are out: the bucket is full 999 ms from now.
    const { state } = tokenBucket.charge(undefined, 0, someBucket(999, 1000), 998)
    expect(state satisfies TokenBucketState).toMatchObject({ fullAtMs: 998, fullAtParts: 998 })
    // Of another limit those parts are no parts: 998 of them are not 998 ms.
    expect(tokenBucket.charge(state, 0, someBucket(1, 1000), 1)).toMatchObject({
      allowed: false,
      remaining: 0,
      retryAfterMs: 999,
    })
  })
})

describe('isExact', () => {
  const most = Number.MAX_SAFE_INTEGER

  it.each<[string, Pick<Limit, 'limit' | 'windowMs' | 'burst'>, boolean]>([
    ['what people use', { limit: 100, windowMs: 60_000, burst: 20 }, true],
    // Twice the burst: what is out may be all of it, and as much is asked for.
    [
      'twice burst * window and the limit at 2^53 - 1',
      { limit: 1, windowMs: 1, burst: (most - 1) / 2 },
      true,
    ],
    ['one unit of burst more', { limit: 1, windowMs: 1, burst: (most + 1) / 2 }, false],
    ['one unit of the limit more', { limit: 2, windowMs: 1, burst: (most - 1) / 2 }, false],
    ['a long window at the edge', { limit: 1, windowMs: (most - 1) / 2, burst: 1 }, true],
    ['a longer one', { limit: 1, windowMs: (most + 1) / 2, burst: 1 }, false],
    ['the largest limit in a millisecond', { limit: LARGEST_LIMIT, windowMs: 1, burst: LARGEST_LIMIT }, true],
    ['the largest limit in a minute', { limit: LARGEST_LIMIT, windowMs: 60_000, burst: 1 }, true],
    ['the largest limit at once', { limit: LARGEST_LIMIT, windowMs: 60_000, burst: LARGEST_LIMIT }, false],
  ])('of %s', (_what, numbers, expected) => {
    expect(isExact(numbers)).toBe(expected)
  })

  it.each([
    ['a unit in a millisecond', 1, 1],
    ['a unit in a long window', 1, 4_503_599_627_370_495],
    ['the largest limit in a millisecond', LARGEST_LIMIT, 1],
    ['primes', 999_999_937, 7919],
    ['more primes', 7, 1_000_003],
    ['30 days', 1_737_000, 30 * DAY_MS],
  ])(
    'is true of %s and as large a burst as can be, and every number of it is exact',
    (_what, units, windowMs) => {
      const burst = Math.floor((most - units) / (2 * windowMs))
      const limit = someBucket(units, windowMs, burst)
      expect(isExact(limit)).toBe(true)
      expect(isExact({ ...limit, burst: burst + 1 })).toBe(false)
      const client = new CountedClient(limit)
      const model = new ExactGcra(limit)
      const fillMs = Math.floor((burst * windowMs) / units)
      const costs = [burst, burst - 1, Math.ceil(burst / 3), 1]
      for (const nowMs of [0, 1, Math.ceil(fillMs / 3), fillMs - 1, fillMs]) {
        for (const cost of costs) {
          expect(told(client.charge(nowMs, cost)), `${cost} at ${nowMs}`).toEqual(model.charge(nowMs, cost))
        }
      }
    },
  )

  it('is false of a bucket that would be reckoned wrongly', () => {
    const limit = someBucket(1, 79, 57_010_314_421_995)
    expect(isExact(limit)).toBe(false)
    const client = new CountedClient(limit)
    const model = new ExactGcra(limit)
    client.charge(0, limit.burst)
    model.charge(0, limit.burst)
    const wait = model.charge(0, limit.burst - 1).retryAfterMs
    expect(client.charge(0, limit.burst - 1).retryAfterMs).toBe(wait + 1)
  })
})
