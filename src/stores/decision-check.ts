import { showValue } from '../errors/rate-limiter-error.ts'
import type { Decision } from '../limits/decision.ts'
import type { Charge } from './store.ts'

/**
 * What is wrong with a store's answer, or undefined when it is a decision. A store that answers nonsense
 * has failed: its numbers must not reach a header, and `undefined` must not count as admission.
 */
export function flawOf(answer: unknown, charge: Charge): string | undefined {
  const decision = answer as Partial<Decision> | null | undefined
  if (typeof decision?.allowed !== 'boolean') return `answered no decision but ${showValue(answer)}`
  if (!isAmount(decision.retryAfterMs)) return `answered retryAfterMs ${showValue(decision.retryAfterMs)}`
  if (!Array.isArray(decision.limits) || decision.limits.length !== charge.limits.length) {
    return `answered ${showValue(decision.limits)} for ${charge.limits.length} limit(s)`
  }
  for (const { remaining, resetMs } of (decision as Decision).limits) {
    if (!isAmount(remaining) || !isAmount(resetMs)) {
      return `answered remaining ${showValue(remaining)}, resetMs ${showValue(resetMs)}`
    }
  }
  return undefined
}

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY
}
