import { describe, expect, it } from 'vitest'
import { LARGEST_LIMIT, type Limit } from '../../src/limits/limit.ts'
import { isExact, type TokenBucketState, tokenBucket } from '../../src/limits/token-bucket.ts'
import { CountedClient } from '../support/counted-client.ts'
import { tokenBucketLimit } from '../support/limits-by-algorithm.ts'
import { type ChargeTableRow, expectChargeTable } from './charge-table.ts'
import { ExactGcra } from './exact-gcra.ts'
import { NumberList, NumberListReader } from './number-list.ts'
import { withoutState } from './traces.ts'

const DAY_MS = 86_400_000

describe('a token bucket that regains 5 units in a second and holds 5', () => {
  it.each<[string, readonly ChargeTableRow[]]>([
    [
      'brings units back one by one, each after 200 ms',
      [
        // One unit is missing. To regain the 4 remaining units would take 800 ms.
        { at: 1000, cost: 1, allowed: true, remaining: 4, retryAfterMs: 0, resetMs: 800 },
        // All units are taken. The next unit comes back in 200 ms.
        { at: 1000, cost: 4, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 200 },
        { at: 1000, cost: 1, allowed: false, remaining: 0, retryAfterMs: 200, resetMs: 200 },
        // 3 units take three times as long. The next unit still comes back in 200 ms.
        { at: 1000, cost: 3, allowed: false, remaining: 0, retryAfterMs: 600, resetMs: 200 },
        // The refusals did not move these times. One millisecond too early, and at the right time:
        { at: 1199, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1, resetMs: 1 },
        { at: 1200, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 200 },
        // Only one unit came back.
        { at: 1200, cost: 1, allowed: false, remaining: 0, retryAfterMs: 200 },
        // Two units and three quarters have come back. The rest of the third takes 50 ms.
        { at: 1750, cost: 3, allowed: false, remaining: 2, retryAfterMs: 50, resetMs: 50 },
        { at: 1750, cost: 2, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 50 },
      ],
    ],
    [
      'is full after a second, and holds no more units after a longer time',
      [
        { at: 0, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0 },
        { at: 999, cost: 5, allowed: false, remaining: 4, retryAfterMs: 1 },
        { at: 1000, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0 },
        { at: 3_600_000, cost: 1, allowed: true, remaining: 4, retryAfterMs: 0 },
        { at: 3_600_000, cost: 5, allowed: false, remaining: 4, retryAfterMs: 200 },
      ],
    ],
    [
      'takes all units of a cost or none',
      [
        { at: 0, cost: 3, allowed: true, remaining: 2, retryAfterMs: 0 },
        // 3 units are more than 2. They are allowed after one unit has come back.
        { at: 0, cost: 3, allowed: false, remaining: 2, retryAfterMs: 200 },
        // The 2 units are still left, because the refusal took nothing.
        { at: 0, cost: 2, allowed: true, remaining: 0, retryAfterMs: 0 },
      ],
    ],
    [
      'allows a cost of 0 and takes nothing',
      [
        { at: 0, cost: 0, allowed: true, remaining: 5, retryAfterMs: 0, resetMs: 1000 },
        { at: 0, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0 },
        // A cost of 0 is allowed even if nothing is left.
        { at: 50, cost: 0, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 150 },
        // A unit that has come back in part does not count.
        { at: 299, cost: 0, allowed: true, remaining: 1, retryAfterMs: 0, resetMs: 200 },
        { at: 299, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 101 },
      ],
    ],
    [
      'counts as empty if the clock is set back so far that the wait would be longer than from an empty bucket',
      [
        { at: 7_200_000, cost: 2, allowed: true, remaining: 3, retryAfterMs: 0 },
        // The clock is an hour back. The time of the charge is no longer known. The bucket fills in a second
        // from now.
        { at: 3_600_000, cost: 1, allowed: false, remaining: 0, retryAfterMs: 200 },
        { at: 3_600_199, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
        { at: 3_600_200, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0 },
        { at: 3_601_200, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0 },
      ],
    ],
    [
      'is full at the same time if the clock is set back by less',
      [
        { at: 1000, cost: 2, allowed: true, remaining: 3, retryAfterMs: 0 },
        { at: 1400, cost: 0, allowed: true, remaining: 5, retryAfterMs: 0 },
        // The bucket is still full at 1400.
        { at: 900, cost: 3, allowed: false, remaining: 2, retryAfterMs: 100 },
        { at: 1000, cost: 3, allowed: true, remaining: 0, retryAfterMs: 0 },
      ],
    ],
    [
      'refunds a charge at once',
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
      'refunds only what has not come back by itself',
      [
        { at: 0, cost: 2, allowed: true, remaining: 3, retryAfterMs: 0 },
        // One and a half of the two units have come back. Half a unit is refunded.
        { at: 300, refundOf: 1 },
        { at: 300, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 200 },
      ],
    ],
    [
      'refunds according to the order of the charges, because units come back in this order',
      [
        { at: 0, cost: 2, allowed: true, remaining: 3, retryAfterMs: 0 },
        { at: 0, cost: 3, allowed: true, remaining: 0, retryAfterMs: 0 },
        // All units of the first charge have come back, and none of the second charge.
        { at: 400, refundOf: 1 },
        { at: 400, cost: 0, allowed: true, remaining: 2, retryAfterMs: 0 },
        { at: 400, refundOf: 2 },
        { at: 400, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0 },
      ],
    ],
    [
      'refunds no units that have come back by themselves',
      [
        { at: 0, cost: 2, allowed: true, remaining: 3, retryAfterMs: 0 },
        { at: 400, cost: 4, allowed: true, remaining: 1, retryAfterMs: 0 },
        { at: 400, refundOf: 1 },
        { at: 400, cost: 0, allowed: true, remaining: 1, retryAfterMs: 0 },
        // The bucket is full. The refund changes nothing.
        { at: 2000, refundOf: 2 },
        { at: 2000, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 200 },
      ],
    ],
    [
      'refunds no units that came back early because of the refund of an earlier charge',
      [
        { at: 0, cost: 1, allowed: true, remaining: 4, retryAfterMs: 0 },
        { at: 0, cost: 1, allowed: true, remaining: 3, retryAfterMs: 0 },
        { at: 0, refundOf: 1 },
        // Because the first charge was refunded, the second has come back by now. The bucket is full.
        { at: 200, cost: 5, allowed: true, remaining: 0, retryAfterMs: 0 },
        // At its charge, the second unit was to come back at 400. But the bucket has been full since then.
        { at: 200, refundOf: 2 },
        { at: 200, cost: 1, allowed: false, remaining: 0, retryAfterMs: 200 },
      ],
    ],
    [
      'refunds a charge by its original place in the order, even if earlier charges were refunded',
      [
        { at: 0, cost: 1, allowed: true, remaining: 4, retryAfterMs: 0 },
        { at: 0, cost: 1, allowed: true, remaining: 3, retryAfterMs: 0 },
        { at: 0, cost: 1, allowed: true, remaining: 2, retryAfterMs: 0 },
        { at: 0, refundOf: 1 },
        // Because the first charge was refunded, the second has come back. Only the third unit is missing.
        { at: 200, cost: 4, allowed: true, remaining: 0, retryAfterMs: 0 },
        // At its charge, the second unit was to come back at 400. So its refund allows one unit more than the
        // bound.
        { at: 200, refundOf: 2 },
        { at: 200, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0 },
        { at: 200, cost: 1, allowed: false, remaining: 0, retryAfterMs: 200 },
      ],
    ],
  ])('%s', (_what, rows) => {
    expectChargeTable(tokenBucketLimit(5, 1000), rows)
  })
})

describe('a token bucket that regains 7 units in a second', () => {
  it('rounds each wait up to a whole millisecond', () => {
    expectChargeTable(tokenBucketLimit(7, 1000, 1), [
      // A unit takes 142 6/7 ms.
      { at: 0, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 143 },
      { at: 142, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
      // A client that waits exactly this long each time gets 7 units in a second. The last one comes back at
      // 857 1/7 ms, and the client takes it at 858 ms.
      { at: 143, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 143 },
      { at: 286, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 143 },
      { at: 429, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 143 },
    ])
  })

  it('does not lose the parts of a millisecond by which a client is late', () => {
    expectChargeTable(tokenBucketLimit(7, 1000, 7), [
      { at: 0, cost: 7, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 143 },
      // The client is 1/7 ms late.
      { at: 143, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 143 },
      { at: 286, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 143 },
      { at: 429, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 143 },
      { at: 572, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 143 },
      { at: 715, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 143 },
      { at: 858, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 142 },
      // The seventh unit comes back after exactly a second. Nothing was lost by rounding.
      { at: 1000, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 143 },
    ])
  })
})

describe('a token bucket', () => {
  it('that holds less than it regains in its window allows what it holds, then what comes back', () => {
    expectChargeTable(tokenBucketLimit(60, 60_000, 2), [
      { at: 0, cost: 2, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 1000 },
      { at: 0, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1000 },
      { at: 999, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
      { at: 1000, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0 },
      // The bucket is full after 2 s, not after a minute.
      { at: 3000, cost: 2, allowed: true, remaining: 0, retryAfterMs: 0 },
    ])
  })

  it('that holds more than it regains in its window becomes full after several windows', () => {
    expectChargeTable(tokenBucketLimit(2, 1000, 10), [
      { at: 0, cost: 10, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 500 },
      { at: 1000, cost: 10, allowed: false, remaining: 2, retryAfterMs: 4000, resetMs: 500 },
      { at: 4999, cost: 10, allowed: false, remaining: 9, retryAfterMs: 1 },
      { at: 5000, cost: 10, allowed: true, remaining: 0, retryAfterMs: 0 },
    ])
  })

  it('of one unit allows one unit in each window', () => {
    expectChargeTable(tokenBucketLimit(1, 1000), [
      { at: 0, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 1000 },
      { at: 999, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
      { at: 1000, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0 },
    ])
  })

  it('regains several units in a millisecond', () => {
    expectChargeTable(tokenBucketLimit(3, 1, 4), [
      { at: 0, cost: 4, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 1 },
      { at: 0, cost: 4, allowed: false, remaining: 0, retryAfterMs: 2, resetMs: 1 },
      { at: 1, cost: 2, allowed: true, remaining: 1, retryAfterMs: 0 },
      { at: 2, cost: 4, allowed: true, remaining: 0, retryAfterMs: 0 },
    ])
  })

  it('of 30 days becomes full after 30 days, because no timer is used that could overflow', () => {
    expectChargeTable(tokenBucketLimit(2, 30 * DAY_MS), [
      { at: 0, cost: 2, allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 15 * DAY_MS },
      { at: 15 * DAY_MS - 1, cost: 1, allowed: false, remaining: 0, retryAfterMs: 1 },
      { at: 15 * DAY_MS, cost: 1, allowed: true, remaining: 0, retryAfterMs: 0 },
      { at: 45 * DAY_MS, cost: 2, allowed: true, remaining: 0, retryAfterMs: 0 },
    ])
  })

  it('answers a wait for the missing units if the cost is above what it holds', () => {
    expectChargeTable(tokenBucketLimit(5, 1000, 5), [
      { at: 0, cost: 6, allowed: false, remaining: 5, retryAfterMs: 200, resetMs: 200 },
    ])
  })

  it('returns the same state object if there is nothing to rewind or to refund', () => {
    const limit = tokenBucketLimit(7, 1000)
    const { state } = tokenBucket.charge(undefined, 1000, limit, 2)
    expect(state).toEqual({ fullAtMs: 1285, fullAtParts: 5, fillId: 1 })
    expect(tokenBucket.rewind(state, 1000, limit)).toBe(state)
    expect(tokenBucket.rewind(state, 5000, limit)).toBe(state)
    // At 286, an empty bucket would be full later than this one. At 285, this one would be full later, which
    // is not possible.
    expect(tokenBucket.rewind(state, 286, limit)).toBe(state)
    expect(tokenBucket.rewind(state, 285, limit)).toMatchObject({ fullAtMs: 1285, fullAtParts: 0 })
    const empty = tokenBucket.charge(undefined, 1000, limit, 7).state
    expect(tokenBucket.rewind(empty, 1000, limit)).toBe(empty)
    expect(tokenBucket.refund(state, state, 1286, limit, 2)).toBe(state)
    // At 1285, its last parts of a millisecond are still missing.
    expect(tokenBucket.refund(state, state, 1285, limit, 2)).toMatchObject({ fullAtMs: 1285, fullAtParts: 0 })
  })

  it('counts the charges that found it full, from the initial id, with 0 after the largest id', () => {
    const limit = tokenBucketLimit(5, 1000)
    const ids: number[] = []
    let state = tokenBucket.initialState(2 ** 32 - 3)
    expect(state).toEqual({ fullAtMs: Number.NEGATIVE_INFINITY, fullAtParts: 0, fillId: 2 ** 32 - 3 })
    // A unit takes 200 ms. At 199 and at 799 the bucket becomes full a millisecond later.
    for (const nowMs of [0, 199, 400, 600, 799, 1000, 2000]) {
      state = tokenBucket.charge(state, nowMs, limit, 1).state
      ids.push(state.fillId)
    }
    expect(ids).toEqual([2 ** 32 - 2, 2 ** 32 - 2, 2 ** 32 - 1, 0, 0, 1, 2])
  })

  it('refunds a charge until the next charge that finds the bucket full', () => {
    const limit = tokenBucketLimit(5, 1000)
    const first = tokenBucket.charge(undefined, 0, limit, 5).state
    const second = tokenBucket.charge(first, 999, limit, 1).state
    expect(second.fillId).toBe(first.fillId)
    // Of the 5 units, a part of one is still missing. This part is refunded.
    expect(tokenBucket.refund(second, first, 999, limit, 5)).toEqual({ ...second, fullAtMs: 1199 })
    const third = tokenBucket.charge(first, 1000, limit, 1).state
    expect(third.fillId).toBe(first.fillId + 1)
    expect(tokenBucket.refund(third, first, 1000, limit, 5)).toBe(third)
    expect(tokenBucket.refund(third, third, 1000, limit, 1)).toMatchObject({ fullAtMs: 1000, fullAtParts: 0 })
  })

  it('refunds a charge only once, even if the next charge finds the bucket full at the same time', () => {
    const limit = tokenBucketLimit(5, 1000)
    const first = tokenBucket.charge(undefined, 0, limit, 2).state
    const second = tokenBucket.charge(tokenBucket.refund(first, first, 0, limit, 2), 0, limit, 2).state
    expect(tokenBucket.refund(second, first, 0, limit, 2)).toBe(second)
  })

  it('refunds no charge from before the client was forgotten, even if the bucket is equally full', () => {
    const limit = tokenBucketLimit(5, 1000)
    const [before, now] = [7, 1007].map(
      (id) => tokenBucket.charge(tokenBucket.initialState(id), 100, limit, 2).state,
    )
    if (before === undefined || now === undefined) throw new Error('no states')
    expect(before).toEqual({ fullAtMs: 500, fullAtParts: 0, fillId: 8 })
    expect(tokenBucket.refund(now, before, 100, limit, 2)).toBe(now)
    expect(tokenBucket.refund(now, now, 100, limit, 2)).toMatchObject({ fullAtMs: 100 })
  })

  it('keeps its id after a rewind and after a refund', () => {
    const limit = tokenBucketLimit(7, 1000)
    const { state } = tokenBucket.charge(tokenBucket.initialState(40), 5000, limit, 7)
    expect(tokenBucket.rewind(state, 1000, limit)).toEqual({ fullAtMs: 2000, fullAtParts: 0, fillId: 41 })
    expect(tokenBucket.refund(state, state, 5000, limit, 1)).toMatchObject({ fullAtMs: 5857, fillId: 41 })
  })

  it('is written as the time at which it is full, in milliseconds and parts, and its id', () => {
    const list = new NumberList()
    tokenBucket.write({ fullAtMs: 1285, fullAtParts: 5, fillId: 1 }, list)
    expect(list.recorded).toEqual([
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

  it('never holds more than its burst, whatever is refunded', () => {
    const limit = tokenBucketLimit(5, 1000)
    const client = new CountedClient(limit)
    client.charge(0, 2)
    const [taken] = client.takenCharges
    for (let turn = 0; turn < 2; turn++) if (taken !== undefined) client.refund(0, taken)
    expect(client.charge(0, 5)).toMatchObject({ allowed: true, remaining: 0 })
    expect(client.charge(0, 1).allowed).toBe(false)
  })

  it('has 0 units left, and not fewer, if its burst becomes smaller', () => {
    const { state } = tokenBucket.charge(undefined, 0, tokenBucketLimit(5, 1000, 10), 8)
    expect(tokenBucket.charge(state, 0, tokenBucketLimit(5, 1000, 6), 1)).toMatchObject({
      allowed: false,
      remaining: 0,
      // 8 units are missing, but the bucket holds 6. For a charge of one unit, 3 units have to come back.
      retryAfterMs: 600,
      resetMs: 600,
    })
  })

  it('counts parts as at most one millisecond if a limit function has changed the limit', () => {
    // 998 of 999 units are missing. The bucket is full in just under 999 ms.
    const { state } = tokenBucket.charge(undefined, 0, tokenBucketLimit(999, 1000), 998)
    expect(state satisfies TokenBucketState).toMatchObject({ fullAtMs: 998, fullAtParts: 998 })
    // For the other limit, a part is a whole millisecond. But the 998 parts must not count as 998 ms.
    expect(tokenBucket.charge(state, 0, tokenBucketLimit(1, 1000), 1)).toMatchObject({
      allowed: false,
      remaining: 0,
      retryAfterMs: 999,
    })
  })
})

describe('isExact', () => {
  const most = Number.MAX_SAFE_INTEGER

  it.each<[string, Pick<Limit, 'limit' | 'windowMs' | 'burst'>, boolean]>([
    ['usual numbers', { limit: 100, windowMs: 60_000, burst: 20 }, true],
    // Twice the burst, because the whole burst can be missing, and the charge can cost the whole burst.
    [
      'twice burst * window and the limit at 2^53 - 1',
      { limit: 1, windowMs: 1, burst: (most - 1) / 2 },
      true,
    ],
    ['one unit of burst more', { limit: 1, windowMs: 1, burst: (most + 1) / 2 }, false],
    ['one unit of the limit more', { limit: 2, windowMs: 1, burst: (most - 1) / 2 }, false],
    ['a long window at the edge', { limit: 1, windowMs: (most - 1) / 2, burst: 1 }, true],
    ['a longer window', { limit: 1, windowMs: (most + 1) / 2, burst: 1 }, false],
    ['the largest limit in a millisecond', { limit: LARGEST_LIMIT, windowMs: 1, burst: LARGEST_LIMIT }, true],
    ['the largest limit in a minute', { limit: LARGEST_LIMIT, windowMs: 60_000, burst: 1 }, true],
    ['the largest limit at once', { limit: LARGEST_LIMIT, windowMs: 60_000, burst: LARGEST_LIMIT }, false],
  ])('for %s', (_what, numbers, expected) => {
    expect(isExact(numbers)).toBe(expected)
  })

  it.each([
    ['a unit in a millisecond', 1, 1],
    ['a unit in a long window', 1, 4_503_599_627_370_495],
    ['the largest limit in a millisecond', LARGEST_LIMIT, 1],
    ['primes', 999_999_937, 7919],
    ['more primes', 7, 1_000_003],
    ['30 days', 1_737_000, 30 * DAY_MS],
  ])('is true for %s and the largest possible burst, and all results are exact', (_what, units, windowMs) => {
    const burst = Math.floor((most - units) / (2 * windowMs))
    const limit = tokenBucketLimit(units, windowMs, burst)
    expect(isExact(limit)).toBe(true)
    expect(isExact({ ...limit, burst: burst + 1 })).toBe(false)
    const client = new CountedClient(limit)
    const model = new ExactGcra(limit)
    const fillMs = Math.floor((burst * windowMs) / units)
    const costs = [burst, burst - 1, Math.ceil(burst / 3), 1]
    for (const nowMs of [0, 1, Math.ceil(fillMs / 3), fillMs - 1, fillMs]) {
      for (const cost of costs) {
        expect(withoutState(client.charge(nowMs, cost)), `${cost} at ${nowMs}`).toEqual(
          model.charge(nowMs, cost),
        )
      }
    }
  })

  it('is false for a bucket whose results would be wrong', () => {
    const limit = tokenBucketLimit(1, 79, 57_010_314_421_995)
    expect(isExact(limit)).toBe(false)
    const client = new CountedClient(limit)
    const model = new ExactGcra(limit)
    client.charge(0, limit.burst)
    model.charge(0, limit.burst)
    const wait = model.charge(0, limit.burst - 1).retryAfterMs
    expect(client.charge(0, limit.burst - 1).retryAfterMs).toBe(wait + 1)
  })
})

describe('a token bucket whose limit changes', () => {
  const from = tokenBucketLimit(10, 1000)
  const usedUnits = (state: TokenBucketState, limit: Limit): number =>
    limit.burst - tokenBucket.charge(state, 0, limit, 0).remaining

  it.each([
    [100, 4],
    [7, 4],
    [4, 4],
    [3, 3],
  ])('to %d units keeps %d of 4 used units', (units, kept) => {
    const used = tokenBucket.charge(undefined, 0, from, 4).state
    const to = { ...from, limit: units, burst: units }
    const state = tokenBucket.withLimit?.(used, from, to, 0) ?? used
    expect(usedUnits(state, to)).toBe(kept)
    expect(state.fillId).toBe(used.fillId)
  })

  it('keeps a full bucket, and one of the same rate, as it is', () => {
    const full = tokenBucket.initialState(5)
    expect(tokenBucket.withLimit?.(full, from, { ...from, limit: 3, burst: 3 }, 0)).toEqual(full)
    const used = tokenBucket.charge(undefined, 0, from, 4).state
    expect(tokenBucket.withLimit?.(used, from, { ...from, burst: 20 }, 0)).toBe(used)
  })
})
