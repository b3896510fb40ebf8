import type { IncomingMessage } from 'node:http'
import { type LimitState, tightestOf } from '../limits/decision.ts'
import type { RateLimitInfo } from '../response/rate-limit-info.ts'
import type { ShownDecision } from './request-context.ts'
import type { RequestProperty } from './request-property.ts'
import type { RequestRecord } from './request-record.ts'

/**
 * Puts the info on the request, unless a limiter before has put a tighter one there and this one allows the request.
 * Returns this limiter's own info in any case.
 */
export function attachInfo(
  req: IncomingMessage,
  record: RequestRecord,
  property: RequestProperty,
  shown: ShownDecision,
): RateLimitInfo {
  const { decision, isEnforced } = shown
  const own = tightestOf(decision.limits)
  const info = infoOf(own, shown)
  const isRefusal = isEnforced && !decision.allowed
  if (record.state.tightest(property.place, shown) === own || isRefusal) {
    property.set(req, record, info)
  }
  return info
}

function infoOf(
  { limit, remaining, resetMs }: LimitState,
  { policyCharge, decision, retryAfterMs, nowMs, unit }: ShownDecision,
): RateLimitInfo {
  return {
    unit,
    limit,
    used: limit - remaining,
    remaining,
    resetTime: new Date(nowMs + resetMs),
    key: policyCharge.clientKey,
    class: policyCharge.policy.class,
    plan: policyCharge.policy.plan,
    allowed: decision.allowed,
    banned: decision.ban !== undefined,
    retryAfterMs,
    limits: decision.limits,
  }
}
