import type { BanRule } from '../../src/limits/ban.ts'
import type { Decision } from '../../src/limits/decision.ts'
import { type ChosenAlgorithm, type Limit, quotaOf } from '../../src/limits/limit.ts'
import type { Charge } from '../../src/stores/store.ts'

export const ALGORITHMS: readonly ChosenAlgorithm[] = ['fixed-window', 'sliding-window', 'token-bucket']

/** A compiled limit with a window of a minute. */
export function limitOf(limit: number, overrides: Partial<Limit> = {}): Limit {
  const { windowMs = 60_000, burst = limit } = overrides
  const fillMs = Math.ceil(quotaOf({ limit, windowMs, burst }).windowMs)
  return {
    name: 'test',
    limit,
    windowMs,
    ttlMs: Math.max(windowMs, fillMs) + 30_000,
    burst,
    algorithm: 'fixed-window',
    ...overrides,
  }
}

const THREE = [limitOf(3)]

export function chargeOf(key: string, limits: readonly Limit[] = THREE, cost = 1, ban?: BanRule): Charge {
  return ban === undefined ? { key, limits, cost } : { key, limits, cost, ban }
}

/** The decision of a store that works, on a charge of {@link chargeOf}. */
export function allowedDecision(remaining = 2): Decision {
  return { allowed: true, retryAfterMs: 0, limits: [{ name: 'test', limit: 3, remaining, resetMs: 60_000 }] }
}

/** The rule that bans a client for `forMs` after so many refusals within `windowMs`. */
export function banRule(after: number, windowMs: number, forMs: number): BanRule {
  const refusals = limitOf(after, {
    name: 'refusals',
    windowMs,
    ttlMs: windowMs,
    algorithm: 'sliding-window',
  })
  return { refusals, forMs }
}
