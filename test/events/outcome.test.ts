import { describe, expect, it } from 'vitest'
import { RateLimiterError } from '../../src/errors/rate-limiter-error.ts'
import { type EnforcementMode, outcomeOf } from '../../src/events/outcome.ts'
import type { Decision } from '../../src/limits/decision.ts'

const failure = new RateLimiterError({ code: 'store_failed', problem: 'down', remedy: 'Wait.' })
const enforce: EnforcementMode = { mode: 'enforce', onStoreError: 'memory' }
const shadow: EnforcementMode = { mode: 'shadow', onStoreError: 'deny' }

/** A decision on limits, each with `remaining` of `limit` units left. */
const decisionWith = (
  allowed: boolean,
  ...states: readonly [remaining: number, limit: number][]
): Decision => ({
  allowed,
  retryAfterMs: allowed ? 0 : 1000,
  limits: states.map(([remaining, limit]) => ({ name: 'read', limit, remaining, resetMs: 1000 })),
})

describe('the outcome of a charge', () => {
  it.each([
    [10, 10, 'allowed'],
    [3, 10, 'allowed'],
    [2, 10, 'near'],
    [0, 10, 'near'],
    [1, 5, 'near'],
    [2, 9, 'allowed'],
    [0, 1, 'near'],
    [200_000_000_000_000, 999_999_999_999_999, 'allowed'],
    [199_999_999_999_999, 999_999_999_999_999, 'near'],
  ])('with %d of %d left is %s', (remaining, limit, outcome) => {
    expect(outcomeOf(decisionWith(true, [remaining, limit]), enforce)).toBe(outcome)
  })

  it('is near if one of several limits is near', () => {
    expect(outcomeOf(decisionWith(true, [9, 10], [20, 100]), enforce)).toBe('near')
    expect(outcomeOf(decisionWith(true, [9, 10], [21, 100]), enforce)).toBe('allowed')
  })

  it('of a refusal is limited or banned, and shadowed in shadow mode', () => {
    const banned: Decision = { ...decisionWith(false, [0, 10]), ban: { endsInMs: 1000, isNew: false } }
    expect(outcomeOf(decisionWith(false, [0, 10]), enforce)).toBe('limited')
    expect(outcomeOf(banned, enforce)).toBe('banned')
    expect(outcomeOf(decisionWith(false, [0, 10]), shadow)).toBe('shadowed')
    expect(outcomeOf(banned, shadow)).toBe('shadowed')
  })

  it('after a failure of the store depends on onStoreError, and is never a refusal in shadow mode', () => {
    expect(outcomeOf(failure, { mode: 'enforce', onStoreError: 'allow' })).toBe('uncounted')
    expect(outcomeOf(failure, { mode: 'enforce', onStoreError: 'deny' })).toBe('unavailable')
    expect(outcomeOf(failure, shadow)).toBe('uncounted')
  })
})
