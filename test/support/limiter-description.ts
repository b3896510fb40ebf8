import type { LimiterDescription } from '../../src/limits/limiter-description.ts'

/** The description of a limiter, for tests in which only its name matters. */
export function limiterDescriptionOf(name: string): LimiterDescription {
  const limits = [{ name: 'read', limit: 10, windowSec: 60, algorithm: 'fixed-window' }] as const
  return {
    name,
    mode: 'enforce',
    plans: [],
    read: limits,
    write: false,
    preflight: false,
    classifiedBy: 'method',
    canSkip: false,
    hasCosts: false,
    settles: false,
    headers: [],
    refusal: { status: 429, body: 'dynamic' },
  }
}
