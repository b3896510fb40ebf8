import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { BanRule } from '../../../src/limits/ban.ts'
import type { Decision } from '../../../src/limits/decision.ts'
import type { Limit } from '../../../src/limits/limit.ts'
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts'
import { type CallTimes, RefusalCache } from '../../../src/stores/redis/refusal-cache.ts'
import type { Charge } from '../../../src/stores/store.ts'
import { FakeClock } from '../../../src/tools/testing/fake-clock.ts'
import { ALGORITHMS, banRule, chargeOf, limitOf } from '../../support/charges.ts'
import { calendarLimit } from '../../support/limits-by-algorithm.ts'

const NOW_MS = 5000
const ONE = [limitOf(10)]
const CHARGE = chargeOf('client', ONE)
const AT_ONCE: CallTimes = { askedAtMs: NOW_MS, answeredAtMs: NOW_MS, generation: 0 }

/** A refusal by limits of 10. `states` are remaining and resetMs of each limit. */
function refusal(retryAfterMs: number, ...states: readonly (readonly [number, number])[]): Decision {
  const shown = states.length === 0 ? [[0, retryAfterMs] as const] : states
  const limits = shown.map(([remaining, resetMs]) => ({ name: 'test', limit: 10, remaining, resetMs }))
  return { allowed: false, retryAfterMs, limits }
}

function banned(endsInMs: number, isNew: boolean, retryAfterMs = endsInMs): Decision {
  return { ...refusal(retryAfterMs), ban: { endsInMs, isNew } }
}

/** A cache with one refusal. */
function noted(decision: Decision, charge: Charge = CHARGE, times: Partial<CallTimes> = {}): RefusalCache {
  const cache = new RefusalCache(10)
  cache.note(charge, decision, { ...AT_ONCE, ...times })
  return cache
}

afterEach(() => void vi.restoreAllMocks())

describe('RefusalCache', () => {
  it('repeats a refusal, with a wait that gets shorter', () => {
    const cache = noted(refusal(1000))
    expect(cache.answer(CHARGE, NOW_MS)).toStrictEqual(refusal(1000))
    expect(cache.answer(CHARGE, NOW_MS + 1)).toStrictEqual(refusal(999))
    expect(cache.answer(CHARGE, NOW_MS + 700.9)).toStrictEqual(refusal(300))
    expect(cache.answer(chargeOf('other client', ONE), NOW_MS)).toBeUndefined()
  })

  it('asks Redis again after five seconds, so that the end of a ban by another process arrives', () => {
    const hour = 3_600_000
    for (const decision of [refusal(hour), banned(hour, false)]) {
      const cache = noted(decision)
      expect(cache.answer(CHARGE, NOW_MS + 4998)).toMatchObject({ allowed: false, retryAfterMs: hour - 4998 })
      expect(cache.answer(CHARGE, NOW_MS + 5000)).toBeUndefined()
    }
  })

  it('shows that a calendar window comes nearer to its end, also where nothing of it is used', () => {
    const charge = chargeOf('client', [limitOf(10), calendarLimit(10, 'day'), limitOf(10)])
    const cache = noted(refusal(60_000, [0, 60_000], [10, 3000], [10, 60_000]), charge)
    const after = refusal(59_000, [0, 59_000], [10, 2000], [10, 60_000])
    expect(cache.answer(charge, NOW_MS + 1000)).toStrictEqual(after)
    expect(cache.answer(charge, NOW_MS + 2998)).toBeDefined()
    expect(cache.answer(charge, NOW_MS + 2999)).toBeUndefined()
  })

  it('makes a new object for each answer', () => {
    const cache = noted({ ...refusal(1000, [0, 1000], [10, 60_000]), ban: { endsInMs: 1000, isNew: true } })
    const [one, other] = [cache.answer(CHARGE, NOW_MS), cache.answer(CHARGE, NOW_MS)]
    expect(one).toStrictEqual(other)
    for (const part of [(d?: Decision) => d, (d?: Decision) => d?.limits, (d?: Decision) => d?.ban]) {
      expect(part(one)).not.toBe(part(other))
    }
    for (const [index, state] of (one?.limits ?? []).entries()) expect(state).not.toBe(other?.limits[index])
  })

  it('does not remember allowed charges', () => {
    expect(noted({ ...refusal(1000), allowed: true }).answer(CHARGE, NOW_MS)).toBeUndefined()
  })

  // Redis rounds its time down, and so its clock may be up to a millisecond behind.
  it('forgets a refusal in the last millisecond before the release', () => {
    const cache = noted(refusal(1000))
    expect(cache.answer(CHARGE, NOW_MS + 998.999)).toStrictEqual(refusal(2))
    expect(cache.answer(CHARGE, NOW_MS + 999)).toBeUndefined()
    expect(cache.answer(CHARGE, NOW_MS)).toBeUndefined()
  })

  it.each([0, 1])('does not remember a refusal of %i ms', (retryAfterMs) => {
    expect(noted(refusal(retryAfterMs)).answer(CHARGE, NOW_MS)).toBeUndefined()
  })

  it('counts the release from the start of the call, and the wait from its end', () => {
    const cache = noted(refusal(1000), CHARGE, { answeredAtMs: NOW_MS + 40 })
    expect(cache.answer(CHARGE, NOW_MS + 40)).toStrictEqual(refusal(1000))
    expect(cache.answer(CHARGE, NOW_MS + 998)).toStrictEqual(refusal(42))
    expect(cache.answer(CHARGE, NOW_MS + 999)).toBeUndefined()
  })

  it('refuses no charge that Redis would allow, and gives no wait that is too short', () => {
    // Eighths of a millisecond, which doubles add without an error.
    const eighths = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max }).map((n) => n / 8)
    const times = fc.record({
      offset: eighths(7),
      askedAtMs: eighths(80_000),
      toRedis: eighths(80),
      fromRedis: eighths(80),
      elapsed: eighths(400),
      retryAfterMs: fc.integer({ min: 1, max: 40 }),
    })
    let answers = 0
    fc.assert(
      fc.property(times, ({ offset, askedAtMs, toRedis, fromRedis, elapsed, retryAfterMs }) => {
        const redisAt = (localMs: number): number => Math.floor(localMs + offset)
        const answeredAtMs = askedAtMs + toRedis + fromRedis
        const releaseMs = redisAt(askedAtMs + toRedis) + retryAfterMs
        const cache = noted(refusal(retryAfterMs), CHARGE, { askedAtMs, answeredAtMs })
        const nowMs = answeredAtMs + elapsed
        const answer = cache.answer(CHARGE, nowMs)
        if (answer === undefined) return
        answers++
        expect(redisAt(nowMs)).toBeLessThan(releaseMs)
        expect(redisAt(nowMs + answer.retryAfterMs)).toBeGreaterThanOrEqual(releaseMs)
      }),
      { numRuns: 3000 },
    )
    expect(answers).toBeGreaterThan(300)
  })

  it('forgets a refusal if the clock was set back', () => {
    const cache = noted(refusal(1000))
    expect(cache.answer(CHARGE, NOW_MS - 1)).toBeUndefined()
    expect(cache.answer(CHARGE, NOW_MS)).toBeUndefined()
  })

  it('remembers a number of keys, and then forgets the oldest refusal', () => {
    const cache = new RefusalCache(3)
    const note = (key: string): void => cache.note(chargeOf(key, ONE), refusal(1000), AT_ONCE)
    const known = (): string[] =>
      ['a', 'b', 'c', 'd', 'e'].filter((key) => cache.answer(chargeOf(key, ONE), NOW_MS) !== undefined)
    for (const key of ['a', 'b', 'c', 'a', 'd']) note(key)
    expect(known()).toEqual(['a', 'c', 'd'])
    note('e')
    expect(known()).toEqual(['a', 'd', 'e'])
  })

  it('distinguishes long keys without storing them', () => {
    const set = vi.spyOn(Map.prototype, 'set')
    const long = 'k'.repeat(10_000)
    const keys = ['k'.repeat(200), 'k'.repeat(201), long, `${long}\ud800`, `${long}\udc00`, `${long}\ufffd`]
    for (const key of keys) {
      const cache = noted(refusal(1000), chargeOf(key, ONE))
      const known = keys.filter((other) => cache.answer(chargeOf(other, ONE), NOW_MS) !== undefined)
      expect(known).toEqual([key])
      cache.forget(key)
      expect(cache.answer(chargeOf(key, ONE), NOW_MS)).toBeUndefined()
    }
    const names = set.mock.calls.map(([name]) => String(name))
    expect(names.filter((name) => name.length > 201)).toEqual([])
    // A client whose key equals the digest of another key has no refusal.
    const cache = noted(refusal(1000), chargeOf(long, ONE))
    const name = String(set.mock.calls.at(-1)?.[0])
    expect(name).not.toBe(long)
    expect(cache.answer(chargeOf(name, ONE), NOW_MS)).toBeUndefined()
  })
})

describe('a refusal becomes invalid', () => {
  it.each<[string, (cache: RefusalCache) => void]>([
    ['forget', (cache) => cache.forget('client')],
    ['clear', (cache) => cache.clear()],
  ])('by %s, also if the call to Redis started before', (_, make) => {
    const cache = noted(refusal(1000))
    make(cache)
    expect(cache.answer(CHARGE, NOW_MS)).toBeUndefined()
    cache.note(CHARGE, refusal(1000), AT_ONCE)
    expect(cache.answer(CHARGE, NOW_MS)).toBeUndefined()
    cache.note(CHARGE, refusal(1000), { ...AT_ONCE, generation: cache.generation })
    expect(cache.answer(CHARGE, NOW_MS)).toStrictEqual(refusal(1000))
  })

  it('but not by forget of another key', () => {
    const cache = noted(refusal(1000))
    cache.forget('other client')
    expect(cache.answer(CHARGE, NOW_MS)).toStrictEqual(refusal(1000))
  })
})

describe('a remembered refusal of one charge', () => {
  it('is no answer to a charge of another cost', () => {
    const cache = noted(refusal(1000), chargeOf('client', ONE, 3))
    for (const cost of [1, 2, 4]) expect(cache.answer(chargeOf('client', ONE, cost), NOW_MS)).toBeUndefined()
    expect(cache.answer(chargeOf('client', ONE, 3), NOW_MS)).toStrictEqual(refusal(1000))
  })

  it('is no answer to a charge of other limits, even if they are equal', () => {
    const cache = noted(refusal(1000))
    expect(cache.answer(chargeOf('client', [limitOf(10)]), NOW_MS)).toBeUndefined()
    expect(cache.answer(CHARGE, NOW_MS)).toStrictEqual(refusal(1000))
  })

  it('is no answer to a charge that counts towards a ban, unless the client is banned', () => {
    const rule = banRule(3, 60_000, 9000)
    const counted = chargeOf('client', ONE, 1, rule)
    expect(noted(refusal(1000), counted).answer(counted, NOW_MS)).toBeUndefined()
    const cache = noted(refusal(1000))
    expect(cache.answer(counted, NOW_MS)).toBeUndefined()
    expect(cache.answer(CHARGE, NOW_MS)).toStrictEqual(refusal(1000))
    const ban = noted(banned(9000, true), counted)
    expect(ban.answer(counted, NOW_MS + 10)).toStrictEqual(banned(8990, false))
    expect(ban.answer(CHARGE, NOW_MS + 10)).toStrictEqual(banned(8990, false))
  })

  it('is an answer until the end of the ban, also if the client has to wait for longer', () => {
    const cache = noted(banned(500, false, 2000))
    expect(cache.answer(CHARGE, NOW_MS + 498)).toStrictEqual(banned(2, false, 1502))
    expect(cache.answer(CHARGE, NOW_MS + 499)).toBeUndefined()
  })
})

describe('a refusal by several limits', () => {
  const LIMITS = [limitOf(10, { name: 'a' }), limitOf(10, { name: 'b' })]
  const charge = chargeOf('client', LIMITS, 4)

  it('is remembered if one limit has nothing left, until any limit has more left', () => {
    const cache = noted(refusal(1000, [0, 1000], [3, 300]), charge)
    expect(cache.answer(charge, NOW_MS + 298)).toStrictEqual(refusal(702, [0, 702], [3, 2]))
    expect(cache.answer(charge, NOW_MS + 299)).toBeUndefined()
  })

  it('is not remembered if a smaller charge can be taken from all limits', () => {
    expect(noted(refusal(1000, [3, 1000], [1, 300]), charge).answer(charge, NOW_MS)).toBeUndefined()
  })

  it('does not shorten the reset of an unused limit, whose window has not started', () => {
    const cache = noted(refusal(1000, [0, 1000], [10, 300]), charge)
    expect(cache.answer(charge, NOW_MS + 998)).toStrictEqual(refusal(2, [0, 2], [10, 300]))
    expect(cache.answer(charge, NOW_MS + 999)).toBeUndefined()
  })

  it.each([
    ['fills', 3, false],
    ['is full', 10, true],
    ['is empty', 0, true],
  ])('beside a bucket that %s', (_, remaining, isKept) => {
    const limits = [limitOf(10), limitOf(10, { name: 'bucket', algorithm: 'token-bucket' })]
    const beside = chargeOf('client', limits, 4)
    const cache = noted(refusal(1000, [0, 1000], [remaining, 900]), beside)
    expect(cache.answer(beside, NOW_MS) !== undefined).toBe(isKept)
  })
})

describe('an answer of the cache', () => {
  const limit = fc
    .record({
      algorithm: fc.constantFrom(...ALGORITHMS),
      units: fc.integer({ min: 1, max: 4 }),
      burst: fc.integer({ min: 1, max: 4 }),
      windowMs: fc.constantFrom(7, 16, 50, 100),
    })
    .map(({ algorithm, units, burst, windowMs }) => {
      const capacity = algorithm === 'token-bucket' ? burst : units
      return { algorithm, units, windowMs, burst: capacity }
    })
  const limits = fc
    .array(limit, { minLength: 1, maxLength: 3 })
    .map((sizes) => sizes.map(({ units, ...size }, index) => limitOf(units, { ...size, name: `${index}` })))
  const step = fc.record({
    byMs: fc.constantFrom(0, 0, 0, 1, 2, 3, 10),
    share: fc.constantFrom(0, 0, 0.5, 1),
    isCounted: fc.boolean(),
  })

  /** Gives every charge to the store, also if the cache answers. The number of answers of the cache. */
  function answersOfCache(
    of: readonly Limit[],
    rule: BanRule,
    steps: readonly { byMs: number; share: number; isCounted: boolean }[],
  ): number {
    const clock = new FakeClock()
    const store = new MemoryStore({ clock, maxKeys: 4 })
    const cache = new RefusalCache(4)
    const most = Math.min(...of.map(({ burst }) => burst))
    let hits = 0
    for (const { byMs, share, isCounted } of steps) {
      clock.set(clock.now() + byMs)
      const cost = Math.max(1, Math.floor(share * most))
      const charge = chargeOf('client', of, cost, isCounted ? rule : undefined)
      const cached = cache.answer(charge, clock.now())
      const { receipt: _, ...decision } = store.consume(charge)
      if (cached !== undefined) {
        hits++
        expect(cached).toEqual(decision)
      } else if (!decision.allowed) {
        cache.note(charge, decision, {
          askedAtMs: clock.now(),
          answeredAtMs: clock.now(),
          generation: cache.generation,
        })
      }
    }
    return hits
  }

  it('equals the decision of the store, for every algorithm, with bans and costs', () => {
    const rule = banRule(3, 60, 40)
    let hits = 0
    fc.assert(
      fc.property(limits, fc.array(step, { maxLength: 60, size: 'max' }), (of, steps) => {
        hits += answersOfCache(of, rule, steps)
      }),
      { numRuns: 300 },
    )
    expect(hits).toBeGreaterThan(300)
  })
})
