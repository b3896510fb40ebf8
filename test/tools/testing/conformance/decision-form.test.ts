import { describe, expect, it } from 'vitest'
import type { Decision, LimitState } from '../../../../src/limits/decision.ts'
import type { AlgorithmName, Limit } from '../../../../src/limits/limit.ts'
import { checkForm } from '../../../../src/tools/testing/conformance/decision-form.ts'

function limitOf(name: string, burst: number, algorithm: AlgorithmName): Limit {
  return { name, limit: 7, windowMs: 60_000, ttlMs: 90_000, burst, algorithm }
}

const LIMITS = [limitOf('first', 7, 'fixed-window'), limitOf('second', 9, 'token-bucket')]

const FIRST: LimitState = { name: 'first', limit: 7, remaining: 6, resetMs: 60_000 }
const SECOND: LimitState = { name: 'second', limit: 9, remaining: 8, resetMs: 1 }

/** Of a charge on two limits, the second a bucket of 9 that regains 7 in a minute. */
const ADMITTED: Decision = { allowed: true, retryAfterMs: 0, limits: [FIRST, SECOND], receipt: {} }
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

function flawOf(decision: Decision): string | undefined {
  try {
    checkForm(decision, { key: 'client', limits: LIMITS, cost: 1 })
    return undefined
  } catch (error) {
    return String(error).split('\n')[0]?.replace('AssertionError [ERR_ASSERTION]: ', '')
  }
}

/** The same decision, with a second limit that stands elsewhere. */
function withSecond(decision: Decision, change: Partial<LimitState>): Decision {
  const [first = FIRST, second = SECOND] = decision.limits
  return { ...decision, limits: [first, { ...second, ...change }] }
}

describe('the form of a decision', () => {
  it.each([
    ['an admission', ADMITTED],
    ['an admission that could be repeated later', { ...ADMITTED, repeatAfterMs: 0.5 }],
    ['an admission without a receipt', { allowed: true, retryAfterMs: 0, limits: [FIRST, SECOND] }],
    ['a refusal', REFUSED],
    ['a ban', BANNED],
    ['a ban of long ago', { ...BANNED, ban: { endsInMs: 1, isNew: false } }],
    ['a bucket as long as it takes to fill', withSecond(ADMITTED, { resetMs: 77_143 })],
    [
      'a ban longer than any window',
      withSecond({ ...BANNED, retryAfterMs: 1_000_000 }, { resetMs: 1_000_000 }),
    ],
  ])('is right of %s', (_what, decision) => {
    expect(flawOf(decision)).toBeUndefined()
  })

  it.each<[Decision, string]>([
    [{ ...ADMITTED, allowed: 1 as unknown as boolean }, 'allowed is a boolean'],
    [{ ...REFUSED, retryAfterMs: -1 }, 'retryAfterMs is at least 0'],
    [{ ...REFUSED, retryAfterMs: Number.NaN }, 'retryAfterMs is at least 0'],
    [{ ...ADMITTED, retryAfterMs: 1 }, 'retryAfterMs is 0 exactly when allowed'],
    [{ ...REFUSED, retryAfterMs: 0 }, 'retryAfterMs is 0 exactly when allowed'],
    [{ ...ADMITTED, repeatAfterMs: 0 }, 'repeatAfterMs is above 0, and absent from a refusal'],
    [{ ...REFUSED, repeatAfterMs: 1 }, 'repeatAfterMs is above 0, and absent from a refusal'],
    [{ ...ADMITTED, limits: [FIRST] }, 'one state for each limit'],
    [{ ...ADMITTED, limits: [SECOND, FIRST] }, 'states are in the order of the limits'],
    [withSecond(ADMITTED, { limit: 7 }), 'a state carries the burst of its limit'],
    [withSecond(ADMITTED, { remaining: 1.5 }), 'remaining is a whole number'],
    [withSecond(ADMITTED, { remaining: -1 }), 'remaining is a whole number'],
    [withSecond(ADMITTED, { remaining: 10 }), 'remaining is at most the burst of the limit'],
    [withSecond(ADMITTED, { resetMs: -1 }), 'resetMs is at least 0'],
    [withSecond(REFUSED, { resetMs: 77_144 }), "resetMs is within the quota's window of 77143 ms"],
    [{ ...REFUSED, receipt: {} }, 'a refusal has no receipt'],
    [{ ...BANNED, receipt: {} }, 'a refusal has no receipt'],
    [{ ...ADMITTED, ban: { endsInMs: 1, isNew: false } }, 'a banned client is refused'],
    [
      { ...BANNED, ban: { endsInMs: 0, isNew: false } },
      'ban.endsInMs is above 0: when a ban is over there is none',
    ],
    [{ ...BANNED, ban: { endsInMs: 1, isNew: undefined as unknown as boolean } }, 'ban.isNew is a boolean'],
    [{ ...BANNED, retryAfterMs: 3999 }, 'retryAfterMs is not before the end of the ban'],
    [withSecond(BANNED, { remaining: 1 }), 'a banned client has nothing remaining'],
    [withSecond(BANNED, { resetMs: 3999 }), 'resetMs is not before the end of the ban'],
    [withSecond(BANNED, { resetMs: 5001 }), 'resetMs is not beyond retryAfterMs while the client is banned'],
  ])('is wrong of %j: %s', (decision, flaw) => {
    expect(flawOf(decision)).toBe(flaw)
  })
})
