import { showValue } from '../../errors/rate-limiter-error.ts'
import type { Decision, LimitState } from '../../limits/decision.ts'
import { LARGEST_LIMIT, type Limit } from '../../limits/limit.ts'
import type { Charge } from '../store.ts'

/**
 * What is wrong with the answer of a store, or undefined if it is a valid decision. An invalid decision
 * counts as a failure of the store: its numbers must not get into a header, and `undefined` must not allow a
 * request.
 */
export function invalidityOf(answer: unknown, charge: Charge): string | undefined {
  const decision = answer as Partial<Decision> | null | undefined
  if (typeof decision?.allowed !== 'boolean') return `answered ${showValue(answer)} instead of a decision`
  if (!isAmount(decision.retryAfterMs)) return `answered retryAfterMs ${showValue(decision.retryAfterMs)}`
  if (!Array.isArray(decision.limits) || decision.limits.length !== charge.limits.length) {
    return `answered ${showValue(decision.limits)} for ${charge.limits.length} limit(s)`
  }
  if (!isBan(decision.ban, decision.allowed)) return `answered the ban ${showValue(decision.ban)}`
  if (decision.repeatAfterMs !== undefined && !isAmount(decision.repeatAfterMs)) {
    return `answered repeatAfterMs ${showValue(decision.repeatAfterMs)}`
  }
  for (let index = 0; index < charge.limits.length; index++) {
    const limit = charge.limits[index]
    const state: unknown = decision.limits[index]
    if (!isStateOf(limit, state)) return `answered ${showValue(state)} for the limit '${limit?.name}'`
  }
  return undefined
}

/** Headers contain the name and the numbers of a state. A fraction, a debt or another name would be invalid there. */
function isStateOf(limit: Limit | undefined, answer: unknown): boolean {
  const state = answer as Partial<LimitState> | null | undefined
  return (
    state?.name === limit?.name &&
    isUnits(state?.limit) &&
    isUnits(state?.remaining) &&
    Number(state?.remaining) <= Number(state?.limit) &&
    isAmount(state?.resetMs)
  )
}

/** A banned client is never allowed. */
function isBan(ban: Decision['ban'], allowed: boolean): boolean {
  return ban === undefined || (!allowed && isAmount(ban?.endsInMs) && typeof ban.isNew === 'boolean')
}

function isUnits(value: unknown): boolean {
  return isAmount(value) && Number.isInteger(value) && Number(value) <= LARGEST_LIMIT
}

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER
}
