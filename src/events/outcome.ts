import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import type { Decision, LimitState } from '../limits/decision.ts'
import type { Outcome } from './channels.ts'

/** How a limiter goes about refusals. */
export interface EnforcementMode {
  readonly mode: 'enforce' | 'shadow'
  readonly onStoreError: 'memory' | 'allow' | 'deny'
}

/** What became of a charge that a store was asked for. */
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

/** Whether 80 % or more of it is used. */
function isNear({ remaining, limit }: LimitState): boolean {
  return remaining * 5 <= limit
}
