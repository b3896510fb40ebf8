import { describe, expect, it } from 'vitest'
import type { Decision, LimitState } from '../../../../src/limits/decision.ts'
import type { AlgorithmName, Limit } from '../../../../src/limits/limit.ts'
import { assertValidDecision } from '../../../../src/tools/testing/conformance/valid-decision.ts'

function limitOf(name: string, burst: number, algorithm: AlgorithmName): Limit {
  return { name, limit: 7, windowMs: 60_000, ttlMs: 90_000, burst, algorithm }
}

const LIMITS = [limitOf('first', 7, 'fixed-window'), limitOf('second', 9, 'token-bucket')]

const FIRST: LimitState = { name: 'first', limit: 7, remaining: 6, resetMs: 60_000 }
const SECOND: LimitState = { name: 'second', limit: 9, remaining: 8, resetMs: 1 }

/**
 * The decision of a charge on two limits. The second is a bucket that holds 9 units and regains 7 in a
 * minute.
 */
const ALLOWED: Decision = { allowed: true, retryAfterMs: 0, limits: [FIRST, SECOND], receipt: {} }
const REFUSED: Decision = { allowed: false, retryAfterMs: 5000, limits: [FIRST, SECOND] }
const BANNED: Decision = {
  allowed: false,
  retryAfterMs: 5000,
  limits: [
    { ...FIRST, remaining: 0, resetMs: 4000 },
    { ...SECOND, remaining: 0, resetMs: 5000 },
  ],
  ban: { endsInMs: 4000, isNew: true },
}

function errorOf(decision: Decision): string | undefined {
  try {
    assertValidDecision(decision, { key: 'client', limits: LIMITS, cost: 1 })
    return undefined
  } catch (error) {
    return String(error).split('\n')[0]?.replace('AssertionError [ERR_ASSERTION]: ', '')
  }
}

/** The same decision with another state of the second limit. */
function withSecond(decision: Decision, change: Partial<LimitState>): Decision {
  const [first = FIRST, second = SECOND] = decision.limits
  return { ...decision, limits: [first, { ...second, ...change }] }
}

describe('a decision', () => {
  it.each([
    ['an allowed charge', ALLOWED],
    ['an allowed charge that could be repeated later', { ...ALLOWED, repeatAfterMs: 0.5 }],
    ['an allowed charge without a receipt', { allowed: true, retryAfterMs: 0, limits: [FIRST, SECOND] }],
    ['a refusal', REFUSED],
    ['a ban', BANNED],
    ['a ban that is not new', { ...BANNED, ban: { endsInMs: 1, isNew: false } }],
    [
      'an allowed charge with a resetMs as long as the bucket takes to fill',
      withSecond(ALLOWED, { resetMs: 77_143 }),
    ],
    [
      'a ban longer than any window',
      withSecond({ ...BANNED, retryAfterMs: 1_000_000 }, { resetMs: 1_000_000 }),
    ],
  ])('can be %s', (_kind, decision) => {
    expect(errorOf(decision)).toBeUndefined()
  })

  it.each<[Decision, string]>([
    [{ ...ALLOWED, allowed: 1 as unknown as boolean }, 'allowed must be a boolean.'],
    [{ ...REFUSED, retryAfterMs: -1 }, 'retryAfterMs must be at least 0.'],
    [{ ...REFUSED, retryAfterMs: Number.NaN }, 'retryAfterMs must be at least 0.'],
    [{ ...ALLOWED, retryAfterMs: 1 }, 'retryAfterMs must be 0 exactly when allowed is true.'],
    [{ ...REFUSED, retryAfterMs: 0 }, 'retryAfterMs must be 0 exactly when allowed is true.'],
    [{ ...ALLOWED, repeatAfterMs: 0 }, 'repeatAfterMs must be above 0.'],
    [{ ...REFUSED, repeatAfterMs: 1 }, 'A refusal must not have repeatAfterMs.'],
    [{ ...ALLOWED, limits: [FIRST] }, 'A decision must have one state for each limit.'],
    [{ ...ALLOWED, limits: [SECOND, FIRST] }, 'The states must have the order of the limits.'],
    [withSecond(ALLOWED, { limit: 7 }), 'The limit of a state must be the burst of its limit.'],
    [withSecond(ALLOWED, { remaining: 1.5 }), 'remaining must be a whole number of at least 0.'],
    [withSecond(ALLOWED, { remaining: -1 }), 'remaining must be a whole number of at least 0.'],
    [withSecond(ALLOWED, { remaining: 10 }), 'remaining must be at most the burst of the limit.'],
    [withSecond(ALLOWED, { resetMs: -1 }), 'resetMs must be at least 0.'],
    [withSecond(REFUSED, { resetMs: 77_144 }), 'resetMs must be at most the window of the quota, 77143 ms.'],
    [{ ...REFUSED, receipt: {} }, 'A refusal must not have a receipt.'],
    [{ ...BANNED, receipt: {} }, 'A refusal must not have a receipt.'],
    [{ ...ALLOWED, ban: { endsInMs: 1, isNew: false } }, 'A banned client must be refused.'],
    [
      { ...BANNED, ban: { endsInMs: 0, isNew: false } },
      'ban.endsInMs must be above 0. After the end of a ban, ban must be undefined.',
    ],
    [
      { ...BANNED, ban: { endsInMs: 1, isNew: undefined as unknown as boolean } },
      'ban.isNew must be a boolean.',
    ],
    [{ ...BANNED, retryAfterMs: 3999 }, 'retryAfterMs must not be before the end of the ban.'],
    [withSecond(BANNED, { remaining: 1 }), 'remaining must be 0 during a ban.'],
    [withSecond(BANNED, { resetMs: 3999 }), 'resetMs must not be before the end of the ban.'],
    [withSecond(BANNED, { resetMs: 5001 }), 'resetMs must be at most retryAfterMs during a ban.'],
  ])('is invalid as %j: %s', (decision, message) => {
    expect(errorOf(decision)).toBe(message)
  })
})
