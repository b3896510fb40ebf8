import { describe, expect, it } from 'vitest'
import { type LimitState, tightestOf } from '../../src/limits/decision.ts'
import { RequestRecord } from '../../src/request/request-record.ts'
import { type DecidedVisit, type Visit, wasChargedElsewhere } from '../../src/request/visit.ts'
import type { Charge, Store } from '../../src/stores/store.ts'
import { chargeOf } from '../support/charges.ts'

const state = (name: string, remaining: number, resetMs: number): LimitState => ({
  name,
  limit: 10,
  remaining,
  resetMs,
})

const limiterOf = (id: symbol, store?: Store): Visit['limiter'] => ({ id, places: [], settings: { store } })

/** A visit of a limiter of its own. */
function visitOf<Facts extends Partial<Visit>>(facts: Facts): Visit & Facts {
  return {
    limiter: limiterOf(Symbol('limiter')),
    policyCharge: { charge: chargeOf('key') },
    decision: undefined,
    isEnforced: true,
    chargesNextTry: false,
    taken: undefined,
    before: undefined,
    ...facts,
  }
}

const enforced = (limits: LimitState[], cost = 1): DecidedVisit =>
  visitOf({
    decision: { allowed: true, retryAfterMs: 0, limits },
    policyCharge: { charge: { ...chargeOf('key'), cost } },
  })
const shadow = (limits: LimitState[]): DecidedVisit => ({ ...enforced(limits), isEnforced: false })
const refused = (limits: LimitState[], retryAfterMs: number): DecidedVisit => ({
  ...enforced(limits),
  decision: { allowed: false, retryAfterMs, limits },
})

/** Adds a visit of a limiter that shows its limits in one place, and returns the limit that is shown there. */
function tightestAfter(record: RequestRecord, given: DecidedVisit, place = 'legacy'): LimitState {
  const visit = { ...given, limiter: { ...given.limiter, places: [place] } }
  record.addVisit(visit)
  return tightestOf(record.visitShownIn(place, visit).decision.limits)
}

describe('RequestRecord', () => {
  it('knows each limiter that has charged the request', () => {
    const record = new RequestRecord()
    const [one, other] = [Symbol('one'), Symbol('other')]
    const known = (): boolean[] => [record.hasCharged(one), record.hasCharged(other)]
    expect(known()).toEqual([false, false])
    // To ask is not to charge.
    expect(known()).toEqual([false, false])
    record.addVisit(visitOf({ limiter: limiterOf(one) }))
    expect(known()).toEqual([true, false])
    record.addVisit(visitOf({ limiter: limiterOf(other) }))
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
      const record = new RequestRecord()
      const isSecond = (key: Charge, at: Store | undefined): boolean => {
        const visit = visitOf({ limiter: limiterOf(Symbol('limiter'), at), policyCharge: { charge: key } })
        record.addVisit(visit)
        return wasChargedElsewhere(visit)
      }
      expect(isSecond(charge, here)).toBe(false)
      expect(isSecond(chargeOf('between'), undefined)).toBe(false)
      expect(isSecond(second, store)).toBe(expected)
    })
  })

  it('shows the tightest state in each place: fewest units left, then the longest wait', () => {
    const record = new RequestRecord()
    const [five, three, threeLater] = [state('a', 5, 9), state('b', 3, 5), state('c', 3, 6)]
    expect(tightestAfter(record, enforced([five]))).toBe(five)
    expect(tightestAfter(record, enforced([three]))).toBe(three)
    expect(tightestAfter(record, enforced([five]))).toBe(three)
    expect(tightestAfter(record, enforced([five, threeLater]))).toBe(threeLater)
    expect(tightestAfter(record, enforced([five]))).toBe(threeLater)
    expect(tightestAfter(record, enforced([five]), 'draft-7')).toBe(five)
  })

  it('keeps the first of two equal states', () => {
    const record = new RequestRecord()
    const [first, second] = [state('a', 3, 5), state('b', 3, 5)]
    tightestAfter(record, enforced([first]))
    expect(tightestAfter(record, enforced([second]))).toBe(first)
  })

  it('shows an enforced limit before one that is not enforced, in either order', () => {
    const record = new RequestRecord()
    const [five, three, two, one] = [state('a', 5, 9), state('b', 3, 9), state('c', 2, 9), state('d', 1, 9)]
    expect(tightestAfter(record, shadow([three]))).toBe(three)
    expect(tightestAfter(record, shadow([two]))).toBe(two)
    expect(tightestAfter(record, enforced([five]))).toBe(five)
    expect(tightestAfter(record, shadow([one]))).toBe(five)
    expect(tightestAfter(record, enforced([three]))).toBe(three)
  })

  it('shows the limiter that makes the client wait longest, also where another one has fewer units left', () => {
    const record = new RequestRecord()
    const [few, many, none] = [state('a', 8, 9), state('b', 400, 9), state('c', 0, 9)]
    tightestAfter(record, enforced([few]))
    expect(tightestAfter(record, refused([many], 5))).toBe(many)
    expect(tightestAfter(record, enforced([none]))).toBe(none)
    expect(tightestAfter(record, refused([many], 10))).toBe(many)
    // Another charge of 9 units has to wait.
    expect(tightestAfter(record, enforced([none], 0), 'draft-7')).toBe(none)
    expect(tightestAfter(record, enforced([few], 9), 'draft-7')).toBe(few)
  })

  it('accepts the dialect of the first format, and a format without a dialect always', () => {
    const record = new RequestRecord()
    const accepted = (...dialects: readonly (string | undefined)[]): boolean[] =>
      dialects.map((dialect) => record.acceptsDialect(dialect))
    expect(accepted(undefined, 'draft-7', 'draft-6', 'draft-7', undefined)).toEqual([
      true,
      true,
      false,
      true,
      true,
    ])
  })

  /** A charge that was taken, with where it left its limits. */
  const taken = (cost: number, limits: readonly LimitState[], repeatAfterMs?: number): Visit =>
    visitOf({
      decision: { allowed: true, retryAfterMs: 0, limits, repeatAfterMs },
      policyCharge: { charge: { ...chargeOf('key'), cost } },
      chargesNextTry: true,
    })

  it('names the longest wait of the limits that have too little left for their charge', () => {
    const record = new RequestRecord()
    expect(record.retryAfterMs(100)).toBe(100)
    record.addVisit(taken(1, [state('a', 0, 500), state('b', 1, 900)]))
    expect(record.retryAfterMs(100)).toBe(500)
    expect(record.retryAfterMs(700)).toBe(700)
    record.addVisit(taken(4, [state('c', 4, 800)]))
    expect(record.retryAfterMs(100)).toBe(500)
    record.addVisit(taken(5, [state('d', 4, 700), state('e', 5, 900)]))
    expect(record.retryAfterMs(100)).toBe(700)
  })

  it('counts no wait of a limiter that will not charge the next try', () => {
    const record = new RequestRecord()
    record.addVisit({ ...taken(1, [state('a', 0, 500)]), chargesNextTry: false })
    record.addVisit({ ...taken(1, []), decision: undefined })
    expect(record.retryAfterMs(100)).toBe(100)
  })

  it('names the wait that the store gave for the same charge, where it gave one', () => {
    const record = new RequestRecord()
    // The next unit is back in 500 ms, and the three that the charge takes not before 1500.
    record.addVisit(taken(3, [state('a', 0, 500)], 1500))
    expect(record.retryAfterMs(100)).toBe(1500)
    expect(record.retryAfterMs(1600)).toBe(1600)
    // Less than until the reset: of a bucket, that is when all that remains has come back a second time.
    const other = new RequestRecord()
    other.addVisit(taken(3, [state('b', 2, 9000)], 250))
    expect(other.retryAfterMs(100)).toBe(250)
    other.addVisit(taken(3, [state('c', 0, 9000)], 0))
    expect(other.retryAfterMs(100)).toBe(250)
  })

  it('keeps the last value under each name', () => {
    const record = new RequestRecord()
    expect(record.readValue('rateLimit')).toBeUndefined()
    record.setValue('rateLimit', () => 1)
    record.setValue('loginLimit', () => 2)
    expect([record.readValue('rateLimit'), record.readValue('loginLimit')]).toEqual([1, 2])
    record.setValue('rateLimit', () => undefined)
    expect([record.readValue('rateLimit'), record.readValue('loginLimit')]).toEqual([undefined, 2])
  })
})
