import type { IncomingMessage } from 'node:http'
import { tightestOf } from '../limits/decision.ts'
import type { RateLimitInfo } from '../response/rate-limit-info.ts'
import type { ShownDecision } from './request-context.ts'
import type { RequestProperty } from './request-property.ts'
import type { RequestRecord } from './request-record.ts'

/**
 * Puts the info on the request, unless a limiter before has put a tighter one there and this one allows the request.
 * Returns this limiter's own info in any case. It is made when it is first read.
 */
export function attachInfo(
  req: IncomingMessage,
  record: RequestRecord,
  property: RequestProperty,
  shown: ShownDecision,
): () => RateLimitInfo {
  const readInfo = (): RateLimitInfo => {
    shown.info ??= infoOf(shown)
    return shown.info
  }
  const isRefusal = shown.isEnforced && !shown.decision.allowed
  if (isRefusal || record.visitShownIn(property.place, shown) === shown) {
    property.set(req, record, readInfo)
  }
  return readInfo
}

function infoOf({ policyCharge, decision, retryAfterMs, nowMs, unit }: ShownDecision): RateLimitInfo {
  const { limit, remaining, resetMs } = tightestOf(decision.limits)
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
