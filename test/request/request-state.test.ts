import { describe, expect, it } from 'vitest'
import type { LimitState } from '../../src/limits/decision.ts'
import { type AllowedCharge, type DecisionView, RequestState } from '../../src/request/request-state.ts'
import type { Store } from '../../src/stores/store.ts'
import { chargeOf } from '../support/charges.ts'

const state = (name: string, remaining: number, resetMs: number): LimitState => ({
  name,
  limit: 10,
  remaining,
  resetMs,
})

const enforced = (limits: LimitState[], cost = 1): DecisionView => ({
  decision: { allowed: true, retryAfterMs: 0, limits },
  policyCharge: { charge: { cost } },
  isEnforced: true,
})
const shadow = (limits: LimitState[]): DecisionView => ({ ...enforced(limits), isEnforced: false })
const refused = (limits: LimitState[], retryAfterMs: number): DecisionView => ({
  ...enforced(limits),
  decision: { allowed: false, retryAfterMs, limits },
})

describe('RequestState', () => {
  it('knows each limiter that has charged the request', () => {
    const requestState = new RequestState()
    const [one, other] = [Symbol('one'), Symbol('other')]
    const known = (): boolean[] => [requestState.hasCharged(one), requestState.hasCharged(other)]
    expect(known()).toEqual([false, false])
    // To ask is not to charge.
    expect(known()).toEqual([false, false])
    requestState.markCharged(one, chargeOf('key'), undefined)
    expect(known()).toEqual([true, false])
    requestState.markCharged(other, chargeOf('key'), undefined)
    expect(known()).toEqual([true, true])
  })

  describe('knows whether a counter is charged a second time, through another store', () => {
    const storeAt = (countersAt: string | undefined): Store => ({
      consume: () => Promise.reject(),
      countersAt,
    })
    const here = storeAt('server 0 prefix')
    const charge = chargeOf('key')
    const otherWindow = { ...charge, limits: charge.limits.map((limit) => ({ ...limit, windowMs: 5 })) }

    it.each([
      ['of the same place', charge, storeAt('server 0 prefix'), true],
      ['of another place', charge, storeAt('server 1 prefix'), false],
      ['of an unknown place', charge, storeAt(undefined), false],
      ['that is the same store', charge, here, false],
      ['of the limiter itself', charge, undefined, false],
      ['of the same place, with another key', chargeOf('other'), storeAt('server 0 prefix'), false],
      ['of the same place, with another window', otherWindow, storeAt('server 0 prefix'), false],
    ])('%s', (_which, second, store, expected) => {
      const requestState = new RequestState()
      expect(requestState.markCharged(Symbol('first'), charge, here)).toBe(false)
      expect(requestState.markCharged(Symbol('between'), chargeOf('between'), undefined)).toBe(false)
      expect(requestState.markCharged(Symbol('second'), second, store)).toBe(expected)
    })
  })

  it('shows the tightest state in each place: fewest units left, then the longest wait', () => {
    const requestState = new RequestState()
    const [five, three, threeLater] = [state('a', 5, 9), state('b', 3, 5), state('c', 3, 6)]
    expect(requestState.tightest('legacy', enforced([five]))).toBe(five)
    expect(requestState.tightest('legacy', enforced([three]))).toBe(three)
    expect(requestState.tightest('legacy', enforced([five]))).toBe(three)
    expect(requestState.tightest('legacy', enforced([five, threeLater]))).toBe(threeLater)
    expect(requestState.tightest('legacy', enforced([five]))).toBe(threeLater)
    expect(requestState.tightest('draft-7', enforced([five]))).toBe(five)
  })

  it('keeps the first of two equal states', () => {
    const requestState = new RequestState()
    const [first, second] = [state('a', 3, 5), state('b', 3, 5)]
    requestState.tightest('legacy', enforced([first]))
    expect(requestState.tightest('legacy', enforced([second]))).toBe(first)
  })

  it('shows an enforced limit before one that is not enforced, in either order', () => {
    const requestState = new RequestState()
    const [five, three, two, one] = [state('a', 5, 9), state('b', 3, 9), state('c', 2, 9), state('d', 1, 9)]
    expect(requestState.tightest('legacy', shadow([three]))).toBe(three)
    expect(requestState.tightest('legacy', shadow([two]))).toBe(two)
    expect(requestState.tightest('legacy', enforced([five]))).toBe(five)
    expect(requestState.tightest('legacy', shadow([one]))).toBe(five)
    expect(requestState.tightest('legacy', enforced([three]))).toBe(three)
  })

  it('shows the limiter that makes the client wait longest, also where another one has fewer units left', () => {
    const requestState = new RequestState()
    const [few, many, none] = [state('a', 8, 9), state('b', 400, 9), state('c', 0, 9)]
    requestState.tightest('legacy', enforced([few]))
    expect(requestState.tightest('legacy', refused([many], 5))).toBe(many)
    expect(requestState.tightest('legacy', enforced([none]))).toBe(none)
    expect(requestState.tightest('legacy', refused([many], 10))).toBe(many)
    // Another charge of 9 units has to wait.
    expect(requestState.tightest('draft-7', enforced([none], 0))).toBe(none)
    expect(requestState.tightest('draft-7', enforced([few], 9))).toBe(few)
  })

  it('accepts the dialect of the first format, and a format without a dialect always', () => {
    const requestState = new RequestState()
    const accepted = (...dialects: readonly (string | undefined)[]): boolean[] =>
      dialects.map((dialect) => requestState.acceptsDialect(dialect))
    expect(accepted(undefined, 'draft-7', 'draft-6', 'draft-7', undefined)).toEqual([
      true,
      true,
      false,
      true,
      true,
    ])
  })

  /** A charge that was taken, with where it left its limits. */
  const taken = (cost: number, limits: readonly LimitState[], repeatAfterMs?: number): AllowedCharge => ({
    decision: {
      allowed: true,
      retryAfterMs: 0,
      limits,
      ...(repeatAfterMs === undefined ? {} : { repeatAfterMs }),
    },
    cost,
  })

  it('names the longest wait of the limits that have too little left for their charge', () => {
    const requestState = new RequestState()
    expect(requestState.retryAfterMs(100)).toBe(100)
    requestState.addAllowed(taken(1, [state('a', 0, 500), state('b', 1, 900)]))
    expect(requestState.retryAfterMs(100)).toBe(500)
    expect(requestState.retryAfterMs(700)).toBe(700)
    requestState.addAllowed(taken(4, [state('c', 4, 800)]))
    expect(requestState.retryAfterMs(100)).toBe(500)
    requestState.addAllowed(taken(5, [state('d', 4, 700), state('e', 5, 900)]))
    expect(requestState.retryAfterMs(100)).toBe(700)
  })

  it('names the wait that the store gave for the same charge, where it gave one', () => {
    const requestState = new RequestState()
    // The next unit is back in 500 ms, and the three that the charge takes not before 1500.
    requestState.addAllowed(taken(3, [state('a', 0, 500)], 1500))
    expect(requestState.retryAfterMs(100)).toBe(1500)
    expect(requestState.retryAfterMs(1600)).toBe(1600)
    // Less than until the reset: of a bucket, that is when all that remains has come back a second time.
    const other = new RequestState()
    other.addAllowed(taken(3, [state('b', 2, 9000)], 250))
    expect(other.retryAfterMs(100)).toBe(250)
    other.addAllowed(taken(3, [state('c', 0, 9000)], 0))
    expect(other.retryAfterMs(100)).toBe(250)
  })
})
