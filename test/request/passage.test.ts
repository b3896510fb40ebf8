import { describe, expect, it } from 'vitest'
import type { LimitState } from '../../src/limits/decision.ts'
import { Passage, passageOf } from '../../src/request/passage.ts'
import { exchange } from './exchange.ts'

const state = (name: string, remaining: number, resetMs: number): LimitState => ({
  name,
  limit: 10,
  remaining,
  resetMs,
})

describe('Passage', () => {
  it('is entered once by each limiter', () => {
    const passage = new Passage()
    const [one, other] = [{}, {}]
    expect([passage.enter(one), passage.enter(one), passage.enter(other), passage.enter(other)]).toEqual([
      true,
      false,
      true,
      false,
    ])
  })

  it('tells the tightest under a label: fewest left, then the longest wait', () => {
    const passage = new Passage()
    const [five, three, threeLater] = [state('a', 5, 9), state('b', 3, 5), state('c', 3, 6)]
    expect(passage.tightest('legacy', [five])).toBe(five)
    expect(passage.tightest('legacy', [three])).toBe(three)
    expect(passage.tightest('legacy', [five])).toBe(three)
    expect(passage.tightest('legacy', [five, threeLater])).toBe(threeLater)
    expect(passage.tightest('legacy', [])).toBe(threeLater)
    expect(passage.tightest('draft-7', [five])).toBe(five)
  })

  it('keeps what stood there first, among equals', () => {
    const passage = new Passage()
    const [first, second] = [state('a', 3, 5), state('b', 3, 5)]
    passage.tightest('legacy', [first])
    expect(passage.tightest('legacy', [second])).toBe(first)
  })

  it('tells nothing where nothing was said', () => {
    expect(new Passage().tightest('legacy', [])).toBeUndefined()
  })

  it('asks to wait for the last of those that have too little left for the next such request', () => {
    const passage = new Passage()
    expect(passage.retryAfterMs(100, 1)).toBe(100)
    passage.add([state('a', 0, 500), state('b', 1, 900)])
    expect(passage.retryAfterMs(100, 1)).toBe(500)
    expect(passage.retryAfterMs(700, 1)).toBe(700)
    expect(passage.retryAfterMs(100, 2)).toBe(900)
  })
})

describe('passageOf', () => {
  it('is one for each request, shared with other copies of the library', () => {
    const [{ req }, { req: other }] = [exchange(), exchange()]
    const passage = passageOf(req)
    expect(passageOf(req)).toBe(passage)
    expect(passageOf(other)).not.toBe(passage)
    expect(Reflect.get(req, Symbol.for('express-tollgate.passage'))).toBe(passage)
  })
})
