import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import type { Decision, LimitState } from '../limits/decision.ts'

/**
 * What happened to a request, or to a charge without a request.
 *
 * - `allowed`: allowed, with more than a fifth of every limit left.
 * - `near`: allowed, and 80 % or more of at least one limit is used.
 * - `limited`: refused by a limit.
 * - `banned`: refused because the client is banned.
 * - `shadowed`: allowed by a limiter in shadow mode, which would refuse it in enforce mode.
 * - `denied`: refused because the client is on the `denyList`.
 * - `skipped`: not limited, because of `skip`, the `allowList` or a class without a limit.
 * - `uncounted`: allowed although the store failed, because of `onStoreError: 'allow'` or shadow mode.
 * - `unavailable`: refused because the store failed, with `onStoreError: 'deny'`.
 */
export type Outcome =
  | 'allowed'
  | 'near'
  | 'limited'
  | 'banned'
  | 'shadowed'
  | 'denied'
  | 'skipped'
  | 'uncounted'
  | 'unavailable'

/** The settings that decide whether a refusal is enforced. */
export interface EnforcementMode {
  readonly mode: 'enforce' | 'shadow'
  readonly onStoreError: 'memory' | 'allow' | 'deny'
}

/** The outcome of a charge for which a store was called. */
export function outcomeOf(
  answer: Decision | RateLimiterError,
  { mode, onStoreError }: EnforcementMode,
): Outcome {
  if (answer instanceof RateLimiterError) {
    return mode === 'enforce' && onStoreError === 'deny' ? 'unavailable' : 'uncounted'
  }
  if (answer.allowed) return answer.limits.some(isNear) ? 'near' : 'allowed'
  if (mode === 'shadow') return 'shadowed'
  return answer.ban === undefined ? 'limited' : 'banned'
}

/** Whether 80 % or more of the limit is used. In whole numbers, because a division could round. */
function isNear({ remaining, limit }: LimitState): boolean {
  return remaining * 5 <= limit
}
