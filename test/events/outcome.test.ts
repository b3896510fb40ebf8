import { describe, expect, it } from 'vitest'
import { RateLimiterError } from '../../src/errors/rate-limiter-error.ts'
import { type EnforcementMode, outcomeOf } from '../../src/events/outcome.ts'
import type { Decision } from '../../src/limits/decision.ts'

const failure = new RateLimiterError({ code: 'store_failed', problem: 'down', remedy: 'Wait.' })
const enforce: EnforcementMode = { mode: 'enforce', onStoreError: 'memory' }
const shadow: EnforcementMode = { mode: 'shadow', onStoreError: 'deny' }

/** A decision on limits with so much left of so much. */
const decided = (allowed: boolean, ...left: readonly [remaining: number, limit: number][]): Decision => ({
  allowed,
  retryAfterMs: allowed ? 0 : 1000,
  limits: left.map(([remaining, limit]) => ({ name: 'read', limit, remaining, resetMs: 1000 })),
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
    expect(outcomeOf(decided(true, [remaining, limit]), enforce)).toBe(outcome)
  })

  it('is near when one of several limits is', () => {
    expect(outcomeOf(decided(true, [9, 10], [20, 100]), enforce)).toBe('near')
    expect(outcomeOf(decided(true, [9, 10], [21, 100]), enforce)).toBe('allowed')
  })

  it('is a refusal, by a limit or by a ban, or what would have been one', () => {
    const banned: Decision = { ...decided(false, [0, 10]), ban: { endsInMs: 1000, isNew: false } }
    expect(outcomeOf(decided(false, [0, 10]), enforce)).toBe('limited')
    expect(outcomeOf(banned, enforce)).toBe('banned')
    expect(outcomeOf(decided(false, [0, 10]), shadow)).toBe('shadowed')
    expect(outcomeOf(banned, shadow)).toBe('shadowed')
  })

  it('of a store that failed is as onStoreError has it, and never a refusal in shadow mode', () => {
    expect(outcomeOf(failure, { mode: 'enforce', onStoreError: 'allow' })).toBe('uncounted')
    expect(outcomeOf(failure, { mode: 'enforce', onStoreError: 'deny' })).toBe('unavailable')
    expect(outcomeOf(failure, shadow)).toBe('uncounted')
  })
})
