import { describe, expect, it } from 'vitest'
import type { LimitState } from '../../src/limits/decision.ts'
import { Passage, passageOf, type StandingCharge } from '../../src/request/passage.ts'
import { exchange } from './exchange.ts'

const state = (name: string, remaining: number, resetMs: number): LimitState => ({
  name,
  limit: 10,
  remaining,
  resetMs,
})

describe('Passage', () => {
  it('knows each limiter that has charged the request', () => {
    const passage = new Passage()
    const [one, other] = [{}, {}]
    const known = (): boolean[] => [passage.hasCharged(one), passage.hasCharged(other)]
    expect(known()).toEqual([false, false])
    // To ask is not to charge.
    expect(known()).toEqual([false, false])
    passage.charge(one)
    expect(known()).toEqual([true, false])
    passage.charge(other)
    expect(known()).toEqual([true, true])
  })

  it('tells the tightest under a label: fewest left, then the longest wait', () => {
    const passage = new Passage()
    const [five, three, threeLater] = [state('a', 5, 9), state('b', 3, 5), state('c', 3, 6)]
    expect(passage.tightest('legacy', [five], true)).toBe(five)
    expect(passage.tightest('legacy', [three], true)).toBe(three)
    expect(passage.tightest('legacy', [five], true)).toBe(three)
    expect(passage.tightest('legacy', [five, threeLater], true)).toBe(threeLater)
    expect(passage.tightest('legacy', [five], true)).toBe(threeLater)
    expect(passage.tightest('draft-7', [five], true)).toBe(five)
  })

  it('keeps what stood there first, among equals', () => {
    const passage = new Passage()
    const [first, second] = [state('a', 3, 5), state('b', 3, 5)]
    passage.tightest('legacy', [first], true)
    expect(passage.tightest('legacy', [second], true)).toBe(first)
  })

  it('tells one that is enforced before any that is not, whichever came first', () => {
    const passage = new Passage()
    const [five, three, two, one] = [state('a', 5, 9), state('b', 3, 9), state('c', 2, 9), state('d', 1, 9)]
    expect(passage.tightest('legacy', [three], false)).toBe(three)
    expect(passage.tightest('legacy', [two], false)).toBe(two)
    expect(passage.tightest('legacy', [five], true)).toBe(five)
    expect(passage.tightest('legacy', [one], false)).toBe(five)
    expect(passage.tightest('legacy', [three], true)).toBe(three)
  })

  it('speaks the dialect of the first that asks, and what is no dialect always', () => {
    const passage = new Passage()
    const speaks = (...dialects: readonly (string | undefined)[]): boolean[] =>
      dialects.map((dialect) => passage.speaks(dialect))
    expect(speaks(undefined, 'draft-7', 'draft-6', 'draft-7', undefined)).toEqual([
      true,
      true,
      false,
      true,
      true,
    ])
  })

  /** A charge that was taken, with where it left its limits. */
  const taken = (cost: number, limits: readonly LimitState[], repeatAfterMs?: number): StandingCharge => ({
    decision: {
      allowed: true,
      retryAfterMs: 0,
      limits,
      ...(repeatAfterMs === undefined ? {} : { repeatAfterMs }),
    },
    cost,
  })

  it('asks to wait for the last of those that have too little left for what they charge', () => {
    const passage = new Passage()
    expect(passage.retryAfterMs(100)).toBe(100)
    passage.add(taken(1, [state('a', 0, 500), state('b', 1, 900)]))
    expect(passage.retryAfterMs(100)).toBe(500)
    expect(passage.retryAfterMs(700)).toBe(700)
    passage.add(taken(4, [state('c', 4, 800)]))
    expect(passage.retryAfterMs(100)).toBe(500)
    passage.add(taken(5, [state('d', 4, 700), state('e', 5, 900)]))
    expect(passage.retryAfterMs(100)).toBe(700)
  })

  it('asks to wait as long as the store says that the same charge would, where it says so', () => {
    const passage = new Passage()
    // The next unit is back in 500 ms, and the three that the charge takes not before 1500.
    passage.add(taken(3, [state('a', 0, 500)], 1500))
    expect(passage.retryAfterMs(100)).toBe(1500)
    expect(passage.retryAfterMs(1600)).toBe(1600)
    // Less than until the reset: of a bucket, that is when all that remains has come back a second time.
    const other = new Passage()
    other.add(taken(3, [state('b', 2, 9000)], 250))
    expect(other.retryAfterMs(100)).toBe(250)
    other.add(taken(3, [state('c', 0, 9000)], 0))
    expect(other.retryAfterMs(100)).toBe(250)
  })
})

describe('passageOf', () => {
  it('is one for each request, shared with other copies of the library', () => {
    const [{ req }, { req: other }] = [exchange(), exchange()]
    const passage = passageOf(req)
    expect(passageOf(req)).toBe(passage)
    expect(passageOf(other)).not.toBe(passage)
    const shared = Reflect.get(globalThis, Symbol.for('express-tollgate.passages')) as WeakMap<
      object,
      unknown
    >
    expect(shared.get(req)).toBe(passage)
    expect(Reflect.ownKeys(req).filter((key) => String(key).includes('tollgate'))).toEqual([])
  })
})
