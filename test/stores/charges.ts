import type { Decision } from '../../src/limits/decision.ts'
import type { Limit } from '../../src/limits/limit.ts'
import type { Charge } from '../../src/stores/store.ts'

/** A compiled limit of a minute. */
export function limitOf(limit: number, overrides: Partial<Limit> = {}): Limit {
  const windowMs = overrides.windowMs ?? 60_000
  return {
    name: 'test',
    limit,
    windowMs,
    ttlMs: windowMs + 30_000,
    burst: limit,
    algorithm: 'fixed-window',
    ...overrides,
  }
}

const THREE = [limitOf(3)]

export function chargeOf(key: string, limits: readonly Limit[] = THREE, cost = 1): Charge {
  return { key, limits, cost }
}

/** What a store in order answers to a charge of {@link chargeOf}. */
export function admitted(remaining = 2): Decision {
  return { allowed: true, retryAfterMs: 0, limits: [{ name: 'test', limit: 3, remaining, resetMs: 60_000 }] }
}
